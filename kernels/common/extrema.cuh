// Infinity, NaN, and the larger and the smaller of two floats as PyTorch defines them: the result
// is NaN if either float is NaN. fmaxf and fminf return the other float instead.
#pragma once

#include "common/config.cuh"

namespace tw {

// NVRTC has no INFINITY and no NAN.
TW_DEVICE float infinity() { return __int_as_float(0x7f800000); }
TW_DEVICE float quiet_nan() { return __int_as_float(0x7fffffff); }

TW_DEVICE float max_or_nan(float a, float b) {
#ifdef TW_CPU_DEVICE
  return a > b || a != a ? a : b;
#else
  float result = 0;
  TW_FROM_SM80(asm("max.NaN.f32 %0, %1, %2;" : "=f"(result) : "f"(a), "f"(b));)
  return result;
#endif
}

TW_DEVICE float min_or_nan(float a, float b) {
#ifdef TW_CPU_DEVICE
  return a < b || a != a ? a : b;
#else
  float result = 0;
  TW_FROM_SM80(asm("min.NaN.f32 %0, %1, %2;" : "=f"(result) : "f"(a), "f"(b));)
  return result;
#endif
}

}  // namespace tw
