// Computes the lists of values that Python's expressions stand for.
#include <fmt/format.h>

#include <map>

#include "core/base/error.h"
#include "core/expr/python_expr.h"

namespace tw {
namespace {

using Kind = PythonNode::Kind;
using Variables = std::map<std::string, std::int64_t>;

std::int64_t modulo(std::int64_t a, std::int64_t b) {  // with the sign of b, as in Python
  const std::int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

std::int64_t power(std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) throw Error("a negative power is not a whole number");
  std::int64_t product = 1;
  for (std::int64_t i = 0; i < exponent && product != 0; ++i) {
    if (__builtin_mul_overflow(product, base, &product)) throw Error("a power is too large");
    if (base == 1) break;
    if (base == -1) return exponent % 2 == 0 ? 1 : -1;
  }
  return product;
}

std::int64_t arithmetic(const std::string& op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  bool overflows = false;
  if (op == "+") overflows = __builtin_add_overflow(a, b, &result);
  if (op == "-") overflows = __builtin_sub_overflow(a, b, &result);
  if (op == "*") overflows = __builtin_mul_overflow(a, b, &result);
  if (op == "**") result = power(a, b);
  if (op == "/" || op == "//" || op == "%") {
    if (b == 0 || b == -1) {
      if (b == 0) throw Error("a value is divided by zero");
      return op == "%" ? 0 : arithmetic("-", 0, a);
    }
    const std::int64_t rest = modulo(a, b);
    if (op == "/" && rest != 0) throw Error("only whole numbers are understood as values");
    result = op == "%" ? rest : (a - rest) / b;
  }
  if (overflows) throw Error("a value is too large");
  return result;
}

std::int64_t number_of(const PythonNode& node, const Variables& variables) {
  if (node.kind == Kind::integer) return node.value;
  if (node.kind == Kind::name) {
    const auto found = variables.find(node.word);
    if (found != variables.end()) return found->second;
    throw Error(fmt::format("the name '{}' has no value in a list", node.word));
  }
  if (node.kind == Kind::unary && node.word == "-") {
    return arithmetic("-", 0, number_of(node.children[0], variables));
  }
  if (node.kind == Kind::binary && node.word != "and" && node.word != "or") {
    return arithmetic(node.word, number_of(node.children[0], variables),
                      number_of(node.children[1], variables));
  }
  throw Error("a list's items are numbers, texts, True or False");
}

PythonNode integer(std::int64_t value) {
  PythonNode node;
  node.value = value;
  return node;
}

std::vector<PythonNode> range_items(const PythonNode& range) {
  std::vector<std::int64_t> bounds;
  for (const PythonNode& child : range.children) bounds.push_back(number_of(child, {}));
  const std::int64_t first = bounds.size() > 1 ? bounds[0] : 0;
  const std::int64_t end = bounds.size() > 1 ? bounds[1] : bounds[0];
  const std::int64_t step = bounds.size() > 2 ? bounds[2] : 1;
  if (step == 0) throw Error("a range's step is zero");
  std::vector<PythonNode> items;
  for (std::int64_t value = first; step > 0 ? value < end : value > end;
       value = arithmetic("+", value, step)) {
    if (items.size() == most_items) throw Error("a range has more than 65536 values");
    items.push_back(integer(value));
  }
  return items;
}

}  // namespace

std::vector<PythonNode> python_items(const PythonNode& list) {
  std::vector<PythonNode> items;
  if (list.kind == Kind::range) return range_items(list);
  if (list.kind == Kind::comprehension) {
    for (const PythonNode& value : python_items(list.children[1])) {
      items.push_back(integer(number_of(list.children[0], {{list.word, number_of(value, {})}})));
    }
    return items;
  }
  if (list.kind == Kind::binary && list.word == "+") {  // concatenates two lists
    items = python_items(list.children[0]);
    for (PythonNode& item : python_items(list.children[1])) items.push_back(std::move(item));
    if (items.size() > most_items) throw Error("a list has more than 65536 values");
    return items;
  }
  if (list.kind != Kind::list) throw Error("expected a list, for example [1, 2, 4]");
  for (const PythonNode& child : list.children) {
    const bool is_itself = child.kind == Kind::text || child.kind == Kind::integer;
    items.push_back(is_itself ? child : integer(number_of(child, {})));
  }
  return items;
}

}  // namespace tw
