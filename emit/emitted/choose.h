// Chooses the branch that runs a call. Emitted headers use this rule. The check before a header is
// written uses it too. Plain C++17.
#pragma once
#include <cstdint>

namespace tw::dispatch {

// How a branch was found: it won the problem, it won others and is expected to be the fastest, or
// it is a default.
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

// The score of a branch that may not run the call.
inline constexpr double no_score = 1e300;

// Sets the score of each branch that won a tuned problem of the call's form and choices: log2 of
// what is expected of its time, or of the objective by which the winners won, up to a constant. The
// others get no_score. The score is the branch's forecast, corrected by what was measured: the mean
// of the residuals of the tuned problems, weighted by 1 / distance^4. Near a tuned problem, the
// measured times alone decide.
template <class Table>
constexpr void score(const Table& table, double* scores) {
  const int branches = table.branches();
  for (int branch = 0; branch < branches; ++branch) scores[branch] = no_score;
  const auto& rows = table.rows();
  int index = 0;
  for (const auto& row : rows) {
    if (table.same_form(row.query)) scores[row.branch] = 0;
  }
  constexpr double near = 1e-4;  // so that an equal problem has a finite weight
  double total = 0;
  for (const auto& row : rows) {
    const int at = index++;
    if (!table.same_form(row.query)) continue;
    const double square = table.distance(at);
    const double weight = 1 / (square * square + near);
    total += weight;
    for (int branch = 0; branch < branches; ++branch) {
      scores[branch] += weight * table.residual(at, branch);
    }
  }
  for (int branch = 0; branch < branches; ++branch) {
    if (scores[branch] < no_score) {
      scores[branch] = scores[branch] / total + table.log_forecast(branch);
    }
  }
}

// Returns the tuned problem nearest to the call among those that the branch won.
template <class Table>
constexpr int nearest_row(const Table& table, int branch) {
  int nearest = -1, index = 0;
  double least = 0;
  for (const auto& row : table.rows()) {
    const int at = index++;
    if (row.branch != branch || !table.same_form(row.query)) continue;
    const double away = table.distance(at);
    if (nearest >= 0 && !(away < least)) continue;
    nearest = at;
    least = away;
  }
  return nearest;
}

// Returns the first of these branches that exists and can run the call:
// 1. The branch of the tuned problem that equals the call. The dims, choices, form and alignment
//    are equal, and each scalar has the same class (zero, one, other). The GPU has the tuned
//    compute capability and number of SMs.
// 2. The branch with the least score() that can run the call. The GPU has the tuned compute
//    capability.
// 3. The first default configuration with the same form and choices that can run the call.
// If there is none, the result has branch -1 and Match::none.
//
// `same_cc` and `same_sms` say whether the device has the tuned compute capability and the tuned
// number of SMs. `scores` has a number for each branch; its values do not matter. The table knows
// the call. Its functions are
//   rows(), fallbacks()       the tuned problems and the defaults, each with a branch and a query
//   branches()                the number of branches
//   same_form(query)          whether the call has the form and the choices of a query
//   same_dims(query)          likewise the dims
//   same_kind(query)          likewise the alignment and the classes of scalars
//   distance(row)             the sum over the dims of the squared difference of their octaves(),
//                             and 1 if same_kind() does not hold
//   residual(row, branch)     log2 of the branch's time on a tuned problem, less that of the
//                             problem's branch, less the same difference of the forecasts
//   log_forecast(branch)      log2 of the forecast of the call
//   serves(branch)            whether the branch can run the call
template <class Table>
constexpr Choice choose(const Table& table, bool same_cc, bool same_sms, double* scores) {
  int index = 0;
  for (const auto& row : table.rows()) {
    const bool equal = same_cc && same_sms && table.same_form(row.query) &&
                       table.same_dims(row.query) && table.same_kind(row.query);
    if (equal && table.serves(row.branch)) return {row.branch, index, Match::exact};
    ++index;
  }
  if (same_cc) score(table, scores);
  while (same_cc) {
    int best = -1;
    for (int branch = 0; branch < table.branches(); ++branch) {
      if (scores[branch] < (best < 0 ? no_score : scores[best])) best = branch;
    }
    if (best < 0) break;
    if (table.serves(best)) return {best, nearest_row(table, best), Match::nearest};
    scores[best] = no_score;
  }
  for (const auto& fallback : table.fallbacks()) {
    if (table.same_form(fallback.query) && table.serves(fallback.branch)) {
      return {fallback.branch, -1, Match::fallback};
    }
  }
  return {};
}

}  // namespace tw::dispatch
