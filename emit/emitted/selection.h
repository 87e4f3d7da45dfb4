// Finds the branch of a call in the tables of a header. `tune emit` writes these tables into
// dispatch/select.h. Plain C++17, so that it needs no CUDA compiler.
#pragma once
#include <cstdint>

#include "emit/emitted/choose.h"
#include "emit/emitted/limits.h"

namespace tw::dispatch {

// The properties of a call that decide which branch runs. Problem is the op's struct of the values
// that expressions read.
template <class Problem, int kScalars>
struct Query {
  Problem problem;
  int form = 0;                                  // the index of the type of arguments
  int scalar[kScalars > 0 ? kScalars : 1] = {};  // kind_of() of each scalar
};

// The texts of a branch.
struct BranchInfo {
  const char* kernel;
  const char* configuration;
  const char* passed_over;  // the reason, if the program lacks its code
};

// A tuned problem and the branch that won.
template <class Query>
struct Row {
  int branch;
  Query query;
  double median_ns;
  const char* text;
};

// A branch for problems that were not tuned.
template <class Query>
struct Fallback {
  int branch;
  Query query;  // only its form and choices count
};

// Some of the values of a problem: its dims, or its choices.
template <class Problem, std::int64_t Problem::*... kMembers>
struct Members {
  static constexpr bool same([[maybe_unused]] const Problem& a, [[maybe_unused]] const Problem& b) {
    return (... && (a.*kMembers == b.*kMembers));
  }
  // Returns 2 to the power of the sum over the members of |log2(a / b)|.
  static constexpr double distance([[maybe_unused]] const Problem& a,
                                   [[maybe_unused]] const Problem& b) {
    return (1.0 * ... * ratio(a.*kMembers, b.*kMembers));
  }
};

// Compares two calls, for choose(). Selector is described below.
template <class Selector>
struct Compare {
  using Query = typename Selector::Query;

  static constexpr bool same_form(const Query& a, const Query& b) {
    return a.form == b.form && Selector::Choices::same(a.problem, b.problem);
  }
  static constexpr bool same_dims(const Query& a, const Query& b) {
    return Selector::Dims::same(a.problem, b.problem);
  }
  static constexpr bool same_kind(const Query& a, const Query& b) {
    bool same = a.problem.align == b.problem.align;
    int at = 0;
    for (const int kind : a.scalar) same = same && kind == b.scalar[at++];
    return same;
  }
  static constexpr double distance(const Query& a, const Query& b) {
    return Selector::Dims::distance(a.problem, b.problem);
  }
};

// Returns the branch that runs a call. choose() defines the rule. Selector is the op's struct with
// these members:
//   Query                a Query of the op's problem
//   Dims, Choices        the Members that are dims, and those that are choices
//   rows(), fallbacks()  the tuned problems and the defaults, in order
//   branch_info(branch)  the texts of a branch
//   serves(branch, problem, device)
//                        whether a branch can run a problem on a device
//   tuned_cc, tuned_sms  the compute capability times ten and the number of SMs of the tuned GPU
//   nothing_serves()     the reason of a call that no branch serves
template <class Selector>
Choice choose_branch(const typename Selector::Query& query, const Device& device) {
  return choose<Compare<Selector>>(
      Selector::rows(), Selector::fallbacks(), query, device.gpu_cc == Selector::tuned_cc,
      device.sms == Selector::tuned_sms,
      [&](int branch) { return Selector::serves(branch, query.problem, device); });
}

// Returns the reason if another branch would run the call if the program held all code for the GPU,
// or if no branch serves the call. Otherwise returns an empty string.
template <class Selector>
const char* reason_of(const typename Selector::Query& query, const Device& device,
                      const Choice& choice) {
  const Choice with_all = choose_branch<Selector>(query, with_all_code(device));
  if (with_all.branch >= 0 && with_all.branch != choice.branch) {
    return Selector::branch_info(with_all.branch).passed_over;
  }
  return choice.branch < 0 ? Selector::nothing_serves() : "";
}

}  // namespace tw::dispatch
