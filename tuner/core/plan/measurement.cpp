// The names of outcomes in the database, the messages and the tables.
#include "core/plan/measurement.h"

#include <fmt/format.h>

#include <array>

#include "core/base/statistics.h"

namespace tw {
namespace {

// In the order of Outcome.
constexpr std::array<std::string_view, 7> outcome_names{
    "ok", "compile_failed", "launch_failed", "faulted", "wrong_result", "timed_out", "pruned"};

}  // namespace

std::string_view name_of(Outcome outcome) {
  return outcome_names.at(static_cast<std::size_t>(outcome));
}

std::optional<Outcome> parse_outcome(std::string_view text) {
  for (std::size_t i = 0; i < outcome_names.size(); ++i) {
    if (outcome_names[i] == text) return static_cast<Outcome>(i);
  }
  return std::nullopt;
}

double Measurement::median_ns() const { return median(samples_ns); }

void Measurement::reject_below(double floor_ns) {
  const double time_ns = median_ns();
  if (outcome != Outcome::ok || time_ns >= floor_ns) return;
  outcome = Outcome::wrong_result;
  note =
      fmt::format("{:.0f} ns is faster than the device's roofline of {:.0f} ns", time_ns, floor_ns);
  samples_ns.clear();
}

}  // namespace tw
