#include "core/from_source/values_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <tuple>

#include "core/from_source/argument_text.h"
#include "core/from_source/number_literal.h"
#include "core/from_source/text_parts.h"
#include "core/text/nearest.h"
#include "core/text/toml_text.h"
#include "core/text/words.h"
#include "core/types/float_bits.h"

namespace tw {
namespace {

// A rule, and how many arguments it takes.
struct RuleText {
  const char* name;
  std::size_t least, most;
  const char* example;
};
constexpr RuleText rules[] = {
    {"uniform", 2, 2, "uniform(0, 2)"}, {"constant", 1, 1, "constant(1)"},
    {"iota", 0, 2, "iota(0, 1)"},       {"permutation", 0, 0, "permutation"},
    {"sorted", 2, 2, "sorted(0, n)"},   {"formula", 1, 2, "formula(i % 7)"},
};

const RuleText* rule_of(const std::string& name) {
  const auto at = std::find_if(std::begin(rules), std::end(rules),
                               [&](const RuleText& rule) { return name == rule.name; });
  return at == std::end(rules) ? nullptr : at;
}

bool is_file_name(const std::string& text) {
  std::error_code ignored;
  return text.find_first_of("./\\") != text.npos || std::filesystem::exists(text, ignored);
}

[[noreturn]] void fail_unknown(const SourceOption& option, const std::string& text) {
  std::vector<std::string> known, examples;
  for (const RuleText& rule : rules) {
    known.emplace_back(rule.name);
    examples.emplace_back(rule.example);
  }
  const std::string near = nearest(text.substr(0, text.find('(')), known);
  option.fail(fmt::format("'{}' is no rule, no number and no file: {}", text,
                          near.empty() ? fmt::format("write {}, a number, or the name of a file",
                                                     fmt::join(examples, ", "))
                                       : fmt::format("did you mean {}?", rule_of(near)->example)));
}

// Reads "uniform(0, 2)", "iota", "3" or "x.npy".
void read_rule(const SourceOption& option, const std::string& text, ValuesText& values) {
  const std::size_t open = text.find('(');
  const RuleText* rule = rule_of(std::string(trimmed(std::string_view(text).substr(0, open))));
  const bool is_call = open != text.npos && text.ends_with(')');
  if (rule && (is_call || open == text.npos)) {
    values.rule = rule->name;
    if (is_call) {
      values.arguments = split_outside(text.substr(open + 1, text.size() - open - 2), ',');
      if (values.arguments == std::vector<std::string>{""}) values.arguments.clear();
    }
    const std::size_t count = values.arguments.size();
    const bool has_empty =
        std::count(values.arguments.begin(), values.arguments.end(), std::string()) > 0;
    if (count >= rule->least && count <= rule->most && !has_empty) return;
    option.fail(fmt::format("write {} as in {}={}", rule->name, values.tensor, rule->example));
  }
  if (rule && !is_call) option.fail(fmt::format("a ) is missing at the end of '{}'", text));
  if (number_literal(text)) {
    values.rule = "constant";
    values.arguments = {text};
  } else if (is_file_name(text)) {
    values.rule = "file";
    values.arguments = {text};
  } else {
    fail_unknown(option, text);
  }
}

// Returns an argument as TOML has it: an expression of integers, or a number. Throws Error if the
// type cannot hold the number.
std::string number_toml(const SourceOption& option, const std::string& text, const CType& type) {
  if (is_integer(type.dtype)) {
    check_range(option, text, type);
    return toml_string(text);
  }
  const auto literal = number_literal(text);
  if (!literal) option.fail(fmt::format("'{}' is no number", text));
  const double integer = static_cast<double>(literal->integer);
  const double value = literal->is_real ? literal->real : literal->is_negative ? -integer : integer;
  if (std::isfinite(value) && std::fabs(value) > largest_of(type.dtype)) {
    option.fail(fmt::format("{} is larger than {} can be", text, name_of(type.dtype)));
  }
  return toml_real(value);
}

const GivenValues* find_values(const std::vector<GivenValues>& given, const std::string& flag,
                               const std::string& tensor) {
  const auto at = std::find_if(given.begin(), given.end(), [&](const GivenValues& one) {
    return one.option->flag == flag && one.values.tensor == tensor;
  });
  return at == given.end() ? nullptr : &*at;
}

// Expected results are those of known inputs, and all results are expected.
void check_expected(const SourceOption& option, const std::vector<GivenValues>& given,
                    const std::vector<const ArgumentText*>& tensors) {
  for (const ArgumentText* tensor : tensors) {
    if (tensor->role != "in" && !find_values(given, "expected", tensor->name)) {
      option.fail(fmt::format("'{0}' is written too: add --expected {0}={0}.npy", tensor->name));
    }
    if (tensor->role == "out") continue;
    const GivenValues* values = find_values(given, "values", tensor->name);
    const std::string rule = values ? values->values.rule : "uniform";
    if (rule != "uniform" && rule != "permutation" && rule != "sorted") continue;
    option.fail(
        fmt::format("'{0}' has random values, so that nothing can say what is expected: add "
                    "--values {0}={0}.npy, or one of {0}=1, {0}=iota and {0}=formula(i % 7)",
                    tensor->name));
  }
}

}  // namespace

ValuesText read_values_text(const SourceOption& option) {
  const bool is_expected = option.flag == "expected";
  ValuesText values;
  std::string text;
  std::tie(values.tensor, text) = named_value(option, is_expected ? "y=y.npy" : "x=uniform(0, 2)");
  if (text.empty()) option.fail("has no value: name a rule or a file, as in x=uniform(0, 2)");
  read_rule(option, text, values);
  if (!is_expected || values.rule == "file" || values.rule == "formula") return values;
  option.fail(
      fmt::format("expected values come from a file or a formula: write {0}={0}.npy, or "
                  "{0}=formula(3 * i)",
                  values.tensor));
}

std::vector<GivenValues> read_all_values(const SourceOptions& options,
                                         const std::vector<const ArgumentText*>& tensors) {
  std::vector<std::string> names;
  for (const ArgumentText* tensor : tensors) names.push_back(tensor->name);
  std::vector<GivenValues> given;
  for (const auto* list : {&options.values, &options.expected}) {
    for (const SourceOption& option : *list) {
      GivenValues one{&option, read_values_text(option)};
      const std::string& name = one.values.tensor;
      if (std::count(names.begin(), names.end(), name) == 0) {
        option.fail(fmt::format("the kernel has no tensor '{}'{}", name, suggestion(name, names)));
      }
      if (find_values(given, option.flag, name)) {
        option.fail(fmt::format("'{}' has --{} already: remove one of them", name, option.flag));
      }
      given.push_back(std::move(one));
    }
  }
  if (!options.expected.empty()) check_expected(options.expected.front(), given, tensors);
  return given;
}

std::string values_lines(const SourceOption& option, const ValuesText& values, const CType& type,
                         const std::string& file) {
  const bool is_integer_type = is_integer(type.dtype);
  std::vector<std::string> numbers;
  if (values.rule == "file") {
    numbers.push_back(toml_string(file));
  } else if (values.rule == "formula") {
    for (const std::string& text : values.arguments) numbers.push_back(toml_string(text));
  } else {
    CType of_number = type;
    for (const std::string& text : values.arguments) {
      numbers.push_back(number_toml(option, text, of_number));
      // A step may be negative where no value is.
      if (values.rule == "iota" && is_integer_type) of_number.dtype = DType::i64;
    }
  }
  if (values.rule == "iota" && numbers.size() < 2) {
    if (numbers.empty()) numbers.push_back(number_toml(option, "0", type));
    numbers.push_back(number_toml(option, "1", type));
  }
  if (values.rule == "sorted" || (values.rule == "uniform" && is_integer_type)) {
    return fmt::format("{}range = [{}]\n", values.rule == "sorted" ? "values = \"sorted\"\n" : "",
                       fmt::join(numbers, ", "));
  }
  if (values.rule == "permutation") return "values = \"permutation\"\n";
  const std::string list =
      numbers.size() == 1 ? numbers.front() : fmt::format("[{}]", fmt::join(numbers, ", "));
  if (option.flag == "expected" && values.rule == "file") return "expected = " + list + "\n";
  return fmt::format("{} = {{{} = {}}}\n", option.flag, values.rule, list);
}

}  // namespace tw
