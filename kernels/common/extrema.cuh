// The larger and the smaller of two floats, as PyTorch has them: NaN if one of them is. fmaxf and
// fminf return the other one.
#pragma once

#include "common/config.cuh"

namespace tw {

TW_DEVICE float max_or_nan(float a, float b) {
#ifdef TW_CPU_DEVICE
  return a > b || a != a ? a : b;
#else
  float result;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(result) : "f"(a), "f"(b));
  return result;
#endif
}

TW_DEVICE float min_or_nan(float a, float b) {
#ifdef TW_CPU_DEVICE
  return a < b || a != a ? a : b;
#else
  float result;
  asm("min.NaN.f32 %0, %1, %2;" : "=f"(result) : "f"(a), "f"(b));
  return result;
#endif
}

}  // namespace tw
