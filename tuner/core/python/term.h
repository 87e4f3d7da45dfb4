// Whole numbers of Python as expressions of our language. Private to this room.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "core/expr/bounds.h"
#include "core/python/node.h"

namespace tw::python {

// An expression of our language with bounds of its values. A constant has no text but one value.
struct Term {
  std::shared_ptr<const std::string> text;  // shared, because lists and fractions repeat it
  int precedence = 0;                       // of the text's last operator, as in C
  Bounds range = Bounds::only(0);
  bool is_constant = true;
  bool is_power = false;  // all its values are powers of two

  static Term of(std::int64_t value);
  static Term truth(bool value) { return of(value); }
  // A name or a call, whose values are in the range.
  static Term whole(std::string text, Bounds range);

  bool is(std::int64_t value) const { return is_constant && range.least == value; }
  bool is_true() const { return is_constant && range.least != 0; }
  bool is_below_zero() const { return range.least < 0; }  // it may be
  std::string spelled() const;
};

// What the functions do: constants are computed, everything else becomes text. They throw Error,
// with the place, if a constant has no value or the text becomes too long.
struct Terms {
  Place& place;

  Term add(const Term& a, const Term& b) const;
  Term sub(const Term& a, const Term& b) const;
  Term mul(const Term& a, const Term& b) const;
  Term negated(const Term& a) const;
  Term abs(const Term& a) const;
  Term floor_div(const Term& a, const Term& b) const;
  Term floor_mod(const Term& a, const Term& b) const;
  Term ceil_div(const Term& a, const Term& b) const;
  Term truncated(const Term& a, const Term& b) const;  // the quotient, rounded towards zero
  Term min(const Term& a, const Term& b) const;
  Term max(const Term& a, const Term& b) const;
  Term gcd(const Term& a, const Term& b) const;
  Term power(const Term& a, const Term& b) const;  // needs b >= 0
  Term log2(const Term& a) const;
  Term is_pow2(const Term& a) const;
  Term shifted_left(const Term& a, const Term& b) const;
  Term shifted_right(const Term& a, const Term& b) const;
  Term bits(const std::string& op, const Term& a, const Term& b) const;  // & | ^
  Term inverted(const Term& a) const;                                    // ~
  Term compared(const Term& a, const std::string& op, const Term& b) const;
  // `and`, `or` and `not` of conditions: 0 or 1.
  Term both(const Term& a, const Term& b) const;
  Term either(const Term& a, const Term& b) const;
  Term opposite(const Term& a) const;
  Term selected(const Term& condition, const Term& yes, const Term& no) const;
  // Returns a, which has no value where b is 0.
  Term checked(const Term& a, const Term& b) const;
  // Returns 1 where a is not 0, else 0.
  Term holds(const Term& a) const;

 private:
  struct Operation;
  Term apply(const Operation& operation, const Term& a, const Term& b) const;
  Term call(const char* name, const Term& a, Bounds range) const;
  Term call(const char* name, const Term& a, const Term& b, Bounds range) const;
  Term made(std::string text, int precedence, Bounds range) const;
  Term constant(Bounds range) const;
};

}  // namespace tw::python
