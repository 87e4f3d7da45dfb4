// The numbers of the references: results in fp64, with the magnitude that says by how much a right
// result may differ.
//
// The magnitude of a result is its error in units of the arithmetic (common/judge.cuh). The
// magnitude of a sum is at first the sum of the absolute values of the terms; each step of a chain
// updates it. The `tolerance` is the error that is allowed for each unit of the magnitude.
#pragma once

#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/extrema.cuh"

namespace tw {

struct Exact {
  double value;
  double magnitude;

  // fp32 arithmetic rounds subnormal values to multiples of 2^-149, and it overflows.
  TW_DEVICE Exact(double v, double m) : value(v), magnitude(m + 0x1p-126) { overflow(); }

  TW_DEVICE double slack(double tolerance) const { return tolerance * magnitude; }

  // Applies the step y = f(value). The error of `value` spans an interval. The new magnitude is how
  // far f moves at the ends of this interval. So the slope is the true slope, and the error ends
  // where f saturates. (Each f is monotone or has one extremum; at an extremum the ends bound the
  // values between them.) An infinite value is exact. A step that rounds adds one unit of its
  // result.
  template <class F>
  TW_DEVICE void apply(F f, bool rounds, double tolerance) {
    const double reach = slack(tolerance);
    const double y = f(value);
    double moved = 0;
    if (value - value == 0 && reach > 0) {
      moved = fmax(fabs(f(value + reach) - y), fabs(f(value - reach) - y)) / tolerance;
    }
    value = y;
    magnitude = moved + (rounds ? fabs(y) + 0x1p-126 : 0);
    overflow();
  }

 private:
  TW_DEVICE void overflow() {
    constexpr double limit = 3.4028235677973366e38;  // the least value that rounds to infinity
    if (fabs(value) >= limit) value = value > 0 ? infinity() : -infinity();
  }
};

namespace epilogue {

// Applies the steps of a chain to x.
template <class T, class... Steps>
TW_DEVICE void judge(const Chain<Steps...>&, [[maybe_unused]] Exact& x,
                     [[maybe_unused]] double tolerance, const typename Chain<Steps...>::Args& args,
                     [[maybe_unused]] Point p) {
  [[maybe_unused]] const void* const* tensor = args.tensor;
  [[maybe_unused]] const float* scalar = args.scalar;
  ((x.apply([&](double v) { return Steps::template apply<T>(v, tensor, scalar, p); }, Steps::rounds,
            tolerance),
    tensor += Steps::tensors, scalar += Steps::scalars),
   ...);
}

}  // namespace epilogue
}  // namespace tw
