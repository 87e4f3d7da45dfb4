#include "core/types/float_bits.h"

#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace tw {

// Half-precision numbers are the multiples of 2^(e - 10) in [2^e, 2^(e + 1)), with e from -14 to
// 15.
std::uint16_t f16_bits(double value) {
  const unsigned sign = std::signbit(value) ? 0x8000u : 0u;
  const double size = std::fabs(value);
  if (std::isnan(value)) return 0x7fff;
  if (size >= 65520) return static_cast<std::uint16_t>(sign | 0x7c00u);
  const int exponent = size < std::ldexp(1, -14) ? -14 : std::ilogb(size);
  // Rounding up to the next power of two carries into the bits of the exponent, as it should.
  const auto steps = static_cast<unsigned>(std::nearbyint(std::ldexp(size, 10 - exponent)));
  return static_cast<std::uint16_t>(sign | (static_cast<unsigned>(exponent + 14) * 1024u + steps));
}

std::uint16_t bf16_bits(double value) {
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  if (std::isnan(value)) return 0x7fff;
  return static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

std::uint64_t float_bits(DType dtype, double value) {
  switch (dtype) {
    case DType::f32:
      return std::bit_cast<std::uint32_t>(static_cast<float>(value));
    case DType::f64:
      return std::bit_cast<std::uint64_t>(value);
    case DType::f16:
      return f16_bits(value);
    case DType::bf16:
      return bf16_bits(value);
    default:
      throw std::logic_error("float_bits of an integer type");
  }
}

double largest_of(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return std::numeric_limits<float>::max();
    case DType::f64:
      return std::numeric_limits<double>::max();
    case DType::f16:
      return 65504;
    case DType::bf16:
      return 0x1.fep127;
    default:
      throw std::logic_error("largest_of an integer type");
  }
}

}  // namespace tw
