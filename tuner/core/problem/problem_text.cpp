// Reads and writes problems as users write them (--shape) and as the database keys them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <map>

#include "core/base/error.h"
#include "core/problem/problem.h"
#include "core/text/nearest.h"
#include "core/text/toml_file.h"
#include "core/text/words.h"

namespace tw {
namespace {

using Values = std::map<std::string, std::string, std::less<>>;

// A scalar is a run-time argument: only these classes of values need another kernel or take another
// time.
std::string class_of(double scalar) {
  const auto value = static_cast<float>(scalar);  // as the kernels take it
  return value == 0 ? "0" : value == 1 ? "1" : "other";
}

std::vector<std::string> names_of(const OpSpec& op) {
  std::vector<std::string> names;
  for (const DimSpec& dim : op.dims) names.push_back(dim.name);
  for (const ChoiceSpec& choice : op.choices) names.push_back(choice.name);
  for (const ScalarSpec& scalar : op.scalars) names.push_back(scalar.name);
  return names;
}

void add_value(const OpSpec& op, const std::string& name, std::string value, Values& values) {
  const std::vector<std::string> known = names_of(op);
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    throw Error(fmt::format("op {} has no dim, choice or scalar '{}'{}", op.name, name,
                            suggestion(name, known)));
  }
  if (!values.emplace(name, std::move(value)).second) {
    throw Error(fmt::format("'{}' is given twice: remove one", name));
  }
}

// Reads "4096x4096x4096": the dims that have no default.
void add_positional(const OpSpec& op, const std::string& text, Values& values) {
  std::vector<std::string> wanted;
  for (const DimSpec& dim : op.dims) {
    if (!dim.fallback) wanted.push_back(dim.name);
  }
  const std::vector<std::string> given = split(text, 'x');
  if (given.size() != wanted.size()) {
    throw Error(fmt::format(
        "shape '{}' has {} of the {} dims of op {}: give {}, or name them as in "
        "{}=1",
        text, given.size(), wanted.size(), op.name, fmt::join(wanted, "x"), op.dims.front().name));
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) add_value(op, wanted[i], given[i], values);
}

Values values_of(const OpSpec& op, std::string_view shape) {
  Values values;
  std::string compact(shape);
  std::erase(compact, ' ');
  if (compact.empty()) return values;
  bool first = true;
  for (const std::string& part : split(compact, ',')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos && first && !part.empty()) {
      add_positional(op, part, values);
    } else if (equals == 0 || equals == std::string::npos) {
      throw Error(fmt::format("shape '{}': '{}' is not name=value", shape, part));
    } else {
      add_value(op, part.substr(0, equals), part.substr(equals + 1), values);
    }
    first = false;
  }
  return values;
}

std::string not_in_range(const OpSpec& op, const DimSpec& dim, std::string_view value) {
  return fmt::format("{}={}: dim {} of op {} must be from {} to {}", dim.name, value, dim.name,
                     op.name, dim.min, dim.max);
}

std::int64_t dim_from(const OpSpec& op, const DimSpec& dim, const std::string& text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, fault] = std::from_chars(text.data(), end, value);
  if (rest != end || text.empty() || fault == std::errc::invalid_argument) {
    throw Error(fmt::format("{}={}: '{}' is not a number", dim.name, text, text));
  }
  if (fault == std::errc::result_out_of_range || value < dim.min || value > dim.max) {
    throw Error(not_in_range(op, dim, text));
  }
  return value;
}

std::int64_t choice_from(const ChoiceSpec& choice, const std::string& text) {
  const auto at = std::find(choice.values.begin(), choice.values.end(), text);
  if (at == choice.values.end()) {
    throw Error(fmt::format("{}={}: {} is {}", choice.name, text, choice.name,
                            one_of(text, choice.values)));
  }
  return at - choice.values.begin();
}

