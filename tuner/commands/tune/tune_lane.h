// A lane tunes problems of a command line, one after another. Several lanes run side by side, each
// with a worker and a thread of its own.
#pragma once
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "commands/tune/problem_queue.h"
#include "commands/tune/tune_batch.h"
#include "devices/fleet/fleet.h"
#include "session/result_report.h"
#include "session/setup/calibration_rounds.h"
#include "session/setup/claims.h"
#include "ui/progress/notices.h"
#include "ui/progress/progress.h"

namespace tw {

// The state that all workers of a command line share.
struct Batch {
  const Catalog& catalog;
  const TuneOptions& options;
  const std::vector<Asked>& problems;
  const EventLog& log;
  ListOutcome& outcome;
  ListPace pace;
  ProblemQueue queue;
  Progress progress;  // of the screen; each problem has its own beside it
  // problems that another process searches come later; false for one problem with --fresh
  bool defers = true;
  Notices notices{};  // of the database

  std::mutex mutex{};                        // of what follows and of `outcome`
  std::optional<std::int64_t> run_before{};  // the database's latest run before this command's
  std::set<std::string> searched{};          // keys of the problems that this command has searched
  std::vector<int> lost{};                   // workers that each problem cost
  std::exception_ptr fault{};                // the first one

  bool is_list() const { return problems.size() > 1; }
};

// Opens the device for a problem.
using DeviceOpener = std::function<OpenDevice(const Asked&)>;

// A worker that tunes problems beside others.
struct LaneWorker {
  fleet::Fleet& fleet;
  CalibrationRounds& calibration;
  std::size_t number;  // of those that the calibration compares

  bool is_lost() const { return fleet.size() == 0; }
};

// Tunes problems of the batch, one after another, on a device and over a connection to the database
// of its own.
class Lane {
 public:
  // The only lane.
  Lane(Batch& batch, DeviceOpener opener)
      : batch_(batch), opener_(std::move(opener)), log_(batch.log) {}
  // A lane beside others.
  Lane(Batch& batch, const LaneWorker& worker)
      : batch_(batch),
        opener_([&fleet = worker.fleet](const Asked&) {
          return OpenDevice{.device = &fleet, .recordings = {}, .why = {}};
        }),
        beside_(worker),
        worker_(worker.fleet.worker()),
        log_(batch.log.of_worker(worker_)) {}

  // Tunes problems until none is left. Throws Error for faults of the machine. If the worker is
  // lost, its problem is given back, and the lane ends.
  void run();

 private:
  using Turn = ProblemQueue::Turn;

  void tune_at(const Turn& turn, Progress& progress);
  std::optional<Report> tune_one(const Turn& turn, ListEntry& entry, bool& is_put_off,
                                 Progress& progress);
  Report prepared(const Asked& asked, const OpenDevice& opened) const;
  std::optional<Report> try_prepared(const Asked& asked, const OpenDevice& opened, ListEntry& entry,
                                     Progress& progress) const;
  void open_database();
  bool claim(const SessionRequest& request, const Turn& turn, bool& is_put_off, Progress& progress);
  void use_search_of_others(SessionRequest& request, Progress& progress) const;
  void say_notices(const Report& report, Progress& progress);
  ListEntry entry_of(const Turn& turn) const;
  void keep(const Turn& turn, const Report& report, ListEntry entry);
  void settle_lost(const Turn& turn, const std::string& reason, Progress& progress);
  void calibrate() const;

  Batch& batch_;
  DeviceOpener opener_;
  std::optional<LaneWorker> beside_{};  // other lanes
  std::string worker_{};                // its name; empty for the only lane
  EventLog log_;
  std::optional<Store> store_{};
  std::optional<Claims> claims_{};
};

}  // namespace tw
