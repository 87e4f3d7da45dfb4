// Conversions of vectors between storage types and floats, with the instructions that convert two
// 16-bit elements at once.
#pragma once

#include "common/config.cuh"
#include "common/half.cuh"
#include "common/vector.cuh"

namespace tw {

// Returns in `values` the elements of a vector as floats.
template <class T, int kCount>
TW_DEVICE void widen(const Vector<T, kCount>& stored, float (&values)[kCount]) {
  if constexpr (sizeof(T) == 2 && kCount % 2 == 0) {
    unsigned words[kCount / 2];
    memcpy(words, &stored, sizeof stored);
    TW_UNROLL
    for (int i = 0; i < kCount / 2; ++i) {
      values[2 * i] = to_float(T{static_cast<unsigned short>(words[i])});
      values[2 * i + 1] = to_float(T{static_cast<unsigned short>(words[i] >> 16)});
    }
  } else {
    TW_UNROLL
    for (int i = 0; i < kCount; ++i) values[i] = to_float(stored.at[i]);
  }
}

// Returns the floats as a vector; each float is rounded to the nearest element.
template <class T, int kCount>
TW_DEVICE Vector<T, kCount> narrow(const float (&values)[kCount]) {
  Vector<T, kCount> stored;
  if constexpr (sizeof(T) == 2 && kCount % 2 == 0) {
    unsigned words[kCount / 2];
    TW_UNROLL
    for (int i = 0; i < kCount / 2; ++i) words[i] = packed<T>(values[2 * i], values[2 * i + 1]);
    memcpy(&stored, words, sizeof stored);
  } else {
    TW_UNROLL
    for (int i = 0; i < kCount; ++i) stored.at[i] = from_float<T>(values[i]);
  }
  return stored;
}

// Makes the compiler convert 16-bit elements again where they are used later. Converting again is
// cheaper than keeping the floats, which need twice the registers. `zero` is 0, but the compiler
// must not know this: ptxas sees through an empty asm statement.
template <class T, int kCount>
TW_DEVICE void forget_floats(Vector<T, kCount>& stored, unsigned zero) {
  if constexpr (sizeof(T) == 2 && kCount % 2 == 0) {
    unsigned words[kCount / 2];
    memcpy(words, &stored, sizeof stored);
    TW_UNROLL
    for (int i = 0; i < kCount / 2; ++i) words[i] += zero;
    memcpy(&stored, words, sizeof stored);
  }
}

}  // namespace tw
