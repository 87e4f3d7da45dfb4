// Lets a test change what a plan shares with other plans of its problem.
#pragma once
#include <memory>
#include <utility>

#include "core/plan/plan.h"

namespace tw::test {

// Gives the plan a copy of its problem's part, and returns the copy.
inline ProblemPlan& own_problem(Plan& plan) {
  auto copy = std::make_shared<ProblemPlan>(*plan.problem);
  ProblemPlan& own = *copy;
  plan.problem = std::move(copy);
  return own;
}

}  // namespace tw::test
