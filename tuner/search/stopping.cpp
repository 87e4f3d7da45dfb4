#include "search/stopping.h"

#include <algorithm>
#include <cmath>

namespace tw {

std::string text_of(const Certificate& certificate) {
  if (certificate.confidence >= 1) return "the optimum: the whole space was evaluated";
  if (certificate.confidence < 0.5) return "";
  const auto percent = static_cast<int>(100 * certificate.confidence);
  const auto within = static_cast<int>(std::lround(100 * (certificate.ratio - 1)));
  return std::to_string(percent) + " % confident within " + std::to_string(within) +
         " % of the optimum";
}

void StoppingRule::tell(double time_ns) {
  ++evaluations_;
  if (!std::isfinite(time_ns)) return;
  if (gains_.empty() || time_ns < gains_.back().best_ns) gains_.push_back({evaluations_, time_ns});
}

double StoppingRule::least_evaluations() const { return std::sqrt(space_size_); }

Certificate StoppingRule::certificate() const {
  const auto done = static_cast<double>(evaluations_);
  if (done >= space_size_) return {.confidence = 1, .ratio = 1};
  if (gains_.empty()) return {.confidence = 0, .ratio = ratio};
  // The first gain that was as good as today's best, to within the ratio.
  const double good = gains_.back().best_ns * ratio;
  const auto first = std::find_if(gains_.begin(), gains_.end(),
                                  [&](const Gain& gain) { return gain.best_ns <= good; });
  const double since = std::max(static_cast<double>(first->evaluation), least_evaluations());
  const double later = since >= done ? 1 : std::pow(since / done, index);
  return {.confidence = 1 - later * (1 - done / space_size_), .ratio = ratio};
}

}  // namespace tw
