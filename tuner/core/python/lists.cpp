// Computes lists, their subscripts, and comprehensions.
#include <fmt/format.h>

#include <algorithm>

#include "core/python/evaluator.h"
#include "core/python/limits.h"

namespace tw::python {

// Counts items that are made.
void Evaluator::take(std::size_t items) {
  items_ += items;
  if (items > most_items) {
    place_.fail(fmt::format("a list has more than {} values: write fewer", most_items));
  }
  if (items_ > most_items_of_all) place_.fail("lists have too many values in all: write fewer");
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
  return list_of(std::move(made), node.is_set                      ? Value::Kind::set
                                  : node.kind == Node::Kind::tuple ? Value::Kind::tuple
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
