// Comparisons: of numbers, texts, lists and logarithms; in; is.
#include <fmt/format.h>

#include <algorithm>

#include "core/python/evaluator.h"

namespace tw::python {
namespace {

bool is_equality(const std::string& op) { return op == "==" || op == "!="; }

bool holds(const std::string& left, const std::string& op, const std::string& right) {
  if (op == "==") return left == right;
  if (op == "!=") return left != right;
  if (op == "<") return left < right;
  if (op == "<=") return left <= right;
  if (op == ">") return left > right;
  return left >= right;
}

std::string mirrored(const std::string& op) {
  if (op == "<") return ">";
  if (op == "<=") return ">=";
  if (op == ">") return "<";
  if (op == ">=") return "<=";
  return op;
}

}  // namespace

// a < b < c is a < b and b < c.
Term Evaluator::compare(const Node& node) {
  Term all = Term::truth(true);
  Value left = value(node.children[0]);
  for (std::size_t i = 0; i < node.words.size(); ++i) {
    Value right = value(node.children[i + 1]);
    place_.column = node.column;
    all = terms().both(all, comparison(left, node.words[i], right));
    if (all.is(0)) return all;
    left = std::move(right);
  }
  return all;
}

Term Evaluator::comparison(const Value& left, const std::string& op, const Value& right) {
  if (op == "in") return is_in(left, right);
  if (op == "not in") return terms().opposite(is_in(left, right));
  if (op == "is") return is_same(left, right);
  if (op == "is not") return terms().opposite(is_same(left, right));
  if (left.kind == Value::Kind::number && right.kind == Value::Kind::number) {
    return numbers().compared(left.number, op, right.number);
  }
  if (left.kind == Value::Kind::log2 || right.kind == Value::Kind::log2) {
    return compare_log2(left, op, right);
  }
  if (left.is_text() && right.is_text()) return compare_texts(left, op, right);
  if (!is_equality(op)) {
    place_.fail(fmt::format("{}: these values have no order: compare numbers, or texts", op));
  }
  const Term same = left.is_list() && left.kind == right.kind
                        ? lists_are_equal(left, right)
                        : Term::truth(left.kind == right.kind);
  return op == "==" ? same : terms().opposite(same);
}

Term Evaluator::equals(const Value& left, const Value& right) {
  return comparison(left, "==", right);
}

Term Evaluator::lists_are_equal(const Value& left, const Value& right) {
  const auto is_sure = [](const Item& item) { return item.condition.is_true(); };
  const bool all_sure = std::all_of(left.items->begin(), left.items->end(), is_sure) &&
                        std::all_of(right.items->begin(), right.items->end(), is_sure);
  if (left.kind == Value::Kind::set || !all_sure) {
    place_.fail("these lists cannot be compared: compare their values one by one");
  }
  if (left.items->size() != right.items->size()) return Term::truth(false);
  Term all = Term::truth(true);
  for (std::size_t i = 0; i < left.items->size(); ++i) {
    all = terms().both(all, equals((*left.items)[i].value, (*right.items)[i].value));
  }
  return all;
}

// `is` asks for the same object: True, False and None are the only ones of their kind.
Term Evaluator::is_same(const Value& left, const Value& right) {
  const bool is_constant = right.kind == Value::Kind::number && right.number.types == is_bool &&
                           right.number.is_constant();
  if (right.kind == Value::Kind::none) return Term::truth(left.kind == Value::Kind::none);
  if (!is_constant) place_.fail("is: this is for True, False and None: write == for is");
  if (left.kind != Value::Kind::number || !(left.number.types & is_bool)) {
    return Term::truth(false);
  }
  if (left.number.types != is_bool) {
    place_.fail("is: the value may be a number or a bool: write == for is");
  }
  return numbers().compared(left.number, "==", right.number);
}

Term Evaluator::is_in(const Value& value, const Value& list) {
  if (list.kind == Value::Kind::range) return is_in_range(value, list);
  if (list.kind == Value::Kind::text && value.kind == Value::Kind::text) {
    return Term::truth(list.text->find(*value.text) != std::string::npos);
  }
  if (list.kind == Value::Kind::text && value.kind == Value::Kind::parameter) {
    return where(*value.parameter, [&](const std::string& word) {
      return list.text->find(word) != std::string::npos;
    });
  }
  if (list.kind == Value::Kind::parameter && value.kind == Value::Kind::text) {
    return where(*list.parameter, [&](const std::string& word) {
      return word.find(*value.text) != std::string::npos;
    });
  }
  Term any = Term::truth(false);
  const auto each = items(list);
  for (const Item& item : *each) {
    any = terms().either(any, terms().both(item.condition, equals(value, item.value)));
    if (any.is_true()) break;
  }
  return any;
}

Term Evaluator::is_in_range(const Value& value, const Value& range) {
  if (value.kind == Value::Kind::log2) {
    const Value floor = Value::of(Number::of(floor_of_log2(value.number)));
    return terms().both(is_in_range(floor, range), terms().is_pow2(value.number.above));
  }
  if (value.kind != Value::Kind::number) return Term::truth(false);
  const auto bound = [&](std::size_t i) { return (*range.items)[i].value.number; };
  const Number &first = bound(0), &end = bound(1), &step = bound(2), &x = value.number;
  const bool is_up = step.above.range.least > 0;
  Term inside = terms().both(numbers().compared(x, is_up ? ">=" : "<=", first),
                             numbers().compared(x, is_up ? "<" : ">", end));
  if (x.is_whole() && numbers().abs(step).above.is(1)) return inside;
  const Number rest = numbers().floor_mod(numbers().sub(x, first), step);
  return terms().both(inside, terms().opposite(numbers().holds(rest)));
}

// Returns the condition that the parameter has one of the texts that pass the test.
Term Evaluator::where(const PythonParameter& parameter,
                      const std::function<bool(const std::string&)>& test) {
  std::vector<std::size_t> passing, failing;
  for (std::size_t i = 0; i < parameter.words.size(); ++i) {
    (test(parameter.words[i]) ? passing : failing).push_back(i);
  }
  const auto is = [&](std::size_t i, const char* op) {
    const std::string& word = parameter.words[i];
    const bool is_plain = word.find('\'') == word.npos;
    const std::string shown = is_plain ? fmt::format("'{}'", word) : std::to_string(i);
    const auto last = static_cast<std::int64_t>(parameter.words.size()) - 1;
    return terms().compared(Term::whole(parameter.name, {0, last}), op,
                            Term::whole(shown, Bounds::only(static_cast<std::int64_t>(i))));
  };
  if (failing.empty()) return Term::truth(true);
  if (failing.size() == 1 && passing.size() != 1) return is(failing[0], "!=");
  Term any = Term::truth(false);
  for (const std::size_t i : passing) any = terms().either(any, is(i, "=="));
  return any;
}

Term Evaluator::compare_texts(const Value& left, const std::string& op, const Value& right) {
  const bool is_left = left.kind == Value::Kind::parameter;
  const bool is_right = right.kind == Value::Kind::parameter;
  if (!is_left && !is_right) return Term::truth(holds(*left.text, op, *right.text));
  if (!is_left) return compare_texts(right, mirrored(op), left);
  if (!is_right) {
    return where(*left.parameter,
                 [&](const std::string& word) { return holds(word, op, *right.text); });
  }
  Term any = Term::truth(false);
  for (const std::string& own : left.parameter->words) {
    const Term has_own =
        where(*left.parameter, [&](const std::string& word) { return word == own; });
    const Term fits =
        where(*right.parameter, [&](const std::string& word) { return holds(own, op, word); });
    any = terms().either(any, terms().both(has_own, fits));
  }
  return any;
}

// Compares log2(x) with a whole number n or with log2(y). log2(x) lies between the whole numbers
// floor(log2(x)) and ceil(log2(x)), which our language can compute.
Term Evaluator::compare_log2(const Value& left, const std::string& op, const Value& right) {
  if (left.kind == right.kind) return numbers().compared(left.number, op, right.number);
  if (left.kind != Value::Kind::log2) return compare_log2(right, mirrored(op), left);
  if (right.kind != Value::Kind::number) {
    if (is_equality(op)) return Term::truth(op == "!=");
    place_.fail(fmt::format("{}: these values have no order: compare numbers", op));
  }
  const Number& n = right.number;
  if (!n.is_whole()) {
    place_.fail("math.log2 can be compared with whole numbers only: compare the powers of two");
  }
  const Number floor = Number::of(floor_of_log2(left.number));
  const Term is_power = terms().is_pow2(left.number.above);
  if (op == "<" || op == ">=") return numbers().compared(floor, op, n);
  if (op == "==") return terms().both(numbers().compared(floor, "==", n), is_power);
  if (op == "!=") {
    return terms().either(numbers().compared(floor, "!=", n), terms().opposite(is_power));
  }
  const Number ceil = numbers().add(floor, Number::of(terms().opposite(is_power)));
  return numbers().compared(ceil, op, n);
}

}  // namespace tw::python
