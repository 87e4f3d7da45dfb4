// Python's functions of numbers and lists.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/python/evaluator.h"
#include "core/python/limits.h"
#include "core/text/nearest.h"

namespace tw::python {

std::span<const Evaluator::Function> Evaluator::functions() {
  using E = Evaluator;
  static constexpr Function all[] = {
      {"min", 1, 1000, &E::min},       {"max", 1, 1000, &E::max},
      {"abs", 1, 1, &E::abs},          {"int", 1, 1, &E::to_int},
      {"float", 1, 1, &E::to_float},   {"bool", 1, 1, &E::to_bool},
      {"round", 1, 1, &E::round},      {"ceil", 1, 1, &E::ceil},
      {"floor", 1, 1, &E::floor},      {"log2", 1, 1, &E::log2},
      {"gcd", 2, 1000, &E::gcd},       {"pow", 2, 2, &E::pow},
      {"sum", 1, 2, &E::sum},          {"prod", 1, 1, &E::prod},
      {"len", 1, 1, &E::len},          {"any", 1, 1, &E::any},
      {"all", 1, 1, &E::all},          {"list", 1, 1, &E::to_list},
      {"tuple", 1, 1, &E::to_tuple},   {"range", 1, 3, &E::range},
      {"zip", 2, 1000, &E::zip},       {"math.ceil", 1, 1, &E::ceil},
      {"math.floor", 1, 1, &E::floor}, {"math.trunc", 1, 1, &E::to_int},
      {"math.fabs", 1, 1, &E::abs},    {"math.log2", 1, 1, &E::log2},
      {"math.gcd", 2, 1000, &E::gcd},  {"math.pow", 2, 2, &E::real_pow},
      {"math.prod", 1, 1, &E::prod},   {"math.sqrt", 1, 1, &E::sqrt},
      {"sqrt", 1, 1, &E::sqrt},
  };
  return all;
}

Value Evaluator::call(const Node& node) {
  const auto known = functions();
  const auto is_it = [&](const Function& function) { return function.name == node.word; };
  const auto function = std::find_if(known.begin(), known.end(), is_it);
  if (function == known.end()) {
    std::vector<std::string> names;
    for (const Function& one : known) {
      const bool is_alias = one.name == "sqrt" || one.name.starts_with("math.");
      if (!is_alias) names.emplace_back(one.name);
    }
    fail(node, fmt::format("the function {} is not understood{}", node.word,
                           suggestion(node.word, names)));
  }
  const std::size_t count = node.children.size();
  if (count < function->least || count > function->most) {
    fail(node, fmt::format("{} takes {} here, found {}: mend the arguments", node.word,
                           function->most == 1 ? "one argument"
                           : function->most >= 1000
                               ? "several arguments"
                               : fmt::format("{} to {} arguments", function->least, function->most),
                           count));
  }
  Arguments arguments;
  for (const Node& child : node.children) arguments.push_back(value(child));
  place_.column = node.column;
  return (this->*function->apply)(arguments);
}

Value Evaluator::extreme(const Arguments& arguments, bool is_max) {
  Arguments values = arguments;
  const char* name = is_max ? "max" : "min";
  if (arguments.size() == 1) {
    values.clear();
    const auto each = items(arguments[0]);
    for (const Item& item : *each) {
      if (!item.condition.is_true()) {
        place_.fail(
            fmt::format("{}: whether a value is there depends on a parameter: write a "
                        "conditional expression for the value",
                        name));
      }
      values.push_back(item.value);
    }
    if (values.empty()) place_.fail(fmt::format("{}: the list is empty: write a value", name));
  }
  Number found = number(values[0], name);
  for (std::size_t i = 1; i < values.size(); ++i) {
    const Number next = number(values[i], name);
    found = is_max ? numbers().max(found, next) : numbers().min(found, next);
  }
  return Value::of(found);
}

Value Evaluator::min(const Arguments& arguments) { return extreme(arguments, false); }
Value Evaluator::max(const Arguments& arguments) { return extreme(arguments, true); }

Value Evaluator::abs(const Arguments& arguments) {
  return Value::of(numbers().abs(number(arguments[0], "abs")));
}

// The logarithm of x / 2^k is that of x minus k. Our log2 rounds down.
Term Evaluator::floor_of_log2(const Number& x) {
  return terms().sub(terms().log2(x.above), terms().log2(x.below));
}

Value Evaluator::to_int(const Arguments& arguments) {
  const Value& x = arguments[0];
  if (x.kind != Value::Kind::log2) {
    return Value::of(Number::of(numbers().truncated(number(x, "int"))));
  }
  if (!x.number.is_whole()) {
    place_.fail("int: the logarithm may be less than zero: write floor or ceil");
  }
  return floor(arguments);
}

Value Evaluator::floor(const Arguments& arguments) {
  const Value& x = arguments[0];
  if (x.kind == Value::Kind::log2) return Value::of(Number::of(floor_of_log2(x.number)));
  return Value::of(Number::of(numbers().floor(number(x, "floor"))));
}

Value Evaluator::ceil(const Arguments& arguments) {
  const Value& x = arguments[0];
  if (x.kind == Value::Kind::log2) {
    const Term is_no_power = terms().opposite(terms().is_pow2(x.number.above));
    return Value::of(Number::of(terms().add(floor_of_log2(x.number), is_no_power)));
  }
  return Value::of(Number::of(numbers().ceil(number(x, "ceil"))));
}

Value Evaluator::round(const Arguments& arguments) {
  return Value::of(Number::of(numbers().rounded(number(arguments[0], "round"))));
}

Value Evaluator::to_float(const Arguments& arguments) {
  Number real = number(arguments[0], "float");
  real.types = is_float;
  return Value::of(real);
}

Value Evaluator::to_bool(const Arguments& arguments) {
  return Value::truth(truth_of(arguments[0]));
}

Value Evaluator::log2(const Arguments& arguments) {
  const Number x = number(arguments[0], "log2");
  if (x.above.range.most < 1) {
    place_.fail("log2: the number is not greater than zero: write one that is");
  }
  if (x.above.is_power && x.below.is_power) {
    return Value::of(Number::of(floor_of_log2(x), is_float));
  }
  if (!x.below.is_power) {
    place_.fail("log2: the number is divided by what may be no power of two: compare without log2");
  }
  Value value;
  value.kind = Value::Kind::log2;
  value.number = x;
  return value;
}

Value Evaluator::sqrt(const Arguments&) {
  place_.fail("square roots are not understood: compare squares, as in a * a <= b");
}

Value Evaluator::gcd(const Arguments& arguments) {
  Term found = numbers().whole(number(arguments[0], "gcd"), "gcd");
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    found = terms().gcd(found, numbers().whole(number(arguments[i], "gcd"), "gcd"));
  }
  return Value::of(Number::of(found));
}

