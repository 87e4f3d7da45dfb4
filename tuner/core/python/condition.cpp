// What other files call: values, conditions and numbers of Python.
#include "core/python/evaluator.h"
#include "core/python/python.h"

namespace tw {

using python::Evaluator;
using python::Node;
using python::Number;
using python::Value;

namespace {

// Returns the number that the evaluator makes of the text, rounded towards zero.
std::string truncated(std::string_view text, Evaluator& evaluator) {
  const Node node = python::parse(text);
  const Number number = evaluator.number(evaluator.value(node), "this");
  python::Place place{text, node.column};
  return python::Numbers{place}.truncated(number).spelled();
}

}  // namespace

std::vector<PythonItem> python_items(std::string_view text) {
  const Node node = python::parse(text);
  Evaluator evaluator(text, {});
  std::vector<PythonItem> made;
  const auto each = evaluator.items(evaluator.value(node));
  for (const python::Item& item : *each) {
    PythonItem& one = made.emplace_back();
    if (item.value.kind == Value::Kind::text) {
      one.kind = PythonItem::Kind::text;
      one.text = *item.value.text;
      continue;
    }
    if (item.value.kind != Value::Kind::number) {
      evaluator.fail(node, "the values of a list are numbers, texts, True or False: write these");
    }
    const Number& number = item.value.number;
    one.value = number.above.range.least;
    one.below = number.below.range.least;
    one.is_bool = number.types == python::is_bool;
    one.is_real = number.types == python::is_float;
  }
  return made;
}

std::string condition_from(std::string_view text, std::span<const PythonParameter> parameters) {
  const Node node = python::parse(text);
  return Evaluator(text, parameters).truth(node).spelled();
}

std::string whole_number_from(std::string_view text, std::span<const PythonParameter> parameters) {
  Evaluator evaluator(text, parameters);
  return truncated(text, evaluator);
}

std::string size_from(std::string_view text, std::span<const PythonParameter> parameters,
                      std::span<const PythonConstant> constants) {
  Evaluator evaluator(text, parameters);
  evaluator.take_parameters_as_lists();
  for (const PythonConstant& constant : constants) evaluator.define(constant);
  return truncated(text, evaluator);
}

PythonFraction fraction_from(std::string_view text, std::span<const PythonParameter> parameters) {
  const Node node = python::parse(text);
  Evaluator evaluator(text, parameters);
  const Number number = evaluator.number(evaluator.value(node), "this");
  return {number.above.spelled(), number.below.spelled()};
}

}  // namespace tw
