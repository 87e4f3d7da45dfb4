// Vectors of storage types to floats and back, with the instructions that convert two 16-bit
// elements together.
#pragma once

#include "common/config.cuh"
#include "common/half.cuh"
#include "common/vector.cuh"

namespace tw {

// The elements of a vector as floats.
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

// Floats as elements of a vector, each rounded to the nearest.
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

// Makes the compiler convert 16-bit elements again where they are used later, which is cheaper than
// to keep them in twice the registers. `zero` is 0, and must not be known to be: ptxas sees through
// an empty asm statement.
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
