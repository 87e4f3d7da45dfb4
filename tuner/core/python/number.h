// Numbers of Python as fractions of whole numbers. Private to this room.
#pragma once
#include "core/python/term.h"

namespace tw::python {

// The types that a number may have in Python.
enum Types : unsigned { is_bool = 1, is_int = 2, is_float = 4 };

// above / below. `below` is not negative; where it is zero, there is no value.
struct Number {
  Term above = Term::of(0);
  Term below = Term::of(1);
  unsigned types = is_int;  // a set of Types

  static Number of(Term above, unsigned types = is_int) {
    return {std::move(above), Term::of(1), types};
  }
  static Number truth(Term truth) { return of(std::move(truth), is_bool); }
  bool is_constant() const { return above.is_constant && below.is_constant; }
  bool is_whole() const { return below.is(1); }
};

struct Numbers {
  Place& place;

  Number add(const Number& a, const Number& b) const;
  Number sub(const Number& a, const Number& b) const;
  Number mul(const Number& a, const Number& b) const;
  Number quotient(const Number& a, const Number& b) const;   // /
  Number floor_div(const Number& a, const Number& b) const;  // //
  Number floor_mod(const Number& a, const Number& b) const;  // %
  Number power(const Number& base, const Number& exponent) const;
  Number negated(const Number& a) const;
  Number abs(const Number& a) const;
  Number min(const Number& a, const Number& b) const;
  Number max(const Number& a, const Number& b) const;
  Number selected(const Term& condition, const Number& yes, const Number& no) const;
  Term compared(const Number& a, const std::string& op, const Number& b) const;
  Term holds(const Number& a) const;  // it is not zero
  // Whole numbers near a.
  Term floor(const Number& a) const;
  Term ceil(const Number& a) const;
  Term truncated(const Number& a) const;
  Term rounded(const Number& a) const;  // to the nearest, halves to the even one
  // Returns a number whose type is int or bool. Throws Error, which names the operator, for others.
  Term whole(const Number& a, const std::string& op) const;

 private:
  struct Pair;
  Terms terms() const { return {place}; }
  Pair with_common_divisor(const Number& a, const Number& b) const;
  Number inverse(const Number& a) const;
  Number power(const Number& base, const Term& exponent) const;
  Number reduced(Term above, Term below, unsigned types) const;
};

}  // namespace tw::python