double scalar_from(const std::string& name, const std::string& text) {
  float value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, fault] = std::from_chars(text.data(), end, value);
  if (fault != std::errc() || rest != end || !std::isfinite(value)) {
    throw Error(fmt::format("{}={}: '{}' is not a finite number", name, text, text));
  }
  double exact = 0;
  std::from_chars(text.data(), end, exact);
  return exact;
}

// Returns the value of dim i if the user does not give it. Returns nothing if the dim has no
// default, or if the default has no value for the other dims.
std::optional<std::int64_t> default_of(const OpSpec& op, std::size_t i, const Problem& problem) {
  if (!op.dims[i].fallback) return std::nullopt;
  return op.dims[i].fallback->evaluate(slots_of(op, op.names, problem, {}));
}

std::optional<Refusal> set_dims(const OpSpec& op, const ShapeValues& values, Problem& problem) {
  problem.dims.assign(op.dims.size(), 0);
  for (std::size_t i = 0; i < op.dims.size(); ++i) {
    const DimSpec& dim = op.dims[i];
    const std::optional<std::int64_t> given = values.dims[i];
    if (!given && !dim.fallback) {
      return Refusal{fmt::format("dim {} of op {} ({}) is missing: add {}=...", dim.name, op.name,
                                 dim.doc, dim.name)};
    }
    const std::optional<std::int64_t> value = given ? given : default_of(op, i, problem);
    if (value && *value >= dim.min && *value <= dim.max) {
      problem.dims[i] = *value;
      continue;
    }
    if (given) return Refusal{not_in_range(op, dim, fmt::format("{}", *given))};
    return Refusal{
        fmt::format("dim {} of op {}: its default \"{}\" is not from {} to {} for this "
                    "shape: give {}=...",
                    dim.name, op.name, dim.fallback->text(), dim.min, dim.max, dim.name)};
  }
  return std::nullopt;
}

std::optional<Refusal> check_epilogue(const OpSpec& op, const Problem& problem) {
  for (const EpilogueStep& step : problem.epilogue.steps) {
    const auto& allowed = step.word->reduces ? op.epilogue_reductions : op.epilogue_steps;
    if (std::find(allowed.begin(), allowed.end(), step.word->name) != allowed.end()) continue;
    return Refusal{fmt::format("op {} has no epilogue {} '{}'{}", op.name,
                               step.word->reduces ? "reduction" : "step", step.word->name,
                               suggestion(step.word->name, allowed))};
  }
  if (!problem.epilogue.reduced()) return std::nullopt;
  // The previous contents of the output have the shape of the result, which is already reduced.
  for (const TensorSpec& tensor : op.tensors) {
    for (std::size_t i = 0; i < op.scalars.size(); ++i) {
      const bool scales = tensor.role == Role::inout && op.scalars[i].name == tensor.scaled_by;
      if (!scales || problem.scalars[i] == 0) continue;
      return Refusal{
          fmt::format("{}={}: with the reduction {} there is no {} to add: leave {} at 0",
                      tensor.scaled_by, problem.scalars[i],
                      problem.epilogue.steps.back().word->name, tensor.name, tensor.scaled_by)};
    }
  }
  return std::nullopt;
}

std::optional<Refusal> check(const OpSpec& op, const Problem& problem) {
  if (auto refusal = check_epilogue(op, problem)) return refusal;
  const std::vector<std::int64_t> slots = slots_of(op, op.names, problem, {});
  for (const Constraint& constraint : op.require) {
    if (constraint.expr.holds(slots)) continue;
    return Refusal{fmt::format("op {} {}: it must hold that {}: {}", op.name, problem.shape(op),
                               constraint.reason, constraint.expr.text())};
  }
  for (const TensorSpec& tensor : op.tensors) {
    const auto layout = find_layout(tensor, slots);
    if (const auto* refusal = std::get_if<Refusal>(&layout)) return *refusal;
    const auto range = find_range(tensor, problem.dtype, slots);
    const auto values = find_values(tensor, problem.dtype, slots);
    const auto* refusal = std::get_if<Refusal>(&range);
    if (!refusal) refusal = std::get_if<Refusal>(&values);
    if (refusal) {
      return Refusal{fmt::format("op {} {}: {}: change the shape or the spec", op.name,
                                 problem.shape(op), refusal->reason)};
    }
  }
  return std::nullopt;
}

