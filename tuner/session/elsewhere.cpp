#include "session/elsewhere.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/base/error.h"

namespace tw {
namespace {

constexpr std::size_t enough = 16;  // evaluations needed to learn from
// if the difference is larger, a start without knowledge is as good
constexpr double most_different = 8;
constexpr double other_device = 2;

bool is_comparable(const Situation& there, const Situation& here) {
  return there.source == here.source ||
         (there.source == Source::imported && here.source == Source::measured);
}

// Returns how different the situation is; nothing if the difference is unknown.
std::optional<double> difference_of(const Situation& there, const SessionRequest& request) {
  const Situation& here = request.situation;
  const bool same_device =
      there.device_model == here.device_model && there.device_limits == here.device_limits;
  if (there.problem == here.problem) return same_device ? 0 : other_device;
  if (!request.catalog) return std::nullopt;
  const OpSpec& op = request.catalog->at(here.op).op;
  try {
    return difference(op, problem_from_key(op, there.problem), request.problem, same_device);
  } catch (const Error&) {
    return std::nullopt;  // stored by an earlier version of the op
  }
}

std::vector<Evaluation> evaluations_of(const Store& store, const Context& context,
                                       const SearchSpace& space, Objective objective) {
  std::vector<Evaluation> evaluations;
  for (const Trial& trial : store.known(context)) {
    const auto index = space.find_text(trial.configuration);
    // A pruned trial is slower than the best one there; it is not a failure.
    if (!index || trial.measurement.outcome == Outcome::pruned) continue;
    const double value = value_of(objective, trial.measurement);
    if (trial.measurement.outcome == Outcome::ok && !std::isfinite(value)) continue;
    evaluations.push_back({*index, value});
  }
  return evaluations;
}

}  // namespace

double difference(const OpSpec& op, const Problem& a, const Problem& b, bool same_device) {
  constexpr double type = 2, choice = 2, chain = 1, alignment = 1;
  double sum = same_device ? 0 : other_device;
  for (std::size_t i = 0; i < op.dims.size(); ++i) {
    if (!op.dims[i].is_axis()) continue;
    // Some dims, such as padding, may be zero.
    sum += std::abs(std::log2(static_cast<double>(a.dims[i] + 1)) -
                    std::log2(static_cast<double>(b.dims[i] + 1)));
  }
  for (std::size_t i = 0; i < op.choices.size(); ++i)
    sum += a.choices[i] != b.choices[i] ? choice : 0;
  sum += a.dtype != b.dtype ? type : 0;
  sum += a.math != b.math ? type : 0;
  sum += a.epilogue.structure() != b.epilogue.structure() ? chain : 0;
  sum += a.align != b.align ? alignment : 0;
  return sum;
}

std::optional<Elsewhere> known_elsewhere(const Store& store, const SessionRequest& request,
                                         const Competitor& competitor) {
  const Context here = request.context_of(competitor);
  std::multimap<double, Context> nearest;
  for (Context& there : store.contexts(here.situation.op, here.code.kernel)) {
    if (there == here || !is_comparable(there.situation, here.situation)) continue;
    const auto its = difference_of(there.situation, request);
    if (its && *its <= most_different) nearest.emplace(*its, std::move(there));
  }
  for (auto& [its, context] : nearest) {
    std::vector<Evaluation> evaluations =
        evaluations_of(store, context, competitor.space, request.objective);
    const auto worked =
        std::count_if(evaluations.begin(), evaluations.end(),
                      [](const Evaluation& one) { return std::isfinite(one.time_ns); });
    if (static_cast<std::size_t>(worked) < enough) continue;
    return Elsewhere{std::move(context), std::move(evaluations)};
  }
  return std::nullopt;
}

}  // namespace tw
