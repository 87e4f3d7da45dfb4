// Reads numbers.
#include "core/python/digits.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <numeric>
#include <optional>
#include <string>

namespace tw::python {
namespace {

bool is_decimal_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool is_letter_of_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }
bool is_exponent(char c) { return c == 'e' || c == 'E'; }

class Digits {
 public:
  Digits(std::string_view text, std::size_t at) : text_(text), at_(at) {}

  std::size_t read(Node& made) {
    const char base = static_cast<char>(std::tolower(static_cast<unsigned char>(peek(1))));
    if (peek() == '0' && (base == 'x' || base == 'o' || base == 'b')) {
      at_ += 2;
      made.value = whole_number(base == 'x' ? 16 : base == 'o' ? 8 : 2).value_or(-1);
      if (made.value < 0) fail("digits are missing: add them");
    } else {
      decimal(made);
    }
    if (is_letter_of_word(peek())) {
      fail("this is no number: write digits, a point and an exponent only");
    }
    return at_;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const { Place{text_, at_ + 1}.fail(what); }
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  // Reads digits, between which there may be single underscores. Returns nothing if there are none.
  std::optional<std::int64_t> whole_number(int base) {
    std::string digits;
    const auto is_digit_of = [base](char c) {
      return base == 16 ? std::isxdigit(static_cast<unsigned char>(c)) != 0
                        : c >= '0' && c < '0' + base;
    };
    for (; is_digit_of(peek()) || (peek() == '_' && is_digit_of(peek(1))); ++at_) {
      if (peek() != '_') digits += peek();
    }
    if (digits.empty()) return std::nullopt;
    std::int64_t value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (error != std::errc{}) fail("the number is too large: numbers have 64 bits here");
    return value;
  }

  // Reads 12, 1.5, .5, 1e3.
  void decimal(Node& made) {
    const std::size_t begin = at_;
    const bool leads_with_zero = peek() == '0' && is_decimal_digit(peek(1));
    made.value = whole_number(10).value_or(0);
    const char next = peek(1);
    if (peek() == '.' &&
        (!is_letter_of_word(next) || is_decimal_digit(next) || is_exponent(next))) {
      made.is_real = true;
      ++at_;
      decimals(made);
    }
    if (is_exponent(peek())) exponent(made);
    if (leads_with_zero && !made.is_real && made.value != 0) {
      Place{text_, begin + 1}.fail("a number begins with 0: remove the 0");
    }
    const std::int64_t divisor = std::gcd(made.value, made.below);
    made.value /= divisor;
    made.below /= divisor;
  }
  void decimals(Node& made) {
    const std::size_t begin = at_;
    const std::int64_t after = whole_number(10).value_or(0);
    for (std::size_t i = begin; i < at_; ++i) {
      if (text_[i] == '_') continue;
      multiply(made.value, 10);
      multiply(made.below, 10);
    }
    if (__builtin_add_overflow(made.value, after, &made.value)) fail_too_long();
  }
  void exponent(Node& made) {
    made.is_real = true;
    ++at_;
    const bool is_negative = peek() == '-';
    if (peek() == '-' || peek() == '+') ++at_;
    const auto power = whole_number(10);
    if (!power) fail("digits are missing in the exponent: add them");
    if (made.value == 0) return;
    for (std::int64_t i = 0; i < *power; ++i) multiply(is_negative ? made.below : made.value, 10);
  }
  void multiply(std::int64_t& value, std::int64_t factor) const {
    if (__builtin_mul_overflow(value, factor, &value)) fail_too_long();
  }
  [[noreturn]] void fail_too_long() const {
    fail("the number has too many digits: write at most 18");
  }

  std::string_view text_;
  std::size_t at_;
};

}  // namespace

std::size_t read_number(std::string_view text, std::size_t at, Node& node) {
  return Digits(text, at).read(node);
}

}  // namespace tw::python