void set_dtype(const OpSpec& op, const std::string& dtype, const std::string& math,
               Problem& problem) {
  std::vector<std::string> known;
  for (const DType each : op.dtypes) known.emplace_back(name_of(each));
  if (std::find(known.begin(), known.end(), dtype) == known.end()) {
    throw Error(fmt::format("op {} has no dtype '{}'{}", op.name, dtype, suggestion(dtype, known)));
  }
  problem.dtype = *parse_dtype(dtype);
  problem.math = math.empty() ? dtype : math;
  const std::vector<std::string>& maths = op.maths.at(dtype);
  if (std::find(maths.begin(), maths.end(), problem.math) == maths.end()) {
    const std::string hint = did_you_mean(math, maths, "");
    throw Error(fmt::format("math '{}' is not there for op {} on {}: use {}{}{}", math, op.name,
                            dtype, fmt::join(maths, " or "), hint.empty() ? "" : "; ", hint));
  }
}

void set_align(const OpSpec& op, int align, Problem& problem) {
  const int least = least_align(op, problem.dtype);
  if (align > 16 || !std::has_single_bit(static_cast<unsigned>(std::max(align, 0))) ||
      align < least) {
    throw Error(
        fmt::format("align {}: use 2, 4, 8 or 16 bytes, at least the {} of {}", align, least,
                    least > size_of(problem.dtype) ? "these tensors" : name_of(problem.dtype)));
  }
  problem.align = align;
}

// Returns "m=4096,n=4096,layout=nt": the dims and choices that have no default or differ from it,
// and the dims that are in every key.
std::string dims_text(const OpSpec& op, const Problem& problem) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < op.dims.size(); ++i) {
    if (!op.dims[i].in_key && default_of(op, i, problem) == problem.dims[i]) continue;
    parts.push_back(fmt::format("{}={}", op.dims[i].name, problem.dims[i]));
  }
  for (std::size_t i = 0; i < op.choices.size(); ++i) {
    if (problem.choices[i] == 0) continue;
    const auto value = static_cast<std::size_t>(problem.choices[i]);
    parts.push_back(fmt::format("{}={}", op.choices[i].name, op.choices[i].values[value]));
  }
  return fmt::format("{}", fmt::join(parts, ","));
}

}  // namespace

ShapeValues parse_shape(const OpSpec& op, std::string_view shape) {
  const Values texts = values_of(op, shape);
  ShapeValues values;
  const auto text_of = [&](const std::string& name) {
    const auto given = texts.find(name);
    return given == texts.end() ? nullptr : &given->second;
  };
  for (const ChoiceSpec& choice : op.choices) {
    const std::string* text = text_of(choice.name);
    values.choices.push_back(text ? std::optional(choice_from(choice, *text)) : std::nullopt);
  }
  for (const ScalarSpec& scalar : op.scalars) {
    const std::string* text = text_of(scalar.name);
    values.scalars.push_back(text ? std::optional(scalar_from(scalar.name, *text)) : std::nullopt);
  }
  for (const DimSpec& dim : op.dims) {
    const std::string* text = text_of(dim.name);
    values.dims.push_back(text ? std::optional(dim_from(op, dim, *text)) : std::nullopt);
  }
  return values;
}

