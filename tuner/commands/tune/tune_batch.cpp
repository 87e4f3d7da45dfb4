#include "commands/tune/tune_batch.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

#include "commands/tune/tune_lane.h"
#include "core/base/error.h"
#include "ui/interrupt.h"

namespace tw {
namespace {

// Runs a lane in a thread. Its fault ends the other lanes.
void run_beside_others(Batch& batch, const LaneWorker& worker) {
  try {
    Lane(batch, worker).run();
  } catch (...) {
    batch.queue.stop();
    const std::scoped_lock lock(batch.mutex);
    if (!batch.fault) batch.fault = std::current_exception();
  }
  worker.calibration.leave(worker.number);
}

// Tunes as many problems at the same time as there are workers.
void run_side_by_side(Batch& batch, const std::vector<std::unique_ptr<fleet::Fleet>>& workers) {
  std::vector<fleet::Fleet*> compared;
  for (const auto& worker : workers) compared.push_back(worker.get());
  CalibrationRounds calibration(compared, batch.options.calibrate_every,
                                std::chrono::steady_clock::now);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < workers.size(); ++i) {
    threads.emplace_back([&, i] {
      run_beside_others(batch, {.fleet = *workers[i], .calibration = calibration, .number = i});
    });
  }
  for (std::thread& thread : threads) thread.join();
  Progress progress = batch.progress.beside();
  for (const std::string& notice : calibration.rest()) progress.note(notice);
  if (batch.fault) std::rethrow_exception(batch.fault);
  if (batch.queue.has_left() && !interrupted()) {
    throw Error("all workers are lost: what was measured is stored: run the command again");
  }
}

}  // namespace

std::string key_of(const Asked& asked) {
  return asked.entry ? asked.problem.key(asked.entry->op) : "";
}

void tune_all(const Catalog& catalog, const TuneOptions& options,
              const std::vector<Asked>& problems, DeviceChooser& chooser, const EventLog& log,
              ListOutcome& outcome) {
  const auto open = [&](const Asked& asked) {
    return chooser.open(asked.entry ? asked.entry->op.name : "", key_of(asked), options.kernel);
  };
  std::vector<std::unique_ptr<fleet::Fleet>> workers;
  if (problems.size() > 1) {
    open(problems.front());
    workers = chooser.split_fleet(problems.size());
  }
  const std::size_t lanes = std::max<std::size_t>(1, workers.size());
  Batch batch{.catalog = catalog,
              .options = options,
              .problems = problems,
              .log = log,
              .outcome = outcome,
              .pace = ListPace(problems.size(), std::chrono::steady_clock::now, lanes),
              .queue = ProblemQueue(problems.size(), interrupted),
              .progress = Progress::on_stderr(options.measuring.detail),
              .defers = problems.size() > 1 || !options.measuring.fresh,
              .lost = std::vector<int>(problems.size())};
  if (workers.empty()) {
    Lane(batch, open).run();
  } else {
    run_side_by_side(batch, workers);
  }
}

}  // namespace tw
