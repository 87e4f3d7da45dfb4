// The 16-bit storage types. They hold bits and have no arithmetic: kernels compute in float.
//
// The types are our own because a machine without the CUDA toolkit has no cuda_fp16.h, and because
// PyTorch's extension flags disable that header's operators. Their bits are those of __half and
// __nv_bfloat16.
#pragma once

#include "common/config.cuh"

namespace tw {

// IEEE binary16.
struct f16 {
  unsigned short bits;
};
// The upper half of a float.
struct bf16 {
  unsigned short bits;
};

TW_DEVICE float to_float(float x) { return x; }

TW_DEVICE float to_float(bf16 x) { return __uint_as_float(static_cast<unsigned>(x.bits) << 16); }

TW_DEVICE float to_float(f16 x) {
#ifdef TW_CPU_DEVICE
  const unsigned sign = (x.bits & 0x8000u) << 16;
  const unsigned magnitude = x.bits & 0x7fffu;
  if (magnitude < 0x400) {  // zero or denormal
    const float value = static_cast<float>(magnitude) * 0x1p-24f;
    return sign != 0 ? -value : value;
  }
  const unsigned rebias = magnitude >= 0x7c00 ? 0x70000000u : 0x38000000u;
  return __uint_as_float(sign | ((magnitude << 13) + rebias));
#else
  float result;
  asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(x.bits));
  return result;
#endif
}

namespace detail {

template <class T>
struct FromFloat;

template <>
struct FromFloat<float> {
  static TW_DEVICE float convert(float x) { return x; }
};

template <>
struct FromFloat<bf16> {
  static TW_DEVICE bf16 convert(float x) {
#ifdef TW_CPU_DEVICE
    if (x != x) return {0x7fff};
    const unsigned bits = __float_as_uint(x);
    return {static_cast<unsigned short>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16)};
#else
    bf16 result{};
    TW_FROM_SM80(asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(result.bits) : "f"(x));)
    return result;
#endif
  }
};

template <>
struct FromFloat<f16> {
  static TW_DEVICE f16 convert(float x) {
#ifdef TW_CPU_DEVICE
    const unsigned bits = __float_as_uint(x);
    const unsigned sign = bits >> 16 & 0x8000u;
    unsigned magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return {0x7fff};
    if (magnitude >= 0x477ff000u) {  // 65520 and more
      magnitude = 0x7c00;
    } else if (magnitude < 0x38800000u) {  // denormal: 0.5 + |x| rounds to multiples of 2^-24
      magnitude = __float_as_uint(0.5f + __uint_as_float(magnitude)) - 0x3f000000u;
    } else {
      magnitude = (magnitude + 0xfffu + (magnitude >> 13 & 1u) - 0x38000000u) >> 13;
    }
    return {static_cast<unsigned short>(sign | magnitude)};
#else
    f16 result;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(result.bits) : "f"(x));
    return result;
#endif
  }
};

}  // namespace detail

// Rounds to the nearest T (float, f16, bf16), ties to even. NaN stays NaN.
template <class T>
TW_DEVICE T from_float(float x) {
  return detail::FromFloat<T>::convert(x);
}

// Returns two elements that are neighbours in memory as one word; `first` has the lower address. T
// is f16 or bf16.
template <class T>
TW_DEVICE unsigned packed(float first, float second) {
  return from_float<T>(first).bits | static_cast<unsigned>(from_float<T>(second).bits) << 16;
}
#ifndef TW_CPU_DEVICE
template <>
TW_DEVICE unsigned packed<bf16>(float first, float second) {
  unsigned result = 0;
  TW_FROM_SM80(asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(result) : "f"(second), "f"(first));)
  return result;
}
template <>
TW_DEVICE unsigned packed<f16>(float first, float second) {
  unsigned result = 0;
  TW_FROM_SM80(asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(result) : "f"(second), "f"(first));)
  return result;
}
#endif

}  // namespace tw
