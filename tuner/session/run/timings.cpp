#include "session/run/timings.h"

namespace tw {

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::prepare:
      return "prepare";
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
  phases_.push_back(
      {*phase_,
       {.seconds = now.seconds - before_.seconds,
        .awaiting_measurers_s = now.awaiting_measurers_s - before_.awaiting_measurers_s,
        .awaiting_compilers_s = now.awaiting_compilers_s - before_.awaiting_compilers_s,
        .compiling_s = now.compiling_s - before_.compiling_s,
        .measuring_s = now.measuring_s - before_.measuring_s}});
  phase_.reset();
}

}  // namespace tw
