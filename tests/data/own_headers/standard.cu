#include <math.h>
#include <math_constants.h>
#include <stdint.h>
#include <stdio.h>

#include <algorithm>
#include <cassert>
#include <cfloat>
#include <climits>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <type_traits>
#include <utility>

#include "parts.cuh"

__global__ void check(const unsigned* x, unsigned* y, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  Results out{y + i * RESULTS};
  for (int k = 0; k < RESULTS; ++k) out.at[k] = 0;
  const uint32_t a = bits_of(x[i], i);
  const std::int64_t wide = int64_t(a) << 20;
  assert(wide >= 0);
  out.add((unsigned long long)a << 20, (unsigned long long)wide);
  out.add(255u, unsigned(uint8_t(a | 255)));
  out.add(4u, unsigned(sizeof(std::int32_t)));
  out.add(8u, unsigned(sizeof(std::size_t)));
  out.add(2147483647, INT_MAX);
  out.add(3.40282347e38f, FLT_MAX);
  out.add(3.40282347e38f, std::numeric_limits<float>::max());
  out.add(-128, int(std::numeric_limits<int8_t>::min()));
  out.add(true, std::is_same<std::conditional_t<true, float, int>, float>::value);
  const float f = a / 65536.0f;
  out.add(a % 100u, unsigned(std::min(a % 100u, 100u)));
  out.add(fabsf(-f), std::abs(-f));
  out.add(sqrtf(f), std::sqrt(f));
  out.add(f > 9 ? 9.0f : f, std::min(f, 9.0f));
  out.add(3.14159274f, float(M_PI));
  out.add(3.14159274f, CUDART_PI_F);
  out.add(f * 0 + HUGE_VALF, INFINITY);
  int p = 1, q = int(a);
  std::swap(p, q);
  out.add(int(a), p);
  if (f < 0) printf("%f\n", f);
}
