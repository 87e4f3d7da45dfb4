#include "session/run/timings.h"

#include <algorithm>

namespace tw {

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::prepare:
      return "prepare";
    case Phase::oracle:
      return "oracle";
    case Phase::libraries:
      return "libraries";
    case Phase::search:
      return "search";
    case Phase::race:
      return "race";
    case Phase::counters:
      return "counters";
  }
  return "";
}

void Timings::begin(Phase phase) {
  end();
  before_ = jobs_.time_spent();
  phase_ = phase;
}

void Timings::end() {
  if (!phase_) return;
  const TimeSpent& now = jobs_.time_spent();
  auto at = std::find_if(phases_.begin(), phases_.end(),
                         [&](const PhaseTime& one) { return one.phase == *phase_; });
  if (at == phases_.end()) at = phases_.insert(at, {*phase_, {}});
  TimeSpent& spent = at->spent;
  spent.seconds += now.seconds - before_.seconds;
  spent.awaiting_measurers_s += now.awaiting_measurers_s - before_.awaiting_measurers_s;
  spent.awaiting_compilers_s += now.awaiting_compilers_s - before_.awaiting_compilers_s;
  spent.compiling_s += now.compiling_s - before_.compiling_s;
  spent.measuring_s += now.measuring_s - before_.measuring_s;
  phase_.reset();
}

}  // namespace tw
