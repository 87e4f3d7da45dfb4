#include "capture/calls/captured_problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"

namespace tw::capture {
namespace {

// A dim that no argument of a baseline names by itself, such as an extra row of the output, is one
// of 0 to 7. More than two such dims are not searched.
constexpr std::int64_t tried_values = 8;
constexpr std::size_t most_tried = 2;

constexpr std::string_view layout_name = "layout";  // the choice of the flag --layout

struct Bound {
  const OpEntry* entry = nullptr;
  const BaselineSpec* baseline = nullptr;
};

std::optional<Bound> bound_to(const LibraryCall& call, const Catalog& catalog) {
  for (const OpEntry& entry : catalog.ops()) {
    for (const BaselineSpec& one : entry.op.baselines) {
      if (one.library == call.library && one.call == call.call) return Bound{&entry, &one};
    }
  }
  return std::nullopt;
}

bool is_integer(const ArgSpec& arg) {
  return arg.kind == ArgSpec::Kind::int32 || arg.kind == ArgSpec::Kind::int64;
}

// Searches the problem of one call.
class Inverse {
 public:
  Inverse(const LibraryCall& call, const Bound& bound) : call_(call), bound_(bound) {}

  std::variant<CapturedProblem, Unread> find() {
    for (const auto& [word, value] : call_.words) {
      if (value != 0 && !bound_.baseline->args.contains(word)) return no_such(word, value);
    }
    add_known();
    try_choices(0, known_);
    if (!found_ && !unbound_.empty() && unbound_.size() <= most_tried) try_dims(0, known_);
    if (found_) return CapturedProblem{bound_.entry, std::move(*found_)};
    return Unread{why_};
  }

 private:
  const OpSpec& op() const { return bound_.entry->op; }

  Unread no_such(const std::string& word, std::int64_t value) const {
    return {fmt::format("op {} has no problem with {}={}", op().name, word, value)};
  }

  // Sets the dims and scalars that an argument of the baseline is by itself.
  void add_known() {
    for (const DimSpec& dim : op().dims) {
      bool is_named = false;
      for (const auto& [word, arg] : bound_.baseline->args) {
        if (!is_integer(arg) || arg.value.text() != dim.name) continue;
        is_named = true;
        const auto value = call_.words.find(word);
        if (value != call_.words.end()) known_ += fmt::format("{}={},", dim.name, value->second);
      }
      if (!is_named && dim.fallback) unbound_.push_back(dim.name);
    }
    for (const auto& [word, arg] : bound_.baseline->args) {
      const auto value = call_.scalars.find(word);
      if (arg.kind != ArgSpec::Kind::scalar || value == call_.scalars.end()) continue;
      known_ += fmt::format("{}={},", arg.name, value->second);
    }
  }

  void try_dims(std::size_t at, const std::string& shape) {
    if (at == unbound_.size()) return try_choices(0, shape);
    for (std::int64_t value = 0; value < tried_values && !found_; ++value) {
      try_dims(at + 1, shape + fmt::format("{}={},", unbound_[at], value));
    }
  }

  void try_choices(std::size_t at, const std::string& shape) {
    if (at == op().choices.size()) return try_shape(shape);
    for (const std::string& value : op().choices[at].values) {
      if (found_) return;
      try_choices(at + 1, shape + fmt::format("{}={},", op().choices[at].name, value));
    }
  }

  void try_shape(std::string shape) {
    if (shape.ends_with(',')) shape.pop_back();
    try {
      Problem problem = parse_problem(
          op(),
          {.shape = shape, .dtype = call_.dtype, .math = call_.math, .epilogue = call_.epilogue});
      const std::string difference = difference_of(problem);
      if (difference.empty()) {
        found_ = std::move(problem);
      } else if (why_.empty()) {
        why_ = difference;
      }
    } catch (const Error& error) {
      if (why_.empty()) why_ = error.what();
    }
  }

  // Returns why the baseline's arguments for the problem are not the call's; empty if they are.
  std::string difference_of(const Problem& problem) const {
    const std::vector<std::int64_t> slots = slots_of(op(), op().names, problem, {});
    for (const auto& [word, arg] : bound_.baseline->args) {
      const auto wanted = call_.words.find(word);
      if (!is_integer(arg) || wanted == call_.words.end()) continue;
      if (arg.value.evaluate(slots) != wanted->second) return no_such(word, wanted->second).why;
    }
    return "";
  }

  const LibraryCall& call_;
  const Bound bound_;
  std::string known_;                 // "m=1,n=2,"
  std::vector<std::string> unbound_;  // dims
  std::optional<Problem> found_;
  std::string why_;
};

}  // namespace

std::string CapturedProblem::shape_text() const {
  std::string text = problem.shape(entry->op), kept;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string part = text.substr(at, end - at);
    if (!part.starts_with(std::string(layout_name) + "=")) kept += (kept.empty() ? "" : ",") + part;
    at = end + 1;
  }
  return kept;
}

std::string CapturedProblem::line() const {
  const OpSpec& op = entry->op;
  std::string text = fmt::format("{} {}", op.name, shape_text());
  for (std::size_t i = 0; i < op.choices.size(); ++i) {
    const auto value = static_cast<std::size_t>(problem.choices[i]);
    if (op.choices[i].name != layout_name || value == 0) continue;
    text += fmt::format(" {}={}", layout_name, op.choices[i].values[value]);
  }
  text += fmt::format(" dtype={}", name_of(problem.dtype));
  if (problem.math != name_of(problem.dtype)) text += " math=" + problem.math;
  if (!problem.epilogue.steps.empty()) text += " epilogue=" + problem.epilogue.text();
  return text;
}

std::variant<CapturedProblem, Unread> problem_of(const LibraryCall& call, const Catalog& catalog) {
  const auto bound = bound_to(call, catalog);
  if (!bound)
    return Unread{fmt::format("no op has {}'s {} as its baseline", call.library, call.call)};
  return Inverse(call, *bound).find();
}

}  // namespace tw::capture