Value Evaluator::pow(const Arguments& arguments) {
  return arithmetic("**", arguments[0], arguments[1]);
}

Value Evaluator::real_pow(const Arguments& arguments) {
  Value power = pow(arguments);
  power.number.types = is_float;
  return power;
}

Value Evaluator::sum(const Arguments& arguments) {
  Number all = arguments.size() > 1 ? number(arguments[1], "sum") : Number{};
  const auto each = items(arguments[0]);
  for (const Item& item : *each) {
    const Number next = number(item.value, "sum");
    all = numbers().add(all, numbers().selected(item.condition, next, {}));
  }
  return Value::of(all);
}

Value Evaluator::prod(const Arguments& arguments) {
  Number all = Number::of(Term::of(1));
  const auto each = items(arguments[0]);
  for (const Item& item : *each) {
    const Number next = number(item.value, "prod");
    all = numbers().mul(all, numbers().selected(item.condition, next, Number::of(Term::of(1))));
  }
  return Value::of(all);
}

Value Evaluator::len(const Arguments& arguments) {
  if (arguments[0].kind == Value::Kind::set) {
    place_.fail("len: a set counts equal values once: write a list without any");
  }
  if (arguments[0].kind == Value::Kind::text) {
    return Value::of(Number::of(Term::of(static_cast<std::int64_t>(arguments[0].text->size()))));
  }
  Term count = Term::of(0);
  const auto each = items(arguments[0]);
  for (const Item& item : *each) count = terms().add(count, item.condition);
  return Value::of(Number::of(count));
}

Value Evaluator::any(const Arguments& arguments) {
  Term any = Term::truth(false);
  const auto each = items(arguments[0]);
  for (const Item& item : *each) {
    any = terms().either(any, terms().both(item.condition, truth_of(item.value)));
    if (any.is_true()) break;
  }
  return Value::truth(any);
}

Value Evaluator::all(const Arguments& arguments) {
  Term all = Term::truth(true);
  const auto each = items(arguments[0]);
  for (const Item& item : *each) {
    const Term absent = terms().opposite(item.condition);
    all = terms().both(all, terms().either(absent, truth_of(item.value)));
    if (all.is(0)) break;
  }
  return Value::truth(all);
}

Value Evaluator::to_list(const Arguments& arguments) {
  if (arguments[0].kind == Value::Kind::set) place_.fail("list: a set has no order: write a list");
  const auto each = items(arguments[0]);
  return list_of(*each);
}

Value Evaluator::to_tuple(const Arguments& arguments) {
  Value tuple = to_list(arguments);
  tuple.kind = Value::Kind::tuple;
  return tuple;
}

Value Evaluator::range(const Arguments& arguments) {
  Items bounds;
  for (const Value& argument : arguments) {
    const Term bound = numbers().whole(number(argument, "range"), "range");
    bounds.push_back({.value = Value::of(Number::of(bound))});
  }
  const auto whole = [](std::int64_t value) {
    return Item{.value = Value::of(Number::of(Term::of(value)))};
  };
  if (bounds.size() == 1) bounds.insert(bounds.begin(), whole(0));
  if (bounds.size() == 2) bounds.push_back(whole(1));
  const Term& step = bounds[2].value.number.above;
  if (!step.is_constant || step.is(0)) {
    place_.fail("range: the step has to be a number other than zero: write one");
  }
  Value range;
  range.kind = Value::Kind::range;
  range.items = std::make_shared<const Items>(std::move(bounds));
  return range;
}

Value Evaluator::zip(const Arguments& arguments) {
  std::vector<std::shared_ptr<const Items>> lists;
  std::size_t length = most_items;
  for (const Value& argument : arguments) {
    lists.push_back(items(argument));
    length = std::min(length, lists.back()->size());
  }
  Items made;
  for (std::size_t i = 0; i < length; ++i) {
    Items parts;
    for (const auto& list : lists) {
      if (!(*list)[i].condition.is_true()) {
        place_.fail("zip: whether a value is there depends on a parameter: write other lists");
      }
      parts.push_back((*list)[i]);
    }
    made.push_back({.value = list_of(std::move(parts), Value::Kind::tuple)});
  }
  return list_of(std::move(made));
}

}  // namespace tw::python
