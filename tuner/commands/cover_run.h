// The run of `tune cover`: tunes shapes of ranges, and measures candidates on all of them.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "cover/points.h"
#include "db/store.h"
#include "emit/tuning/tuning.h"
#include "options/options.h"
#include "options/problem_options.h"
#include "session/run/session_result.h"
#include "session/setup/claims.h"
#include "session/setup/device_choice.h"
#include "session/setup/session_setup.h"
#include "ui/progress/progress.h"

namespace tw {

struct CoverOptions {
  MeasuringOptions measuring;
  Budget budget;            // evaluations: of each shape; seconds: of the whole run
  std::size_t shapes = 24;  // to tune in each range
  std::size_t each = 2;     // finalists of each shape that are measured on all shapes
  std::string kernel, strategy, command;
};

// The measured part of one range.
struct Covered {
  std::string range;            // as the user wrote it
  std::vector<Winner> winners;  // of the tuned shapes
  std::size_t missing = 0;      // pairs of a shape and a candidate that are not measured
};

// A shape that was not tuned, and the times of what would run it.
struct HeldOut {
  std::string problem, kernel, configuration;  // what a header chooses
  double chosen_ns = 0;                        // 0: not measured, or nothing serves the shape
  double best_ns = 0;                          // the fastest that was measured of any configuration
  double baseline_ns = 0;                      // the fastest library; 0: unknown
};

class CoverRun {
 public:
  CoverRun(const Arguments& arguments, const Catalog& catalog, CoverOptions options);

  // Covers one range. What the database knows is not measured again.
  Covered cover(const AskedRange& range);
  // Measures the portfolio on `count` drawn shapes. Returns what the header of the tuning chooses.
  std::vector<HeldOut> hold_out(const AskedRange& range, const Tuning& tuning, std::size_t count);
  const Store& store() const { return store_; }

 private:
  // A range under way.
  struct Part {
    const OpEntry* entry = nullptr;
    std::vector<CoverPoint> points;
    std::vector<std::size_t> tuned;  // indices of points
  };
  // Returns what the last tuned shapes lose, and the forecasts, for the choice of the next one.
  std::function<double(std::size_t)> expected_loss(const Part& part);
  bool is_current(const Part& part, const Trial& trial, const Problem& problem) const;
  std::optional<Winner> winner_of(const Part& part, std::size_t point);
  std::vector<Winner> winners_of(const Part& part);
  Setup set_up_at(const CoverPoint& point, const OpenDevice& opened);
  OpenDevice open(const CoverPoint& point);
  bool tune(const Part& part, std::size_t point);
  // Measures the candidates on one shape. Returns how many are still missing.
  std::size_t measure(const Part& part, std::size_t point,
                      const std::vector<Contender>& candidates);
  HeldOut measure_held_out(const Asked& asked, const Tuning& tuning,
                           const std::vector<Contender>& portfolio);
  void race_if_faster(const SessionRequest& request, const SessionResult& result,
                      const Winner& winner, Device& device);
  std::size_t measure_all(const Part& part);
  double elapsed_s() const;
  bool is_over(double share) const;

  const Catalog& catalog_;
  CoverOptions options_;
  DeviceChooser chooser_;
  Store store_;
  Claims claims_;
  Progress progress_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace tw
