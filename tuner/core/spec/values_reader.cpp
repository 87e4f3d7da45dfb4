// Reads where the values of a tensor come from: `values` and `expected` of a [[tensor]].
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/base/nearest.h"
#include "core/spec/spec_reader.h"

namespace tw {
namespace {

using Rule = ValuesSpec::Rule;

// A rule, its name, and the numbers that it takes.
struct RuleName {
  Rule rule;
  const char* name;
  std::size_t count;
  bool for_reals, for_integers;
};
constexpr RuleName rule_names[] = {
    {Rule::uniform, "uniform", 2, true, false},
    {Rule::constant, "constant", 1, true, true},
    {Rule::iota, "iota", 2, true, true},
    {Rule::file, "file", 0, true, true},
    {Rule::permutation, "permutation", 0, false, true},
    {Rule::sorted, "sorted", 0, false, true},
};

const RuleName& rule_of(const TomlTable& table, const TomlNode& node, const std::string& name) {
  std::vector<std::string> known;
  for (const RuleName& one : rule_names) {
    if (one.name == name) return one;
    known.emplace_back(one.name);
  }
  table.fail(node, fmt::format("values '{}' are unknown{}", name, suggestion(name, known)));
}

double real_of(const TomlTable& table, const TomlNode& node) {
  const bool is_integer = node.kind == TomlNode::Kind::integer;
  if (!is_integer && node.kind != TomlNode::Kind::real) {
    table.fail(node, fmt::format("'{}' must be a number, not {}", node.key, name_of(node.kind)));
  }
  return is_integer ? static_cast<double>(node.integer) : node.real;
}

void read_numbers(const Scope& scope, const TomlTable& table, const TomlNode& node,
                  const RuleName& rule, bool are_integers, ValuesSpec& values) {
  const bool is_list = node.kind == TomlNode::Kind::array;
  const std::size_t count = is_list ? node.items.size() : 1;
  if (count != rule.count) {
    table.fail(node, fmt::format("'{}' needs {}", rule.name,
                                 rule.count == 1 ? "one number" : "two numbers"));
  }
  for (std::size_t i = 0; i < count; ++i) {
    TomlNode item = is_list ? node.items[i] : node;
    item.key = rule.name;
    if (!are_integers) {
      values.numbers.push_back(real_of(table, item));
      continue;
    }
    values.integers.push_back(scope.parse(table, item));
    for (const int slot : values.integers.back().reads()) {
      if (!scope.names.name(slot).starts_with("device.")) continue;
      table.fail(node, "inputs are the same on every device: read dims instead");
    }
  }
  if (rule.rule != Rule::uniform) return;
  const double low = values.numbers[0], high = values.numbers[1];
  if (!(std::isfinite(low) && std::isfinite(high) && low <= high)) {
    table.fail(node, "'uniform' must be the least and the largest value");
  }
}

ArrayFile read_file(const TomlTable& table, const TomlNode& node, const SourceTree& sources) {
  if (node.kind != TomlNode::Kind::string) table.fail(node, "a file must be given by its name");
  if (sources.folder().empty()) table.fail(node, "only an op in a folder of yours can name files");
  const std::filesystem::path path = sources.folder() / node.string;
  try {
    return describe_array(path.string());
  } catch (const Error& fault) {
    table.fail(node, fault.what());
  }
}

void read_rule(const Scope& scope, const TomlTable& table, const TomlNode& node, bool are_integers,
               const SourceTree& sources, ValuesSpec& values) {
  const bool is_word = node.kind == TomlNode::Kind::string;
  if (!is_word && (node.kind != TomlNode::Kind::table || node.items.size() != 1)) {
    table.fail(node,
               "'values' must be a word, as in values = \"sorted\", or a table with one "
               "member, as in values = {constant = 1}");
  }
  const RuleName& rule = rule_of(table, node, is_word ? node.string : node.items.front().key);
  values.rule = rule.rule;
  const bool takes_nothing = rule.count == 0 && rule.rule != Rule::file;
  if (is_word != takes_nothing) {
    table.fail(node, takes_nothing
                         ? fmt::format("'{0}' takes nothing: write values = \"{0}\"", rule.name)
                         : fmt::format("'{0}' needs {1}: write values = {{{0} = {2}}}", rule.name,
                                       rule.rule == Rule::file ? "a name" : "numbers",
                                       rule.rule == Rule::file ? "\"x.npy\""
                                       : rule.count == 1       ? "1"
                                                               : "[0, 1]"));
  }
  if (!(are_integers ? rule.for_integers : rule.for_reals)) {
    table.fail(node,
               are_integers
                   ? "integers are uniform in their 'range': write that instead"
                   : fmt::format("'{}' is for integers, and the tensor stores others", rule.name));
  }
  if (rule.rule == Rule::file) {
    values.file = read_file(table, node.items.front(), sources);
  } else if (!is_word) {
    read_numbers(scope, table, node.items.front(), rule, are_integers, values);
  }
}

void check_against_range(const TomlTable& table, const TomlNode& node, const TensorSpec& tensor) {
  if (tensor.values.rule == Rule::sorted) {
    if (tensor.range.empty()) {
      table.fail(node, "'sorted' needs the first and the last value: add range = [\"0\", \"n\"]");
    }
  } else if (!tensor.range.empty()) {
    table.fail(node, "'values' says already what the values are: remove 'range'");
  }
}

}  // namespace

void read_given_values(const Scope& scope, const TomlTable& table, const OpSpec& op,
                       const SourceTree& sources, TensorSpec& tensor) {
  const auto is_integer_for = [&](DType problem) { return is_integer(dtype_of(tensor, problem)); };
  const bool are_integers = std::all_of(op.dtypes.begin(), op.dtypes.end(), is_integer_for);
  const bool is_mixed =
      !are_integers && std::any_of(op.dtypes.begin(), op.dtypes.end(), is_integer_for);
  if (const TomlNode* node = table.find("values")) {
    if (tensor.role == Role::out) table.fail(*node, "'values' is for inputs: remove it");
    if (is_mixed) {
      table.fail(*node, "the tensor stores integers for one dtype and others for another");
    }
    read_rule(scope, table, *node, are_integers, sources, tensor.values);
    check_against_range(table, *node, tensor);
    if (const TomlNode* second = table.find("second")) {
      table.fail(*second, "'values' says already what the values are: remove 'second'");
    }
  }
  if (const TomlNode* node = table.find("expected")) {
    if (tensor.role == Role::in) table.fail(*node, "'expected' is for outputs: remove it");
    tensor.expected = read_file(table, *node, sources);
  }
}

void check_expected(const TomlTable& root, const OpSpec& op) {
  if (!op.has_expected_files()) return;
  if (root.find("reference")) {
    root.fail(*root.find("reference"),
              "'expected' says already what is right: remove it or the [reference]");
  }
  for (const TensorSpec& tensor : op.tensors) {
    if (tensor.role != Role::in && !tensor.expected) {
      root.fail(fmt::format("tensor '{}' has no 'expected', and others have: give all outputs one",
                            tensor.name));
    }
    if (tensor.role != Role::out && !tensor.values.is_fixed()) {
      root.fail(
          fmt::format("tensor '{}' has random values, so that no file can hold what is "
                      "expected: add 'values' that are constant, iota or a file",
                      tensor.name));
    }
  }
}

}  // namespace tw
