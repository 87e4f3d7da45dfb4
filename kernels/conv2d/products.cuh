// Products of the fragments of a warp's tile, for every dtype and math.
#pragma once

#include "common/config.cuh"
#include "common/half.cuh"
#include "common/mma.cuh"

namespace tw::conv2d {

template <int kTilesM, int kTilesN>
TW_DEVICE void clear(float (&sums)[kTilesM][kTilesN][4]) {
  TW_UNROLL
  for (int m = 0; m < kTilesM; ++m) {
    TW_UNROLL
    for (int i = 0; i < kTilesN * 4; ++i) sums[m][i / 4][i % 4] = 0;
  }
}

// Adds A * B of 8 words along K to the sums. kPasses is the number of TF32 products for each
// product of floats; 3 give fp32's accuracy. kRoundedA, kRoundedB: with one pass, the operand is
// already rounded to TF32.
template <class T, int kPasses, bool kRoundedA, bool kRoundedB, int kTilesM, int kTilesN>
TW_DEVICE void multiply(float (&sums)[kTilesM][kTilesN][4], const unsigned (&a)[kTilesM][4],
                        const unsigned (&b)[kTilesN][2]) {
  if constexpr (sizeof(T) == 2) {
    TW_UNROLL
    for (int i = 0; i < kTilesM * kTilesN; ++i) {
      const int m = i % kTilesM, n = i / kTilesM;
      mma_m16n8k16<T>(sums[m][n], a[m], b[n]);
    }
  } else if constexpr (kPasses == 1) {
    unsigned rounded[kTilesM][4];
    TW_UNROLL
    for (int i = 0; i < kTilesM * 4; ++i) {
      const unsigned word = a[i / 4][i % 4];
      rounded[i / 4][i % 4] = kRoundedA ? word : tf32_operand(__uint_as_float(word));
    }
    TW_UNROLL
    for (int n = 0; n < kTilesN; ++n) {
      unsigned rounded_b[2];
      TW_UNROLL
      for (int i = 0; i < 2; ++i) {
        rounded_b[i] = kRoundedB ? b[n][i] : tf32_operand(__uint_as_float(b[n][i]));
      }
      TW_UNROLL
      for (int m = 0; m < kTilesM; ++m) mma_m16n8k8(sums[m][n], rounded[m], rounded_b);
    }
  } else {
    unsigned big[kTilesM][4], small[kTilesM][4];
    TW_UNROLL
    for (int i = 0; i < kTilesM * 4; ++i) {
      const SplitOperand parts(__uint_as_float(a[i / 4][i % 4]));
      big[i / 4][i % 4] = parts.big;
      small[i / 4][i % 4] = parts.small;
    }
    TW_UNROLL
    for (int n = 0; n < kTilesN; ++n) {
      const SplitOperand first(__uint_as_float(b[n][0]));
      const SplitOperand second(__uint_as_float(b[n][1]));
      const unsigned b_big[2] = {first.big, second.big};
      const unsigned b_small[2] = {first.small, second.small};
      // The tensor cores truncate when they add. So a step's products are summed separately and
      // added to the long sum with rounding.
      float part[kTilesM][4] = {};
      TW_UNROLL
      for (int m = 0; m < kTilesM; ++m) mma_m16n8k8(part[m], small[m], b_big);
      TW_UNROLL
      for (int m = 0; m < kTilesM; ++m) mma_m16n8k8(part[m], big[m], b_small);
      TW_UNROLL
      for (int m = 0; m < kTilesM; ++m) mma_m16n8k8(part[m], big[m], b_big);
      TW_UNROLL
      for (int i = 0; i < kTilesM * 4; ++i) sums[i / 4][n][i % 4] += part[i / 4][i % 4];
    }
  }
}

}  // namespace tw::conv2d
