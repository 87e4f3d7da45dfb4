// The end of simt.cuh, when a block's slice of k is done: the slices are added up,
// and C is written. G is a simt::Tiling.
#pragma once

#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/shared.cuh"
#include "common/vector.cuh"

namespace tw::gemm::simt {

// Returns the i-th of a thread's rows (or columns), relative to its first.
template <int kLanes>
TW_HOST_DEVICE constexpr int spread(int i) {
  return i / 4 * 4 * kLanes + i % 4;
}

// Adds up the slices of a tile of C. Each block writes its sums to `partials`
// ([tile][slice][group][thread] vectors) and increments `arrived`. The last block reads all sums in
// the order of the slices and returns true; the counter is back at zero then.
template <class G, class T>
TW_DEVICE bool gather_slices(T (&sums)[G::knobs.thread_m][G::knobs.thread_n], T* partials,
                             unsigned* arrived, int tile, int slice) {
  constexpr int kSlices = G::knobs.split_k;
  constexpr int kPerThread = G::knobs.thread_m * G::knobs.thread_n;
  constexpr long long kPerSlice = static_cast<long long>(kPerThread) * G::kThreads;

  T* const first = partials + tile * (kPerSlice * kSlices) + threadIdx.x * 4;
  TW_UNROLL
  for (int i = 0; i < kPerThread; i += 4) {
    Vector<T, 4> group;
    TW_UNROLL
    for (int j = 0; j < 4; ++j) {
      group.at[j] = sums[i / G::knobs.thread_n][i % G::knobs.thread_n + j];
    }
    store_vector(first + slice * kPerSlice + i * G::kThreads, group);
  }
  __threadfence();
  __syncthreads();
  // No thread reads the tiles in shared memory any more. Their first word tells the block whether
  // it is the last.
  unsigned* const before = dynamic_shared<unsigned>();
  if (threadIdx.x == 0) *before = atomicInc(arrived + tile, kSlices - 1);
  __syncthreads();
  if (*before != kSlices - 1) return false;
  __threadfence();

  TW_UNROLL
  for (int i = 0; i < kPerThread; ++i) sums[i / G::knobs.thread_n][i % G::knobs.thread_n] = 0;
  for (int s = 0; s < kSlices; ++s) {
    TW_UNROLL
    for (int i = 0; i < kPerThread; i += 4) {
      const float4 part =
          __ldcg(reinterpret_cast<const float4*>(first + s * kPerSlice + i * G::kThreads));
      T* const sum = &sums[i / G::knobs.thread_n][i % G::knobs.thread_n];
      sum[0] += part.x;
      sum[1] += part.y;
      sum[2] += part.z;
      sum[3] += part.w;
    }
  }
  return true;
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
