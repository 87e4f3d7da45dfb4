// Computes Python's expressions: constants become values, and what depends on parameters becomes
// text of our language. Private to this room.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/python/node.h"
#include "core/python/number.h"
#include "core/python/python.h"

namespace tw::python {

struct Item;
using Items = std::vector<Item>;

// A value of Python.
struct Value {
  enum class Kind {
    number,
    log2,       // math.log2(number), which is not always whole; number.below is a power of two
    text,       // text
    parameter,  // a parameter whose values are texts
    list,       // items
    tuple,      // items
    set,        // items, some of which may be equal
    range,      // items: first, end, step
    none
  } kind = Kind::number;
  Number number;
  std::shared_ptr<const std::string> text;
  const PythonParameter* parameter = nullptr;  // also of a number that is a parameter
  std::shared_ptr<const Items> items;

  static Value of(Number number);
  static Value of(std::string text);
  static Value truth(Term truth) { return of(Number::truth(std::move(truth))); }
  bool is_list() const { return kind == Kind::list || kind == Kind::tuple || kind == Kind::set; }
  bool is_text() const { return kind == Kind::text || kind == Kind::parameter; }
};

// A value of a list. It is in the list where `condition` holds.
struct Item {
  Value value;
  Term condition = Term::truth(true);
};

// Returns what the value is, for messages: "a list".
const char* name_of(const Value& value);

class Evaluator {
 public:
  Evaluator(std::string_view text, std::span<const PythonParameter> parameters)
      : place_{text}, parameters_(parameters) {}

  // Lets a parameter stand for the list of its values where a list is expected.
  void take_parameters_as_lists() { parameters_are_lists_ = true; }
  // Gives a name a value, whether or not a parameter has the name.
  void define(const PythonConstant& constant);

  Value value(const Node& node);
  // Returns whether Python takes the value as true: 0 or 1.
  Term truth(const Node& node);
  // Returns the values of a list. Throws Error if it is none, or if it has too many values.
  std::shared_ptr<const Items> items(const Value& list);
  Number number(const Value& value, const char* what);
  [[noreturn]] void fail(const Node& node, std::string_view what);

 private:
  // The function that a call names.
  struct Function {
    std::string_view name;
    std::size_t least, most;  // numbers of arguments
    Value (Evaluator::*apply)(const std::vector<Value>& arguments);
  };
  static std::span<const Function> functions();
  using Arguments = std::vector<Value>;

  Terms terms() { return {place_}; }
  Numbers numbers() { return {place_}; }

  // evaluate.cpp
  Value name(const Node& node);
  Value unary(const Node& node);
  Value binary(const Node& node);
  Value arithmetic(const std::string& op, const Value& left, const Value& right);
  Value conditional(const Node& node);
  Term truth_of(const Value& value);
  Value list(const Node& node);
  Value subscript(const Node& node);
  Items values_of(const PythonParameter& parameter);
  Value list_of(Items items, Value::Kind kind = Value::Kind::list);
  Value sum_of_lists(const Value& left, const Value& right);
  Value repeated(const Value& list, const Value& times);
  Value comprehension(const Node& node);
  void run_clause(const Node& node, std::size_t clause, const Term& condition, Items& made);
  void bind(const Node& clause, const Value& value);
  Items items_of_range(const Value& range);
  void take(std::size_t items);

  // compare.cpp
  Term compare(const Node& node);
  Term comparison(const Value& left, const std::string& op, const Value& right);
  Term equals(const Value& left, const Value& right);
  Term lists_are_equal(const Value& left, const Value& right);
  Term is_same(const Value& left, const Value& right);
  Term is_in(const Value& value, const Value& list);
  Term is_in_range(const Value& value, const Value& range);
  Term compare_texts(const Value& left, const std::string& op, const Value& right);
  Term compare_log2(const Value& left, const std::string& op, const Value& right);
  Term where(const PythonParameter& parameter, const std::function<bool(const std::string&)>& test);

  // functions.cpp
  Value call(const Node& node);
  Value min(const Arguments& arguments);
  Value max(const Arguments& arguments);
  Value extreme(const Arguments& arguments, bool is_max);
  Value abs(const Arguments& arguments);
  Value to_int(const Arguments& arguments);
  Value to_float(const Arguments& arguments);
  Value to_bool(const Arguments& arguments);
  Value round(const Arguments& arguments);
  Value ceil(const Arguments& arguments);
  Value floor(const Arguments& arguments);
  Value log2(const Arguments& arguments);
  Term floor_of_log2(const Number& x);
  Value gcd(const Arguments& arguments);
  Value pow(const Arguments& arguments);
  Value real_pow(const Arguments& arguments);
  Value prod(const Arguments& arguments);
  Value sum(const Arguments& arguments);
  Value len(const Arguments& arguments);
  Value any(const Arguments& arguments);
  Value all(const Arguments& arguments);
  Value to_list(const Arguments& arguments);
  Value to_tuple(const Arguments& arguments);
  Value range(const Arguments& arguments);
  Value zip(const Arguments& arguments);
  Value sqrt(const Arguments& arguments);

  Place place_;  // of the node that is computed
  std::span<const PythonParameter> parameters_;
  std::vector<std::pair<std::string, Value>> variables_;  // constants, then those of
                                                          // comprehensions, the innermost last
  bool parameters_are_lists_ = false;
  std::size_t steps_ = 0, items_ = 0;
};

}  // namespace tw::python
