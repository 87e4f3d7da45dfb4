// How a warp of mma.cuh writes its part of C. A thread has pairs of neighbouring elements. Lanes
// exchange pairs, so that each lane has 16 bytes of neighbouring elements:
//
//    f32, a row of two mma tiles:                f16, bf16, a row of four:
//      lane t   0  1  2  3 | 0  1  2  3            0 1 2 3|0 1 2 3|0 1 2 3|0 1 2 3
//      becomes  0     2    | 1     3               0      |1      |2      |3
#pragma once

#include "common/config.cuh"
#include "common/convert.cuh"
#include "common/epilogue.cuh"
#include "common/exchange.cuh"
#include "common/half.cuh"
#include "common/vector.cuh"

namespace tw::gemm::mma {

// The address of a matrix C, and its epilogue.
template <class T, class Epilogue>
struct Output {
  T* c;
  long long ldc;
  long long offset;  // the matrix's offset in a tensor of C's shape that the epilogue reads
  int m, n;
  float alpha, beta;
  const typename Epilogue::Args& epilogue;
  bool aligned;  // vectors of 16 bytes are allowed
};

// Writes those of kCount neighbouring elements of a row that are inside the matrix.
template <int kCount, class T, class Epilogue>
TW_DEVICE void store_run(const Output<T, Epilogue>& out, const Vector<float, kCount>& sums, int row,
                         int column) {
  T* const c = out.c + row * out.ldc + column;
  const long long offset = out.offset + row * out.ldc + column;
  const int left = out.n - column;
  const bool whole = out.aligned && left >= kCount;
  Vector<float, kCount> run = sums;
  TW_UNROLL
  for (int i = 0; i < kCount; ++i) run.at[i] *= out.alpha;
  if (out.beta != 0) {
    if (whole) {
      const auto old = load_vector<kCount>(c);
      TW_UNROLL
      for (int i = 0; i < kCount; ++i) run.at[i] = fmaf(out.beta, to_float(old.at[i]), run.at[i]);
    } else {
      TW_UNROLL
      for (int i = 0; i < kCount; ++i) {
        if (i < left) run.at[i] = fmaf(out.beta, to_float(c[i]), run.at[i]);
      }
    }
  }
  TW_UNROLL
  for (int i = 0; i < kCount; ++i) {
    // Beyond the edge the column is clamped, because a step may read tensors of n elements.
    const int inside = min(i, left - 1);
    const epilogue::Point point{row, column + inside, offset + inside};
    run.at[i] = Epilogue::template apply<T>(run.at[i], out.epilogue, point);
  }
  const Vector<T, kCount> result = narrow<T>(run.at);
  if (whole) {
    store_vector(c, result);
  } else {
    TW_UNROLL
    for (int i = 0; i < kCount; ++i) {
      if (i < left) c[i] = result.at[i];
    }
  }
}

// Writes kCount neighbouring elements of a row that are inside the matrix, as one aligned vector. C
// is not read.
template <int kCount, class T, class Epilogue>
TW_DEVICE void store_whole_run(const Output<T, Epilogue>& out, const Vector<float, kCount>& sums,
                               int row, int column) {
  const long long at = row * out.ldc + column;
  Vector<float, kCount> run = sums;
  TW_UNROLL
  for (int i = 0; i < kCount; ++i) {
    const epilogue::Point point{row, column + i, out.offset + at + i};
    run.at[i] = Epilogue::template apply<T>(out.alpha * run.at[i], out.epilogue, point);
  }
  store_vector(out.c + at, Vector<T, kCount>(narrow<T>(run.at)));
}

// The rows of an mma tile of 16 that a thread has: at(0) and at(1). at(2) and on are those of the
// tiles below.
struct TileRows {
  static constexpr int kSpan = 16;  // rows of the tile
  static TW_DEVICE int at(int i) { return static_cast<int>(threadIdx.x) % 32 / 4 + 8 * i; }
};

// The two ways of store_sums. kWhole: all of the part is inside C, its rows are aligned, and C is
// not read.
template <class Rows, bool kWhole, class T, class Epilogue, int kRows, int kColumns>
TW_DEVICE void store_part(const float (&sums)[kRows][kColumns][4], const Output<T, Epilogue>& out,
                          int row, int column) {
  // mma tiles that are exchanged
  constexpr int kTiles = sizeof(T) == 4 || kColumns % 4 != 0 ? 2 : 4;
  static_assert(kColumns % kTiles == 0, "a warp's columns come in pairs of mma tiles");
  const int t = static_cast<int>(threadIdx.x) % 4;
  const int first = column + (kTiles == 2 ? t % 2 * 8 + t / 2 * 4 : t * 8);
  TW_UNROLL
  for (int i = 0; i < 2 * kRows; ++i) {
    const int at = row + Rows::at(i);
    TW_UNROLL
    for (int j = 0; j < kColumns; j += kTiles) {
      const auto pair = [&](int tile) {
        const float* const sum = sums[i / 2][j + tile] + i % 2 * 2;
        return Vector<float, 2>{{sum[0], sum[1]}};
      };
      const auto store = [&](const Vector<float, 2 * kTiles>& run) {
        if constexpr (kWhole) {
          store_whole_run(out, run, at, first + 8 * j);
        } else if (at < out.m && first + 8 * j < out.n) {
          store_run(out, run, at, first + 8 * j);
        }
      };
      auto run = exchanged(pair(0), pair(1), t % 2 == 0, 1);
      if constexpr (kTiles == 2) {
        store(run);
      } else {
        const auto next = exchanged(pair(2), pair(3), t % 2 == 0, 1);
        store(exchanged(run, next, t < 2, 2));
      }
    }
  }
}

// `row` and `column` are those of the warp's part of C. Rows is TileRows, or like it.
template <class Rows, class T, class Epilogue, int kRows, int kColumns>
TW_DEVICE void store_sums(const float (&sums)[kRows][kColumns][4], const Output<T, Epilogue>& out,
                          int row, int column) {
  // Most parts are whole. Their code is a fraction of the other one, and small code counts: each SM
  // reads it from device memory.
  const bool is_whole = out.aligned && out.beta == 0 && row + Rows::kSpan * kRows <= out.m &&
                        column + 8 * kColumns <= out.n;
  if (is_whole) {
    store_part<Rows, true>(sums, out, row, column);
  } else {
    store_part<Rows, false>(sums, out, row, column);
  }
}

}  // namespace tw::gemm::mma
