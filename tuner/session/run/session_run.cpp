#include "session/run/session_run.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "ui/format.h"

namespace tw {
namespace {

constexpr auto between_looks = std::chrono::milliseconds(100);
// for timers: a time that is below the roofline by a larger factor is impossible
constexpr double roof_slack = 1.02;

}  // namespace

double SessionRun::elapsed_s() const {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

SessionRun::Clock::time_point SessionRun::next_look() const { return Clock::now() + between_looks; }

double SessionRun::floor_ns() const { return request.roof_ns / roof_slack; }

void SessionRun::show(Status status) const {
  for (const std::string& notice : jobs.device().notices()) progress.note(notice);
  status.activity = jobs.device().activity();
  progress.update(status);
}

void SessionRun::show(Status status, const Trials& trials) const {
  if (const auto best = trials.best()) {
    status.best = trials.best_value();
    status.best_text = format_value(trials.objective(), trials.best_value());
    status.configuration = trials.configuration_of(*best);
  }
  status.outcomes = trials.outcomes();
  show(std::move(status));
}

void SessionRun::note_missed_work(const std::string& whose, const Measurement& measurement) const {
  if (!measurement.metrics.contains("unaccounted_ns")) return;
  progress.note(fmt::format("{}: {}", whose, measurement.note));
}

}  // namespace tw
