#include "core/from_source/number_literal.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <string>

namespace tw {
namespace {

// Returns the type of an integer without a sign: the first of int, long and their unsigned ones
// that holds it. Decimal numbers are unsigned only if they say so.
std::optional<DType> integer_type(std::uint64_t value, std::string_view suffix,
                                  bool is_hexadecimal) {
  std::string lower;
  for (const char c : suffix) lower += static_cast<char>(std::tolower(c));
  const bool is_unsigned = lower.starts_with('u') || lower.ends_with('u');
  std::string rest = lower;
  if (is_unsigned) rest.erase(lower.starts_with('u') ? 0 : lower.size() - 1, 1);
  if (!rest.empty() && rest != "l" && rest != "ll") return std::nullopt;
  const bool is_long = !rest.empty();
  const bool may_be_unsigned = is_unsigned || is_hexadecimal;
  constexpr std::uint64_t most_int = INT32_MAX, most_unsigned = UINT32_MAX, most_long = INT64_MAX;
  if (!is_long && !is_unsigned && value <= most_int) return DType::i32;
  if (!is_long && may_be_unsigned && value <= most_unsigned) return DType::u32;
  if (!is_unsigned && value <= most_long) return DType::i64;
  return DType::u64;
}

std::optional<NumberLiteral> integer_literal(std::string_view text) {
  const bool is_hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  if (is_hexadecimal) text.remove_prefix(2);
  NumberLiteral literal;
  const char* const last = text.data() + text.size();
  const auto [end, fault] =
      std::from_chars(text.data(), last, literal.integer, is_hexadecimal ? 16 : 10);
  if (fault != std::errc()) return std::nullopt;
  const auto length = static_cast<std::size_t>(end - text.data());
  // 010 is 8 in C; nobody means that.
  if (!is_hexadecimal && length > 1 && text[0] == '0') return std::nullopt;
  const auto type = integer_type(literal.integer, text.substr(length), is_hexadecimal);
  if (!type) return std::nullopt;
  literal.dtype = *type;
  literal.is_above_int64 = literal.integer > INT64_MAX;
  return literal;
}

std::optional<NumberLiteral> real_literal(std::string_view text) {
  NumberLiteral literal;
  literal.is_real = true;
  literal.dtype = DType::f64;
  if (text.ends_with('f') || text.ends_with('F')) {
    literal.dtype = DType::f32;
    text.remove_suffix(1);
  }
  const char* const last = text.data() + text.size();
  const auto [end, fault] = std::from_chars(text.data(), last, literal.real);
  if (fault != std::errc() || end != last) return std::nullopt;
  return literal;
}

}  // namespace

std::optional<NumberLiteral> number_literal(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  const bool starts =
      !text.empty() && (std::isdigit(static_cast<unsigned char>(text[0])) != 0 || text[0] == '.');
  if (!starts) return std::nullopt;
  const bool is_hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  // "3f" is no C++, but what it means is clear.
  const bool is_real = !is_hexadecimal && text.find_first_of(".eEfF") != text.npos;
  auto literal = is_real ? real_literal(text) : integer_literal(text);
  if (!literal) return std::nullopt;
  literal->is_negative = is_negative;
  if (is_negative) literal->real = -literal->real;
  return literal;
}

}  // namespace tw
