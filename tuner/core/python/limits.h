// How much of Python is taken. Texts come from files of strangers. Private to this room.
#pragma once
#include <cstddef>

namespace tw::python {

inline constexpr int most_nested = 100;
inline constexpr std::size_t most_operators = 500;   // operators of one precedence nest, too
inline constexpr std::size_t most_items = 65536;     // of a list
inline constexpr std::size_t most_text = 16 * 1024;  // bytes, as of our own expressions
// Comprehensions repeat their parts. So what is computed is bounded besides what is written.
inline constexpr std::size_t most_steps = 2'000'000;
inline constexpr std::size_t most_items_of_all = 300'000;
inline constexpr std::size_t most_text_of_all = 64 << 20;

}  // namespace tw::python
