#include "capture/findings.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/problem/problem.h"

namespace tw::capture {
namespace {

template <class Elements>
std::int64_t calls_of(const Elements& elements) {
  std::int64_t sum = 0;
  for (const auto& element : elements) sum += element.calls;
  return sum;
}

}  // namespace

void Findings::add(std::string_view function, const CapturedCall& call) {
  if (const auto* unread = std::get_if<Unread>(&call)) return add_unread(function, unread->why);
  const auto& problem = std::get<CapturedProblem>(call);
  const std::string line = problem.line();
  if (const auto refusal = refusals_.find(line); refusal != refusals_.end()) {
    return add_unread(function, refusal->second);
  }
  auto key = keys_.find(line);
  if (key == keys_.end()) {
    try {
      const OpSpec& op = catalog_.at(problem.op).op;
      const Problem parsed =
          parse_problem(op, {.shape = problem.shape_text() +
                                      (problem.layout.empty() ? "" : ",layout=") + problem.layout,
                             .dtype = problem.dtype,
                             .math = problem.math,
                             .epilogue = problem.epilogue});
      key = keys_.emplace(line, parsed.key(op)).first;
      FoundProblem found{.problem = problem, .flops = flops_of(op, parsed, {})};
      problems_.emplace(key->second, std::move(found));
    } catch (const Error& error) {
      refusals_.emplace(line, error.what());
      return add_unread(function, error.what());
    }
  }
  FoundProblem& found = problems_.at(key->second);
  ++found.calls;
  ++found.functions[std::string(function)];
  latest_.insert_or_assign(std::string(function), key->second);
}

void Findings::take_back(std::string_view function, const std::string& why) {
  const auto latest = latest_.find(function);
  if (latest == latest_.end()) return;
  const auto found = problems_.find(latest->second);
  --found->second.calls;
  --found->second.functions[std::string(function)];
  latest_.erase(latest);
  add_unread(function, why);
}

void Findings::add_unread(std::string_view function, const std::string& why) {
  ++unread_[{std::string(function), why}];
}

std::vector<FoundProblem> Findings::problems() const {
  std::vector<FoundProblem> all;
  for (const auto& [key, problem] : problems_) {
    if (problem.calls > 0) all.push_back(problem);
  }
  std::stable_sort(all.begin(), all.end(), [](const FoundProblem& one, const FoundProblem& other) {
    return one.flops * static_cast<double>(one.calls) >
           other.flops * static_cast<double>(other.calls);
  });
  return all;
}

std::vector<UnreadCalls> Findings::unread() const {
  std::vector<UnreadCalls> all;
  for (const auto& [key, calls] : unread_) all.push_back({key.first, key.second, calls});
  std::stable_sort(all.begin(), all.end(), [](const UnreadCalls& one, const UnreadCalls& other) {
    return one.calls > other.calls;
  });
  return all;
}

std::int64_t Findings::problem_calls() const { return calls_of(problems()); }

std::int64_t Findings::unread_calls() const { return calls_of(unread()); }

}  // namespace tw::capture
