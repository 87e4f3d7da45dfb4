// Computes nodes: names, operators and numbers. See lists.cpp for lists.
#include <fmt/format.h>

#include <algorithm>

#include "core/python/evaluator.h"
#include "core/python/limits.h"
#include "core/text/nearest.h"

namespace tw::python {
namespace {

using Kind = Node::Kind;

}  // namespace

const char* name_of(const Value& value) {
  switch (value.kind) {
    case Value::Kind::number:
      return "a number";
    case Value::Kind::log2:
      return "a logarithm that is not always whole";
    case Value::Kind::text:
    case Value::Kind::parameter:
      return "a text";
    case Value::Kind::range:
      return "a range";
    case Value::Kind::none:
      return "None";
    default:
      return "a list";
  }
}

Value Value::of(Number number) {
  Value value;
  value.number = std::move(number);
  return value;
}

Value Value::of(std::string text) {
  Value value;
  value.kind = Kind::text;
  value.text = std::make_shared<const std::string>(std::move(text));
  return value;
}

void Evaluator::fail(const Node& node, std::string_view what) {
  place_.column = node.column;
  place_.fail(what);
}

Number Evaluator::number(const Value& value, const char* what) {
  if (value.kind == Value::Kind::number) return value.number;
  if (value.kind == Value::Kind::log2) {
    place_.fail(
        "math.log2 of what may be no power of two can be compared with whole numbers, or rounded "
        "by int, floor or ceil: write one of these");
  }
  place_.fail(fmt::format("{}: {} stands where a number is expected", what, name_of(value)));
}

Value Evaluator::value(const Node& node) {
  if (++steps_ > most_steps) fail(node, "this takes too long to compute: write shorter lists");
  place_.column = node.column;
  switch (node.kind) {
    case Kind::number:
      return Value::of({Term::of(node.value), Term::of(node.below),
                        node.is_real   ? is_float
                        : node.is_bool ? is_bool
                                       : is_int});
    case Kind::text:
      place_.make(node.word.size());
      return Value::of(node.word);
    case Kind::none: {
      Value none;
      none.kind = Value::Kind::none;
      return none;
    }
    case Kind::name:
      return name(node);
    case Kind::unary:
      return unary(node);
    case Kind::binary:
      return binary(node);
    case Kind::compare:
      return Value::truth(compare(node));
    case Kind::conditional:
      return conditional(node);
    case Kind::call:
      return call(node);
    case Kind::comprehension:
      return comprehension(node);
    case Kind::subscript:
      return subscript(node);
    default:
      return list(node);
  }
}

Term Evaluator::truth(const Node& node) {
  if (node.kind == Kind::unary && node.word == "not") {
    const Term operand = truth(node.children[0]);
    place_.column = node.column;
    return terms().opposite(operand);
  }
  const bool is_and = node.word == "and";
  if (node.kind == Kind::binary && (is_and || node.word == "or")) {
    const Term left = truth(node.children[0]);
    if (left.is_constant && left.is_true() != is_and) return left;  // as Python, skips the rest
    const Term right = truth(node.children[1]);
    place_.column = node.column;
    return is_and ? terms().both(left, right) : terms().either(left, right);
  }
  return truth_of(value(node));
}

Term Evaluator::truth_of(const Value& value) {
  switch (value.kind) {
    case Value::Kind::number:
      return numbers().holds(value.number);
    case Value::Kind::log2:
      return comparison(value, "!=", Value::of(Number{}));
    case Value::Kind::text:
      return Term::truth(!value.text->empty());
    case Value::Kind::parameter:
      return where(*value.parameter, [](const std::string& word) { return !word.empty(); });
    case Value::Kind::none:
      return Term::truth(false);
    default: {
      Term any = Term::truth(false);
      const auto each = items(value);
      for (const Item& item : *each) any = terms().either(any, item.condition);
      return any;
    }
  }
}

Value Evaluator::name(const Node& node) {
  const auto is_it = [&](const auto& variable) { return variable.first == node.word; };
  const auto variable = std::find_if(variables_.rbegin(), variables_.rend(), is_it);
  if (variable != variables_.rend()) return variable->second;
  for (const PythonParameter& parameter : parameters_) {
    if (parameter.name != node.word) continue;
    Value made;
    made.parameter = &parameter;
    if (!parameter.words.empty()) {
      made.kind = Value::Kind::parameter;
      return made;
    }
    const auto [least, most] =
        std::minmax_element(parameter.values.begin(), parameter.values.end());
    made.number.above = Term::whole(parameter.name, {*least, *most});
    made.number.above.is_power =
        std::all_of(parameter.values.begin(), parameter.values.end(),
                    [](std::int64_t value) { return Term::of(value).is_power; });
    made.number.below = Term::of(parameter.below);
    made.number.types = parameter.is_real ? is_float : parameter.is_bool ? is_bool : is_int;
    return made;
  }
  if (parameters_.empty() && variables_.empty()) {
    fail(node, fmt::format("the name '{}' has no value here: write its value", node.word));
  }
  std::vector<std::string> known;
  for (const PythonParameter& parameter : parameters_) known.push_back(parameter.name);
  for (const auto& [name, value] : variables_) known.push_back(name);
  fail(node, fmt::format("there is no parameter '{}'{}", node.word, suggestion(node.word, known)));
}

Value Evaluator::unary(const Node& node) {
  if (node.word == "not") return Value::truth(truth(node));
  const Value operand = value(node.children[0]);
  place_.column = node.column;
  const Number number = this->number(operand, node.word.c_str());
  if (node.word == "-") return Value::of(numbers().negated(number));
  if (node.word == "+") return Value::of(numbers().add(number, {}));
  return Value::of(Number::of(terms().inverted(numbers().whole(number, "~"))));
}

// The value of `and` and `or` is that of an operand.
Value Evaluator::binary(const Node& node) {
  const bool is_and = node.word == "and";
  if (!is_and && node.word != "or") {
    const Value left = value(node.children[0]), right = value(node.children[1]);
    place_.column = node.column;
    return arithmetic(node.word, left, right);
  }
  const Value left = value(node.children[0]);
  place_.column = node.column;
  const Term condition = truth_of(left);
  if (condition.is_constant) {
    return condition.is_true() == is_and ? value(node.children[1]) : left;
  }
  const Value right = value(node.children[1]);
  place_.column = node.column;
  const auto is_truth = [](const Value& value) {
    return value.kind == Value::Kind::number && value.number.types == is_bool;
  };
  if (is_truth(left) && is_truth(right)) {
    const Term other = truth_of(right);
    return Value::truth(is_and ? terms().both(condition, other) : terms().either(condition, other));
  }
  const Number a = number(left, node.word.c_str()), b = number(right, node.word.c_str());
  return Value::of(is_and ? numbers().selected(condition, b, a)
                          : numbers().selected(condition, a, b));
}

// Computes only the operand that is needed, if the condition is a constant.
Value Evaluator::conditional(const Node& node) {
  const Term condition = truth(node.children[0]);
  if (condition.is_constant) return value(node.children[condition.is_true() ? 1 : 2]);
  const Value yes = value(node.children[1]), no = value(node.children[2]);
  place_.column = node.column;
  const char* what = "if else";
  return Value::of(numbers().selected(condition, number(yes, what), number(no, what)));
}

Value Evaluator::arithmetic(const std::string& op, const Value& left, const Value& right) {
  if (op == "+" && left.is_list() && right.is_list()) return sum_of_lists(left, right);
  if (op == "*" && left.is_list()) return repeated(left, right);
  if (op == "*" && right.is_list()) return repeated(right, left);
  if (op == "+" && left.kind == Value::Kind::text && right.kind == Value::Kind::text) {
    place_.make(left.text->size() + right.text->size());
    return Value::of(*left.text + *right.text);
  }
  const Number a = number(left, op.c_str()), b = number(right, op.c_str());
  if (op == "+") return Value::of(numbers().add(a, b));
  if (op == "-") return Value::of(numbers().sub(a, b));
  if (op == "*") return Value::of(numbers().mul(a, b));
  if (op == "/") return Value::of(numbers().quotient(a, b));
  if (op == "//") return Value::of(numbers().floor_div(a, b));
  if (op == "%") return Value::of(numbers().floor_mod(a, b));
  if (op == "**") return Value::of(numbers().power(a, b));
  const Term x = numbers().whole(a, op), y = numbers().whole(b, op);
  if (op == "<<") return Value::of(Number::of(terms().shifted_left(x, y)));
  if (op == ">>") return Value::of(Number::of(terms().shifted_right(x, y)));
  const unsigned types = a.types == is_bool && b.types == is_bool ? is_bool : is_int;
  return Value::of(Number::of(terms().bits(op, x, y), types));
}

}  // namespace tw::python
