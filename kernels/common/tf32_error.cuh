// By how much a sum of products may be off because a kernel reads its f32 operands as TF32, for the
// references.
//
// An operand x is off by at most its distance d(x) from the nearest TF32 number. So a product is
// off by at most d(a) |b| + |a| d(b), and the sum by the sum of those. The errors have random
// signs. So the error of a long sum is near the root of the sum of their squares, and 12 times that
// is more than any result needs. Both bounds leave right kernels half of the room.
//
// An f32 of the second set of inputs (common/inputs.cuh) is a hair below a TF32 number. There the
// nearest number costs next to nothing, while truncation costs a whole unit. So a kernel that
// truncates an operand which must be rounded is found, even if it truncates only some of the
// values.
//
// An op may let its kernels truncate `a`. That moves the sum by its `drift`. The expected value is
// then in the middle between both sums, and the drift is added to the bound.
#pragma once

#include "common/config.cuh"

namespace tw {

// Returns x truncated to TF32; infinities and NaNs as they are.
TW_DEVICE float truncated_to_tf32(float x) {
  return x - x != 0 ? x : __uint_as_float(__float_as_uint(x) & 0xffffe000u);
}

// Returns d(x); 0 for infinities and NaNs. Tensor cores may truncate a subnormal.
TW_DEVICE double distance_to_tf32(float x) {
  if (x - x != 0) return 0;
  if (fabs(static_cast<double>(x)) < 0x1p-126) return 0x1p-136;
  const float power = __uint_as_float(__float_as_uint(x) & 0x7f800000u);
  const double below = fabs(static_cast<double>(x) - truncated_to_tf32(x));
  return fmin(below, 0x1p-10 * static_cast<double>(power) - below);
}

// Adds up what the products of a sum may be off.
struct Tf32Error {
  double sum = 0;
  double squares = 0;
  double drift = 0;

  // Adds the product a * b.
  TW_DEVICE void add(float a, float b) {
    const double of_a = distance_to_tf32(a) * fabs(static_cast<double>(b));
    const double of_b = distance_to_tf32(b) * fabs(static_cast<double>(a));
    sum += of_a + of_b;
    squares += of_a * of_a + of_b * of_b;
  }
  // The same if a may be truncated.
  TW_DEVICE void add_truncated(float a, float b) {
    add(a, b);
    if (a - a == 0) drift += (static_cast<double>(truncated_to_tf32(a)) - a) * b;
  }
  TW_DEVICE double bound() const { return fmin(2 * sum, 12 * sqrt(squares)) + fabs(drift); }
};

}  // namespace tw
