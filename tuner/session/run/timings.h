// The time of a session, by its phases.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "devices/job_runner.h"

namespace tw {

// The parts of a session. `prepare` opens the device and enumerates the spaces; `oracle` finds the
// configuration with whose results all are compared, for an op without a reference.
enum class Phase { prepare, oracle, libraries, search, race, counters };
std::string_view name_of(Phase phase);

struct PhaseTime {
  Phase phase = Phase::prepare;
  TimeSpent spent;
};

// Splits a session's time into phases, each with what the device did meanwhile.
class Timings {
 public:
  explicit Timings(JobRunner& jobs) : jobs_(jobs), before_(jobs.time_spent()) {}

  // Ends the phase that is under way, and begins this one. Time outside of phases is not kept.
  void begin(Phase phase);
  void end();
  // Returns the phases that have ended, each once, in the order in which they began.
  const std::vector<PhaseTime>& phases() const { return phases_; }

 private:
  JobRunner& jobs_;
  TimeSpent before_;  // the phase that is under way
  std::optional<Phase> phase_{};
  std::vector<PhaseTime> phases_{};
};

}  // namespace tw
