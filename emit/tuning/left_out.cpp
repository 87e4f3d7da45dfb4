#include "emit/tuning/left_out.h"

#include <cstddef>
#include <utility>

#include "emit/tuning/choice.h"
#include "emit/tuning/residuals.h"

namespace tw {

std::vector<LeftOutChoice> choices_left_out(const Tuning& tuning) {
  std::vector<LeftOutChoice> choices;
  if (tuning.rows.empty()) return choices;
  Tuning others = tuning;  // all rows but that of the loop
  others.rows.erase(others.rows.begin());
  others.residuals.erase(others.residuals.begin());
  for (std::size_t i = 0; i < tuning.rows.size(); ++i) {
    if (i > 0) {
      others.rows[i - 1] = tuning.rows[i - 1];
      others.residuals[i - 1] = tuning.residuals[i - 1];
    }
    std::vector<std::vector<double>> kept = others.residuals;
    // The header forecasts if the kernels of all tuned problems have a model, and residuals are
    // what the forecasts do not say.
    if (has_forecasts(others) != has_forecasts(tuning)) others.residuals = residuals_of(others);
    const TunedRow& row = tuning.rows[i];
    const dispatch::Choice choice = choice_of(others, row.problem, others.device);
    others.residuals = std::move(kept);
    LeftOutChoice& one = choices.emplace_back(LeftOutChoice{choice.branch});
    if (choice.branch < 0) continue;
    one.slowdown =
        slowdown_of(tuning, row, tuning.branches[static_cast<std::size_t>(choice.branch)]);
  }
  return choices;
}

std::vector<std::optional<double>> slowdowns_left_out(const Tuning& tuning) {
  std::vector<std::optional<double>> slowdowns;
  for (const LeftOutChoice& one : choices_left_out(tuning)) slowdowns.push_back(one.slowdown);
  return slowdowns;
}

}  // namespace tw