ShapeValues shape_values(const OpSpec& op, const Problem& problem) {
  ShapeValues values{.dims = std::vector<std::optional<std::int64_t>>(op.dims.size()),
                     .choices = {problem.choices.begin(), problem.choices.end()},
                     .scalars = {problem.scalars.begin(), problem.scalars.end()}};
  for (std::size_t i = 0; i < op.dims.size(); ++i) {
    if (default_of(op, i, problem) != problem.dims[i]) values.dims[i] = problem.dims[i];
  }
  return values;
}

std::optional<Refusal> set_shape(const OpSpec& op, const ShapeValues& values, Problem& problem) {
  problem.choices.clear();
  for (const auto& choice : values.choices) problem.choices.push_back(choice.value_or(0));
  problem.scalars.clear();
  for (std::size_t i = 0; i < op.scalars.size(); ++i) {
    problem.scalars.push_back(values.scalars[i].value_or(op.scalars[i].fallback));
  }
  if (auto refusal = set_dims(op, values, problem)) return refusal;
  return check(op, problem);
}

Problem parse_problem(const OpSpec& op, const ProblemText& text) {
  Problem problem;
  problem.op = op.name;
  set_dtype(op, text.dtype, text.math, problem);
  set_align(op, text.align, problem);
  const ShapeValues values = parse_shape(op, text.shape);
  problem.epilogue = Epilogue::parse(text.epilogue);
  if (const auto refusal = set_shape(op, values, problem)) throw Error(refusal->reason);
  return problem;
}

std::string Problem::key(const OpSpec& spec) const {
  std::vector<std::string> scalar_parts;
  for (std::size_t i = 0; i < spec.scalars.size(); ++i) {
    const std::string scalar_class = class_of(scalars[i]);
    if (scalar_class == class_of(spec.scalars[i].fallback)) continue;
    scalar_parts.push_back(fmt::format("{}={}", spec.scalars[i].name, scalar_class));
  }
  std::string text = fmt::format("{} {}", op, name_of(dtype));
  const auto add = [&](const std::string& part) {
    if (!part.empty()) text += " " + part;
  };
  if (math != name_of(dtype)) add("math=" + math);
  add(dims_text(spec, *this));
  add(fmt::format("{}", fmt::join(scalar_parts, ",")));
  if (!epilogue.steps.empty()) add("epilogue=" + epilogue.structure());
  if (align != 16) add(fmt::format("align={}", align));
  return text;
}

std::string Problem::shape(const OpSpec& spec) const {
  std::string text = dims_text(spec, *this);
  for (std::size_t i = 0; i < spec.scalars.size(); ++i) {
    if (scalars[i] == spec.scalars[i].fallback) continue;
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", spec.scalars[i].name, scalars[i]);
  }
  return text;
}

Problem problem_from_key(const OpSpec& op, std::string_view key) {
  const std::vector<std::string> words = split(key, ' ');
  if (words.size() < 2 || words[0] != op.name) {
    throw Error(fmt::format("problem '{}' is not one of op {}: write \"{} f32 ...\"", key, op.name,
                            op.name));
  }
  ProblemText text;
  text.dtype = words[1];
  std::string structure;
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::string& word = words[i];
    const std::string value = word.substr(std::min(word.find('=') + 1, word.size()));
    if (word.starts_with("math=")) {
      text.math = value;
    } else if (word.starts_with("epilogue=")) {
      structure = value;
    } else if (word.starts_with("align=")) {
      text.align = value.size() == 1 ? value[0] - '0' : value == "16" ? 16 : 0;
    } else {
      text.shape += (text.shape.empty() ? "" : ",") + word;
    }
  }
  // A scalar that is neither zero nor one stands for all such values.
  for (const ScalarSpec& scalar : op.scalars) {
    const std::string other = scalar.name + "=other";
    const std::size_t at = text.shape.find(other);
    if (at != std::string::npos) text.shape.replace(at, other.size(), scalar.name + "=0.5");
  }
  text.epilogue = Epilogue::from_structure(structure).text();
  return parse_problem(op, text);
}

}  // namespace tw
