// The objective: what a search minimises.
#pragma once
#include <array>
#include <limits>
#include <optional>
#include <string_view>

#include "core/plan/measurement.h"

namespace tw {

enum class Objective { time, energy, time_energy };

inline constexpr std::array objectives{Objective::time, Objective::energy, Objective::time_energy};

// Their names in the database, in files and on the command line.
constexpr std::string_view name_of(Objective objective) {
  switch (objective) {
    case Objective::time:
      return "time";
    case Objective::energy:
      return "energy";
    case Objective::time_energy:
      return "time*energy";
  }
  return "";
}

constexpr std::optional<Objective> parse_objective(std::string_view text) {
  for (const Objective objective : objectives) {
    if (name_of(objective) == text) return objective;
  }
  return std::nullopt;
}

// Returns the value of the objective: the median in ns, the energy of a launch in mJ, or their
// product. Returns infinity if the outcome is not ok, or if the value was not measured.
inline double value_of(Objective objective, const Measurement& measurement) {
  const double time_ns = measurement.median_ns(), energy_mj = measurement.energy_mj;
  const double value = objective == Objective::time     ? time_ns
                       : objective == Objective::energy ? energy_mj
                                                        : time_ns * energy_mj;
  const bool is_known = measurement.outcome == Outcome::ok && value > 0;
  return is_known ? value : std::numeric_limits<double>::infinity();
}

}  // namespace tw
