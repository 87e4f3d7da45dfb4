// The bits of floating-point numbers in the storage types.
#pragma once
#include <cstdint>

#include "core/types/dtype.h"

namespace tw {

// Round to the nearest number of the type, ties to even. Too large numbers become infinite.
std::uint16_t f16_bits(double value);
std::uint16_t bf16_bits(double value);
// Returns the bits of a number in a floating-point type, as the low bits of the result.
std::uint64_t float_bits(DType dtype, double value);
// Returns the largest finite number of a floating-point type.
double largest_of(DType dtype);

}  // namespace tw
