// Chooses the branch that runs a call. Emitted headers use this rule. The check before a header is
// written uses it too. Plain C++17.
#pragma once
#include <cstdint>

namespace tw::dispatch {

// How a branch was found: tuned for the problem, tuned for the nearest problem, or a default.
enum class Match { exact, nearest, fallback, none };

// A chosen branch and how it was found.
struct Choice {
  int branch = -1;
  int row = -1;  // index of the tuned problem, if the match is exact or nearest
  Match match = Match::none;
};

// Returns the class of a scalar: 0 for zero, 1 for one, 2 for any other value. Tuned problems are
// distinguished by the classes of their scalars, not by the values.
constexpr int kind_of(double scalar) { return scalar == 0 ? 0 : scalar == 1 ? 1 : 2; }

// Returns the larger number divided by the smaller one. Numbers below 1 count as 1.
constexpr double ratio(std::int64_t a, std::int64_t b) {
  const double x = a > 1 ? static_cast<double>(a) : 1, y = b > 1 ? static_cast<double>(b) : 1;
  return x > y ? x / y : y / x;
}

// Returns the first of these branches that exists and can run the call:
// 1. The branch of the tuned problem that equals the call. The dims, choices, form and alignment
//    are equal, and each scalar has the same class (zero, one, other). The GPU has the tuned
//    compute capability and number of SMs.
// 2. The branch of the nearest tuned problem with the same form and choices, among those whose
//    branch can run the call. The GPU has the tuned compute capability. The distance is the sum
//    over the dims of |log2(ratio)|. Among equally near problems, one with the same alignment and
//    classes of scalars comes first, then the earlier one.
// 3. The first default configuration with the same form and choices that can run the call.
// If there is none, the result has branch -1 and Match::none.
//
// `same_cc` and `same_sms` say whether the device has the tuned compute capability and the tuned
// number of SMs. Compare has four functions of two queries: same_form (form and choices),
// same_dims, same_kind (alignment and classes of scalars) and distance. Each row and each fallback
// has a branch and a query. serves(branch) returns whether a branch can run the call.
template <class Compare, class Rows, class Fallbacks, class Query, class Serves>
Choice choose(const Rows& rows, const Fallbacks& fallbacks, const Query& query, bool same_cc,
              bool same_sms, const Serves& serves) {
  int index = 0;
  for (const auto& row : rows) {
    const bool equal = same_cc && same_sms && Compare::same_form(row.query, query) &&
                       Compare::same_dims(row.query, query) && Compare::same_kind(row.query, query);
    if (equal && serves(row.branch)) return {row.branch, index, Match::exact};
    ++index;
  }
  Choice nearest;
  double least = 0;
  bool of_same_kind = false;
  index = 0;
  for (const auto& row : rows) {
    const int at = index++;
    if (!same_cc || !Compare::same_form(row.query, query)) continue;
    const double away = Compare::distance(row.query, query);
    const bool is_same_kind = Compare::same_kind(row.query, query);
    const bool tie = !(away < least) && !(away > least) && is_same_kind && !of_same_kind;
    const bool nearer = nearest.branch < 0 || away < least || tie;
    if (!nearer || !serves(row.branch)) continue;
    nearest = {row.branch, at, Match::nearest};
    least = away;
    of_same_kind = is_same_kind;
  }
  if (nearest.branch >= 0) return nearest;
  for (const auto& fallback : fallbacks) {
    if (Compare::same_form(fallback.query, query) && serves(fallback.branch)) {
      return {fallback.branch, -1, Match::fallback};
    }
  }
  return {};
}

}  // namespace tw::dispatch
