// Computes nodes: names, operators, lists and comprehensions.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/nearest.h"
#include "core/python/evaluator.h"
#include "core/python/limits.h"

namespace tw::python {
namespace {

using Kind = Node::Kind;

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

}  // namespace

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

// Counts items that are made.
void Evaluator::take(std::size_t items) {
  items_ += items;
  if (items > most_items) {
    place_.fail(fmt::format("a list has more than {} values: write fewer", most_items));
  }
  if (items_ > most_items_of_all) place_.fail("lists have too many values in all: write fewer");
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

Value Evaluator::list_of(Items items, Value::Kind kind) {
  take(items.size());
  Value list;
  list.kind = kind;
  list.items = std::make_shared<const Items>(std::move(items));
  return list;
}

Value Evaluator::list(const Node& node) {
  Items made;
  made.reserve(node.children.size());
  for (const Node& child : node.children) made.push_back({.value = value(child)});
  place_.column = node.column;
  return list_of(std::move(made), node.is_set                ? Value::Kind::set
                                  : node.kind == Kind::tuple ? Value::Kind::tuple
                                                             : Value::Kind::list);
}

Value Evaluator::sum_of_lists(const Value& left, const Value& right) {
  if (left.kind != right.kind || left.kind == Value::Kind::set) {
    place_.fail("+: a list and a tuple or set: write both in [ ]");
  }
  take(left.items->size() + right.items->size());
  Items both = *left.items;
  both.insert(both.end(), right.items->begin(), right.items->end());
  return list_of(std::move(both), left.kind);
}

Value Evaluator::repeated(const Value& list, const Value& times) {
  const Number number = this->number(times, "*");
  if (list.kind == Value::Kind::set || !number.is_constant() || (number.types & is_float)) {
    place_.fail("*: a list is repeated by a whole number only: write one");
  }
  const std::int64_t count = std::max<std::int64_t>(number.above.range.least, 0);
  if (list.items->empty() || count == 0) return list_of({}, list.kind);
  if (count > static_cast<std::int64_t>(most_items)) take(most_items + 1);
  take(list.items->size() * static_cast<std::size_t>(count));
  Items all;
  for (std::int64_t i = 0; i < count; ++i) {
    all.insert(all.end(), list.items->begin(), list.items->end());
  }
  return list_of(std::move(all), list.kind);
}

std::shared_ptr<const Items> Evaluator::items(const Value& list) {
  if (list.is_list()) return list.items;
  if (list.kind == Value::Kind::range) {
    return std::make_shared<const Items>(items_of_range(list));
  }
  if (parameters_are_lists_ && list.kind == Value::Kind::number && list.parameter) {
    return std::make_shared<const Items>(values_of(*list.parameter));
  }
  place_.fail("expected a list, for example [1, 2, 4]");
}

// A range whose end depends on parameters has the values up to the farthest end, each where it is
// before the end.
Items Evaluator::items_of_range(const Value& range) {
  const auto bound = [&](std::size_t i) -> const Term& {
    return (*range.items)[i].value.number.above;
  };
  const Term& end = bound(1);
  if (!bound(0).is_constant) {
    place_.fail("a range that begins with a parameter can only stand behind in: begin with 0");
  }
  const std::int64_t step = bound(2).range.least;
  const bool is_up = step > 0;
  const std::int64_t last = is_up ? end.range.most : end.range.least;
  Items made;
  for (std::int64_t value = bound(0).range.least; is_up ? value < last : value > last;) {
    if (made.size() == most_items) take(most_items + 1);
    const Term term = Term::of(value);
    made.push_back({.value = Value::of(Number::of(term)),
                    .condition = terms().compared(term, is_up ? "<" : ">", end)});
    if (__builtin_add_overflow(value, step, &value)) break;
  }
  take(made.size());
  return made;
}

Items Evaluator::values_of(const PythonParameter& parameter) {
  take(parameter.values.size());
  Items made;
  for (const std::int64_t value : parameter.values) {
    made.push_back({.value = Value::of({Term::of(value), Term::of(parameter.below),
                                        parameter.is_real ? is_float : is_int})});
  }
  return made;
}

// Only lists that are known have subscripts: the order of a parameter's values is not that of its
// file, since the default is the first.
Value Evaluator::subscript(const Node& node) {
  const Value list = value(node.children[0]);
  const Value at = value(node.children[1]);
  place_.column = node.column;
  if (!list.is_list() || list.kind == Value::Kind::set) {
    place_.fail(fmt::format("[ ] stands behind {}, which has no subscripts: write a list before it",
                            name_of(list)));
  }
  const Number index = number(at, "[ ]");
  if (!index.is_constant() || (index.types & is_float) != 0) {
    place_.fail("[ ]: the place of a value is a whole number that is known: write one");
  }
  const auto size = std::ssize(*list.items);
  const std::int64_t asked = index.above.range.least;
  if (asked < -size || asked >= size) {
    place_.fail(fmt::format("[{}]: the list has {} values, and the first is [0]", asked, size));
  }
  for (const Item& item : *list.items) {
    if (item.condition.is_true()) continue;
    place_.fail("[ ]: whether a value is there depends on a parameter: write its value");
  }
  return (*list.items)[static_cast<std::size_t>(asked < 0 ? asked + size : asked)].value;
}

void Evaluator::define(const PythonConstant& constant) {
  Items made;
  for (const std::int64_t value : constant.values) {
    made.push_back({.value = Value::of(Number::of(Term::of(value)))});
  }
  Value value = constant.is_list ? list_of(std::move(made)) : made.front().value;
  variables_.emplace_back(constant.name, std::move(value));
}

Value Evaluator::comprehension(const Node& node) {
  Items made;
  run_clause(node, 1, Term::truth(true), made);
  place_.column = node.column;
  return list_of(std::move(made));
}

// Runs a clause and those behind it. children[0] of the node is the item.
void Evaluator::run_clause(const Node& node, std::size_t clause, const Term& condition,
                           Items& made) {
  if (clause == node.children.size()) {
    if (made.size() == most_items) take(most_items + 1);
    made.push_back({.value = value(node.children[0]), .condition = condition});
    return;
  }
  const Node& own = node.children[clause];
  const Value over = value(own.children[0]);
  place_.column = own.column;
  const std::size_t outer = variables_.size();
  const auto each = items(over);
  for (const Item& item : *each) {
    place_.column = own.column;
    bind(own, item.value);
    Term holds = terms().both(condition, item.condition);
    for (std::size_t i = 1; i < own.children.size() && !holds.is(0); ++i) {
      const Term next = truth(own.children[i]);
      holds = terms().both(holds, next);
    }
    if (!holds.is(0)) run_clause(node, clause + 1, holds, made);
    variables_.resize(outer);
  }
}

void Evaluator::bind(const Node& clause, const Value& value) {
  if (clause.words.size() == 1) {
    variables_.emplace_back(clause.words[0], value);
    return;
  }
  const auto parts = items(value);
  if (parts->size() != clause.words.size()) {
    place_.fail(fmt::format("{} variables run over {} values: write as many", clause.words.size(),
                            parts->size()));
  }
  for (std::size_t i = 0; i < parts->size(); ++i) {
    variables_.emplace_back(clause.words[i], (*parts)[i].value);
  }
}

}  // namespace tw::python
