// Elements of tensors on the host, in any storage type.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>

#include "dtype.h"
#include "problem.h"

namespace tw::cpu {

double read_element(DType dtype, const std::byte* tensor, std::int64_t index);
// Rounds to nearest even.
void write_element(DType dtype, std::byte* tensor, std::int64_t index, double value);

// Calls visit(index, coordinates) for each element of the layout; index counts elements from the
// first, strides included.
void for_each_element(
    const TensorLayout& layout,
    const std::function<void(std::int64_t index, const std::vector<std::int64_t>& at)>& visit);

// Uniform in [-1, 1), exact in f32, a function of (seed, stream, index) alone. Only elements of the
// layout are written: what lies between them keeps its value.
void fill_random(DType dtype, std::byte* tensor, const TensorLayout& layout, std::uint64_t seed,
                 std::uint64_t stream);

// splitmix64: a good mix of the bits of a counter.
constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

}  // namespace tw::cpu
