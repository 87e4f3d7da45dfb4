// Reads where the values of a tensor come from: `values` and `expected` of a [[tensor]].
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/spec/spec_reader.h"
#include "core/text/nearest.h"

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
    {Rule::uniform, "uniform", 2, true, false}, {Rule::constant, "constant", 1, true, true},
    {Rule::iota, "iota", 2, true, true},        {Rule::formula, "formula", 0, true, true},
    {Rule::file, "file", 0, true, true},        {Rule::permutation, "permutation", 0, false, true},
    {Rule::sorted, "sorted", 0, false, true},
};

// Returns what a rule takes, and an example of it.
std::pair<const char*, const char*> example_of(const RuleName& rule) {
  if (rule.rule == Rule::file) return {"a name", "\"x.npy\""};
  if (rule.rule == Rule::formula) return {"an expression", "\"i % 7\""};
  return {"numbers", rule.count == 1 ? "1" : "[0, 1]"};
}

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

// Reads the number as an expression over the dims and `i`, or its dividend and its divisor.
void read_formula(const Scope& scope, const OpSpec& op, const TomlTable& table,
                  const TomlNode& node, bool are_integers, ValuesSpec& values) {
  Names names;
  for (const DimSpec& dim : op.dims) {
    if (dim.name == "i") {
      table.fail(node, "a dim is called 'i', which is the element's place here: rename the dim");
    }
    names.add(dim.name);
    values.formula_dims.emplace_back(dim.name, *scope.names.find(dim.name));
  }
  names.add("i");
  const bool is_list = node.kind == TomlNode::Kind::array;
  if (is_list && (node.items.size() != 2 || are_integers)) {
    table.fail(node, are_integers
                         ? "'formula' must be one expression, as in \"i % n\""
                         : "'formula' must be one expression, or a dividend and a divisor");
  }
  for (std::size_t k = 0; k < (is_list ? 2 : 1); ++k) {
    const TomlNode& item = is_list ? node.items[k] : node;
    if (item.kind != TomlNode::Kind::string) {
      table.fail(node, "'formula' must be an expression, as in \"i % n\"");
    }
    try {
      Expr::parse(item.string, names);
    } catch (const Error& fault) {
      table.fail(node, fault.what());
    }
    values.formula.push_back(item.string);
  }
}

void read_rule(const Scope& scope, const OpSpec& op, const TomlTable& table, const TomlNode& node,
               bool are_integers, const SourceTree& sources, ValuesSpec& values) {
  const bool is_word = node.kind == TomlNode::Kind::string;
  if (!is_word && (node.kind != TomlNode::Kind::table || node.items.size() != 1)) {
    table.fail(node,
               "'values' must be a word, as in values = \"sorted\", or a table with one "
               "member, as in values = {constant = 1}");
  }
  const RuleName& rule = rule_of(table, node, is_word ? node.string : node.items.front().key);
  values.rule = rule.rule;
  const bool is_given = rule.rule == Rule::file || rule.rule == Rule::formula;
  const bool takes_nothing = rule.count == 0 && !is_given;
  if (is_word != takes_nothing) {
    table.fail(node, takes_nothing
                         ? fmt::format("'{0}' takes nothing: write values = \"{0}\"", rule.name)
                         : fmt::format("'{0}' needs {1}: write values = {{{0} = {2}}}", rule.name,
                                       example_of(rule).first, example_of(rule).second));
  }
  if (!(are_integers ? rule.for_integers : rule.for_reals)) {
    table.fail(node,
               are_integers
                   ? "integers are uniform in their 'range': write that instead"
                   : fmt::format("'{}' is for integers, and the tensor stores others", rule.name));
  }
  if (rule.rule == Rule::file) {
    values.file = read_file(table, node.items.front(), sources);
  } else if (rule.rule == Rule::formula) {
    read_formula(scope, op, table, node.items.front(), are_integers, values);
  } else if (!is_word) {
    read_numbers(scope, table, node.items.front(), rule, are_integers, values);
  }
}

// Reads the name of a file, or {formula = ...}.
ValuesSpec read_expected(const Scope& scope, const OpSpec& op, const TomlTable& table,
                         const TomlNode& node, bool are_integers, const SourceTree& sources) {
  ValuesSpec values;
  const bool is_table = node.kind == TomlNode::Kind::table && node.items.size() == 1;
  if (is_table && node.items.front().key == "formula") {
    values.rule = Rule::formula;
    read_formula(scope, op, table, node.items.front(), are_integers, values);
  } else {
    values.rule = Rule::file;
    values.file = read_file(table, node, sources);
  }
  return values;
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
    read_rule(scope, op, table, *node, are_integers, sources, tensor.values);
    check_against_range(table, *node, tensor);
    if (const TomlNode* second = table.find("second")) {
      table.fail(*second, "'values' says already what the values are: remove 'second'");
    }
  }
  if (const TomlNode* node = table.find("expected")) {
    if (tensor.role == Role::in) table.fail(*node, "'expected' is for outputs: remove it");
    tensor.expected = read_expected(scope, op, table, *node, are_integers, sources);
  }
  tensor.is_compared = table.boolean("compared", true);
  if (table.find("compared") && tensor.role == Role::in) {
    table.fail(*table.find("compared"), "'compared' is for outputs: remove it");
  }
  if (!tensor.is_compared && tensor.expected) {
    table.fail(*table.find("compared"), "'expected' says what is right: remove one of them");
  }
}

void check_expected(const TomlTable& root, const OpSpec& op) {
  if (!op.has_expected()) return;
  if (root.find("reference")) {
    root.fail(*root.find("reference"),
              "'expected' says already what is right: remove it or the [reference]");
  }
  for (const TensorSpec& tensor : op.tensors) {
    if (tensor.role != Role::in && tensor.is_compared && !tensor.expected) {
      root.fail(fmt::format("tensor '{}' has no 'expected', and others have: give all outputs one",
                            tensor.name));
    }
    if (tensor.role != Role::out && !tensor.values.is_fixed()) {
      root.fail(
          fmt::format("tensor '{}' has random values, so that nothing can say what is "
                      "expected: add 'values' that are constant, iota, a formula or a file",
                      tensor.name));
    }
  }
}

}  // namespace tw
