// The literals of C++ numbers.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/types/dtype.h"

namespace tw {

struct NumberLiteral {
  DType dtype{};         // f32, f64, i32, u32, i64 or u64, as C++ says
  bool is_real = false;  // else an integer
  double real = 0;
  std::uint64_t integer = 0;  // without its sign
  bool is_negative = false;
  bool is_above_int64 = false;  // an integer that no i64 can be
};

// Reads "2.5f", "3f", "-1e-3", "3", "3u", "0xffll": a number with an optional sign. Returns nothing for
// all other texts.
std::optional<NumberLiteral> number_literal(std::string_view text);

}  // namespace tw
