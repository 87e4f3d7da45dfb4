#include "values.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace tw::cpu {
namespace {

template <class T>
T load(const std::byte* tensor, std::int64_t index) {
  T value;
  std::memcpy(&value, tensor + index * static_cast<std::int64_t>(sizeof value), sizeof value);
  return value;
}
template <class T>
void store(std::byte* tensor, std::int64_t index, T value) {
  std::memcpy(tensor + index * static_cast<std::int64_t>(sizeof value), &value, sizeof value);
}

double from_half(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double value = 0;
  if (exponent == 31) {
    value = fraction == 0 ? HUGE_VAL : std::nan("");
  } else if (exponent == 0) {
    value = std::ldexp(fraction, -24);
  } else {
    value = std::ldexp(1024 + fraction, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

// Halves are the multiples of 2^(e - 10) in [2^e, 2^(e + 1)), e from -14 to 15.
std::uint16_t to_half(double value) {
  const unsigned sign = std::signbit(value) ? 0x8000u : 0u;
  const double size = std::fabs(value);
  if (std::isnan(value)) return 0x7fff;
  if (size >= 65520) return static_cast<std::uint16_t>(sign | 0x7c00u);
  const int exponent = size < std::ldexp(1, -14) ? -14 : std::ilogb(size);
  // Rounding up to the next power of two carries into the exponent's bits, as it should.
  const auto steps = static_cast<unsigned>(std::nearbyint(std::ldexp(size, 10 - exponent)));
  return static_cast<std::uint16_t>(sign | (static_cast<unsigned>(exponent + 14) * 1024u + steps));
}

double from_bfloat(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

std::uint16_t to_bfloat(double value) {
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  if (std::isnan(value)) return 0x7fff;
  return static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

}  // namespace

double read_element(DType dtype, const std::byte* tensor, std::int64_t index) {
  switch (dtype) {
    case DType::f32:
      return load<float>(tensor, index);
    case DType::f64:
      return load<double>(tensor, index);
    case DType::f16:
      return from_half(load<std::uint16_t>(tensor, index));
    case DType::bf16:
      return from_bfloat(load<std::uint16_t>(tensor, index));
  }
  return 0;
}

void write_element(DType dtype, std::byte* tensor, std::int64_t index, double value) {
  switch (dtype) {
    case DType::f32:
      return store(tensor, index, static_cast<float>(value));
    case DType::f64:
      return store(tensor, index, value);
    case DType::f16:
      return store(tensor, index, to_half(value));
    case DType::bf16:
      return store(tensor, index, to_bfloat(value));
  }
}

void for_each_element(
    const TensorLayout& layout,
    const std::function<void(std::int64_t, const std::vector<std::int64_t>&)>& visit) {
  const std::size_t rank = layout.shape.size();
  std::vector<std::int64_t> at(rank, 0);
  std::int64_t index = 0;
  while (true) {
    visit(index, at);
    std::size_t axis = rank;
    while (axis > 0) {
      --axis;
      index += layout.strides[axis];
      if (++at[axis] < layout.shape[axis]) break;
      index -= at[axis] * layout.strides[axis];
      at[axis] = 0;
      if (axis == 0) return;
    }
    if (rank == 0) return;
  }
}

void fill_random(DType dtype, std::byte* tensor, const TensorLayout& layout, std::uint64_t seed,
                 std::uint64_t stream) {
  const std::uint64_t base = mix(seed ^ mix(stream));
  for_each_element(layout, [&](std::int64_t index, const auto&) {
    const std::uint64_t bits = mix(base + static_cast<std::uint64_t>(index)) >> 40;
    write_element(dtype, tensor, index, std::ldexp(static_cast<double>(bits), -23) - 1);
  });
}

}  // namespace tw::cpu
