// The order in which branches are tried. Emitted headers use it, and so does the check before a
// header is written. Plain C++17.
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

// Returns the class of a scalar: only these classes distinguish tuned problems.
constexpr int kind_of(double scalar) { return scalar == 0 ? 0 : scalar == 1 ? 1 : 2; }

// Returns the larger number over the smaller one. Numbers below 1 count as 1.
constexpr double ratio(std::int64_t a, std::int64_t b) {
  const double x = a > 1 ? static_cast<double>(a) : 1, y = b > 1 ? static_cast<double>(b) : 1;
  return x > y ? x / y : y / x;
}

// 1. The tuned problem that equals the call: dims, choices, form, alignment, and each scalar by its
//    class (zero, one, other); on a GPU of the tuned compute capability and number of SMs.
// 2. The nearest tuned problem of the same form and choices whose branch serves, on a GPU of the
//    same compute capability. The distance is the sum over the dims of |log2(ratio)|. If several
//    are equally near, one of the same alignment and scalars comes first, then the earlier one.
// 3. The first default configuration that serves.
// `same_cc` and `same_sms` compare the device with the tuned one. Compare has same_form (with the
// choices), same_dims, same_kind (alignment and scalars) and distance of two queries. Rows and
// fallbacks have a branch and a query. serves(branch) tells whether a branch can run the call.
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
