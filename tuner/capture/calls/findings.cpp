#include "capture/calls/findings.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/problem/problem.h"

namespace tw::capture {
namespace {

template <class Elements>
std::int64_t calls_of(const Elements& elements) {
  std::int64_t sum = 0;
  for (const auto& element : elements) sum += element.calls;
  return sum;
}

// Takes up to `most` calls of a function away, and returns how many there were.
std::int64_t take(FoundProblem& found, const std::string& function, std::int64_t most) {
  const auto calls = found.functions.find(function);
  if (calls == found.functions.end()) return 0;
  const std::int64_t taken = std::min(calls->second, most);
  found.calls -= taken;
  calls->second -= taken;
  if (calls->second == 0) found.functions.erase(calls);
  return taken;
}

}  // namespace

const Findings::ReadCall& Findings::read(const LibraryCall& call) {
  const auto [at, is_new] = read_.try_emplace(call);
  ReadCall& read = at->second;
  if (!is_new) return read;
  std::variant<CapturedProblem, Unread> found = problem_of(call, catalog_);
  if (const auto* unread = std::get_if<Unread>(&found)) {
    read.refusal = unread->why;
    return read;
  }
  auto& problem = std::get<CapturedProblem>(found);
  const OpSpec& op = problem.entry->op;
  read.key = problem.problem.key(op);
  const double flops = flops_of(op, problem.problem, {});
  problems_.try_emplace(read.key, FoundProblem{.problem = std::move(problem), .flops = flops});
  return read;
}

Findings::CountedCall Findings::count(std::string_view function, const CapturedCall& call) {
  CountedCall counted;
  if (const auto* unread = std::get_if<Unread>(&call)) {
    counted.why = unread->why;
  } else {
    const ReadCall& line = read(std::get<LibraryCall>(call));
    counted.key = line.key;
    counted.why = line.refusal;
  }
  if (counted.key.empty()) {
    ++unread_[{std::string(function), counted.why}];
  } else {
    FoundProblem& found = problems_.at(counted.key);
    ++found.calls;
    ++found.functions[std::string(function)];
  }
  return counted;
}

void Findings::take_back(std::string_view function, const CountedCall& call) {
  if (call.key.empty()) {
    const auto unread = unread_.find({std::string(function), call.why});
    if (--unread->second == 0) unread_.erase(unread);
  } else {
    take(problems_.at(call.key), std::string(function), 1);
  }
  if (!call.buffers.empty()) --outer_.at(call.buffers);
}

void Findings::add(std::string_view function, const CapturedCall& call,
                   const std::string& buffers) {
  const CountedCall counted = count(function, call);
  if (!counted.key.empty() && !buffers.empty()) ++inner_[buffers][counted.key];
}

void Findings::add_outer(std::string_view function, const CapturedCall& call,
                         const OuterCall& outer) {
  CountedCall counted = count(function, call);
  counted.buffers = outer.buffers;
  if (!outer.buffers.empty()) ++outer_[outer.buffers];
  open_.insert_or_assign({outer.caller, std::string(function)}, std::move(counted));
}

void Findings::end_outer(std::string_view function, std::string_view caller,
                         const std::string& why) {
  const auto call = open_.extract({std::string(caller), std::string(function)});
  if (call.empty() || why.empty()) return;
  take_back(function, call.mapped());
  ++unread_[{std::string(function), why}];
}

void Findings::add_sum(const LibraryCall& product, const LibraryCall& summed) {
  const std::string key = read(product).key, summed_key = read(summed).key;
  if (!key.empty() && !summed_key.empty()) ++sums_[{key, summed_key}];
}

void Findings::remove_inner(Problems& problems) const {
  for (const auto& [buffers, keys] : inner_) {
    const auto outer = outer_.find(buffers);
    std::int64_t left = outer == outer_.end() ? 0 : outer->second;
    for (const auto& [key, calls] : keys) {
      left -= take(problems.at(key), "cublasLtMatmul", std::min(left, calls));
    }
  }
}

void Findings::move_sums(Problems& problems) const {
  for (const auto& [keys, sums] : sums_) {
    FoundProblem& from = problems.at(keys.first);
    FoundProblem& to = problems.at(keys.second);
    std::int64_t left = sums;
    const auto functions = from.functions;
    for (const auto& [function, calls] : functions) {
      if (function.starts_with("cublasLt") || function.starts_with("cudnn") || left == 0) continue;
      const std::int64_t moved = take(from, function, left);
      left -= moved;
      to.calls += moved;
      to.functions[function] += moved;
    }
  }
}

std::vector<FoundProblem> Findings::problems() const {
  Problems settled = problems_;
  remove_inner(settled);
  move_sums(settled);
  std::vector<FoundProblem> all;
  for (auto& [key, problem] : settled) {
    if (problem.calls > 0) all.push_back(std::move(problem));
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
