#include "emit/tuning/residuals.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "emit/tuning/forecast.h"

namespace tw {
namespace {

// The slowdown, as log2, of a branch that was not measured on a tuned problem. It is a guess: a
// search measures the configurations that promise to win, so the others are probably slower.
constexpr double unmeasured = 0.138;               // 10 %, beyond what the forecast says
constexpr double unmeasured_without_model = 0.32;  // 25 %

// Four digits are enough, and make a header that can be read.
double rounded(double value) { return std::round(value * 1e4) / 1e4; }

}  // namespace

std::optional<double> slowdown_of(const Tuning& tuning, const TunedRow& row, const Branch& branch) {
  const auto& all = tuning.request->slowdowns;
  const auto problem = all.find(row.winner.trial.context.situation.problem);
  if (problem == all.end()) return std::nullopt;
  const auto found = problem->second.find(fmt::format(
      "{}: {}", branch.kernel->name, text_of(branch.kernel->knobs, branch.configuration)));
  if (found == problem->second.end()) return std::nullopt;
  return found->second;
}

bool has_forecasts(const Tuning& tuning) {
  if (tuning.request->objective != Objective::time) return false;
  return std::all_of(tuning.rows.begin(), tuning.rows.end(), [&](const TunedRow& row) {
    return tuning.branches[static_cast<std::size_t>(row.branch)].kernel->model.has_value();
  });
}

double forecast_of(const Tuning& tuning, const Branch& branch, const Problem& problem,
                   const DeviceInfo& device) {
  if (!has_forecasts(tuning) || !branch.kernel->model) return 1;
  return forecast_of(tuning.op(), *branch.kernel, problem, device,
                     rates_of(tuning.request->device, problem.math), branch.configuration);
}

std::vector<std::vector<double>> residuals_of(const Tuning& tuning) {
  const double surcharge = has_forecasts(tuning) ? unmeasured : unmeasured_without_model;
  std::vector<std::vector<double>> residuals;
  for (const TunedRow& row : tuning.rows) {
    std::vector<double>& its = residuals.emplace_back();
    const auto log_forecast = [&](const Branch& branch) {
      return dispatch::log2_of(forecast_of(tuning, branch, row.problem, tuning.device));
    };
    const Branch& winner = tuning.branches[static_cast<std::size_t>(row.branch)];
    const double won = slowdown_of(tuning, row, winner).value_or(1);
    const double won_log = log_forecast(winner);
    for (std::size_t i = 0; i < tuning.branches.size(); ++i) {
      const double forecast = log_forecast(tuning.branches[i]) - won_log;
      const std::optional<double> slowdown = slowdown_of(tuning, row, tuning.branches[i]);
      const bool is_winner = static_cast<int>(i) == row.branch;
      const double measured = is_winner  ? 0
                              : slowdown ? std::log2(*slowdown / won)
                                         : std::max(forecast, 0.0) + surcharge;
      its.push_back(rounded(measured - forecast));
    }
  }
  return residuals;
}

}  // namespace tw
