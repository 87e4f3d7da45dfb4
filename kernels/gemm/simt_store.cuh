// The end of simt.cuh: C is written. G is a simt::Tiling.
#pragma once

#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/vector.cuh"

namespace tw::gemm::simt {

// Returns the i-th of a thread's rows (or columns), relative to its first.
template <int kLanes>
TW_HOST_DEVICE constexpr int spread(int i) {
  return i / 4 * 4 * kLanes + i % 4;
}

// Writes those of 4 neighbouring elements of a row of C that are inside C; `at` is the first.
// aligned: C allows vectors of 4.
template <class T, class Epilogue>
TW_DEVICE void store_group(T* c, const T* sums, epilogue::Point at, int n, bool aligned,
                           float alpha, float beta, const typename Epilogue::Args& epilogue) {
  c += at.offset;
  const bool whole = aligned && at.column <= n - 4;
  Vector<T, 4> old{};
  if (beta != 0) {
    if (whole) {
      old = load_vector<4>(c);
    } else {
      TW_UNROLL
      for (int j = 0; j < 4; ++j) {
        if (j < n - at.column) old.at[j] = c[j];
      }
    }
  }
  Vector<T, 4> result;
  TW_UNROLL
  for (int j = 0; j < 4; ++j) {
    // Beyond the edge the column is clamped, because a step may read tensors of n elements.
    const int inside = min(j, n - 1 - at.column);
    const epilogue::Point point{at.row, at.column + inside, at.offset + inside};
    result.at[j] =
        Epilogue::template apply<T>(fmaf(alpha, sums[j], beta * old.at[j]), epilogue, point);
  }
  if (whole) {
    store_vector(c, result);
  } else {
    TW_UNROLL
    for (int j = 0; j < 4; ++j) {
      if (j < n - at.column) c[j] = result.at[j];
    }
  }
}

template <class G, class T, class Epilogue>
TW_DEVICE void store_tile(const T (&sums)[G::knobs.thread_m][G::knobs.thread_n], T* c,
                          long long ldc, int m, int n, int first_row, int first_column, float alpha,
                          float beta, const typename Epilogue::Args& epilogue) {
  const bool aligned =
      ldc % 4 == 0 && reinterpret_cast<unsigned long long>(c) % (4 * sizeof(T)) == 0;
  TW_UNROLL
  for (int i = 0; i < G::knobs.thread_m; ++i) {
    const int row = first_row + spread<G::kLanesM>(i);
    if (row < m) {
      TW_UNROLL
      for (int j = 0; j < G::knobs.thread_n; j += 4) {
        const int column = first_column + spread<G::kLanesN>(j);
        store_group<T, Epilogue>(c, &sums[i][j], {row, column, row * ldc + column}, n, aligned,
                                 alpha, beta, epilogue);
      }
    }
  }
}

}  // namespace tw::gemm::simt
