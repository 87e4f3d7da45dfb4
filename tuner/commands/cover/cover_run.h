// The run of `tune cover`: tunes shapes of ranges, and measures candidates on all of them.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "cover/points.h"
#include "cover/time_shares.h"
#include "db/store.h"
#include "emit/tuning/tuning.h"
#include "options/options.h"
#include "options/problem_options.h"
#include "session/setup/claims.h"
#include "session/setup/device_choice.h"
#include "session/setup/session_setup.h"
#include "ui/progress/notices.h"
#include "ui/progress/progress.h"

namespace tw {

struct CoverOptions {
  MeasuringOptions measuring;
  Budget budget;            // evaluations: of each shape; seconds: of the whole run
  std::size_t shapes = 24;  // to tune in each range
  std::size_t each = 2;     // finalists of each shape that are measured on all shapes
  std::string kernel, strategy, command;
};

// A range, and the shapes of it that may be tuned.
struct CoverRange {
  AskedRange asked;
  CoverPoints candidates;
};

// The measured part of one range.
struct Covered {
  std::vector<Winner> winners;  // of the tuned shapes
  std::size_t not_tuned = 0;    // shapes that are still to be tuned
  std::size_t missing = 0;      // pairs of a tuned shape and a candidate that are not measured
  LeftOutShapes left_out;       // shapes that cannot be tuned

  bool is_complete() const { return not_tuned == 0 && missing == 0; }
};

// A shape that was not tuned, and the times of what would run it.
struct HeldOut {
  std::string problem;
  std::string kernel, configuration;  // what a header chooses; empty: nothing serves the shape
  double chosen_ns = 0;               // 0: it does not work on the shape
  double best_ns = 0;                 // the fastest that was measured of any configuration
  double baseline_ns = 0;             // the fastest library; 0: unknown
};

struct HeldOutShapes {
  std::size_t asked = 0;  // of the command line
  std::size_t found = 0;  // fewer than asked if the range has no more
  std::vector<HeldOut> measured;

  bool is_complete() const { return measured.size() == found; }
};

class CoverRun {
 public:
  // `ranges`: how many ranges share the time.
  CoverRun(const Arguments& arguments, const Catalog& catalog, CoverOptions options,
           std::size_t ranges);

  // Covers the next range. What the database knows is not measured again.
  Covered cover(const CoverRange& range);
  // Draws `count` shapes of the range that the tuning does not know. If `measures`, measures on
  // them its configurations, and what its header would choose, until the range's time is over.
  HeldOutShapes hold_out(const AskedRange& range, const Tuning& tuning, std::size_t count,
                         bool measures);
  const Store& store() const { return store_; }

 private:
  // A range under way.
  struct Part {
    const OpEntry* entry = nullptr;
    std::vector<CoverPoint> points;
    LeftOutShapes left_out;
    std::vector<std::size_t> tuned{};  // indices of points
    std::vector<bool> known{};         // of each point, whether the database had a winner
    bool is_measured = false;          // the candidates of the first half are measured
  };
  std::size_t goal_of(const Part& part) const;
  void leave_out_too_large(Part& part, const DeviceInfo& info);
  void leave_out(Part& part, std::size_t point, const std::string& why);
  void find_known(Part& part);
  std::optional<std::size_t> choose_next(Part& part);
  ExpectedLoss expected_loss_of(const Part& part);
  bool tune_next(Part& part, ListPace& pace);
  // Tunes the shape. Returns why it cannot be tuned; empty if it has a winner now, or if the user
  // ended the search.
  std::string tune(const Part& part, std::size_t point);

  Filter winners_filter(const Part& part, const OpenDevice& opened) const;
  bool is_current(const Part& part, const Winner& winner, const Problem& problem,
                  const OpenDevice& opened) const;
  std::optional<Winner> winner_of(const Part& part, std::size_t point);
  std::vector<Winner> winners_of(const Part& part);

  OpenDevice open(const Asked& asked);
  // Returns nothing, and why, if the device cannot compute the problem.
  std::optional<Setup> try_set_up(const Asked& asked, const OpenDevice& opened, std::string& why);
  void say_notices(const Setup& setup);
  // Measures the candidates on one shape. Returns how many are still missing.
  std::size_t measure(const Part& part, std::size_t point,
                      const std::vector<Contender>& candidates);
  std::size_t measure_all(const Part& part);
  void race_if_faster(const SessionRequest& request, const Winner& winner, Device& device);
  HeldOut measure_held_out(const Asked& asked, const Tuning& tuning,
                           std::vector<Contender> configurations);

  const Catalog& catalog_;
  CoverOptions options_;
  DeviceChooser chooser_;
  Store store_;
  Claims claims_;
  Progress progress_;
  Notices notices_;
  TimeShares shares_;
};

}  // namespace tw
