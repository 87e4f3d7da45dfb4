// The end of mma.cuh and wgmma.cuh. Without a reduction the sums are stored. If the
// chain ends in a reduction, the kernel writes only a partial result for each row of each warp's
// part. A second pass merges the partial results of a row in a fixed order, so that results do not
// depend on timing.
//
//     a row of the product   | part 0 | part 1 | part 2 |..     as wide as a warp's part
//     row_partials           kPartialFloats for each; row after row, matrix after matrix
#pragma once

#include "common/config.cuh"
#include "common/epilogue_reductions.cuh"
#include "common/half.cuh"
#include "gemm/arguments.cuh"
#include "gemm/mma_store.cuh"

namespace tw::gemm::mma {

constexpr int kPartialFloats = 2;

// The destination of the results, and the epilogue. row_partials is read and written if the chain
// ends in a reduction; beta is 0 then.
template <class T, class Epilogue, class MatricesC = T*>
struct Results {
  DestinationIn<MatricesC> c;
  int m, n;
  const typename Epilogue::Args& epilogue;
  float* row_partials;

  // Stores or reduces the sums of a warp's part of a matrix of the batch. The part's first element
  // is (row, column). Rows says which rows a thread has (mma_store.cuh).
  template <class Rows = TileRows, int kRows, int kColumns>
  TW_DEVICE void take(const float (&sums)[kRows][kColumns][4], int batch, int row,
                      int column) const {
    if constexpr (epilogue::is_reduced<Epilogue>) {
      reduce<Rows>(sums, static_cast<long long>(batch) * m, row, column);
    } else {
      store_sums<Rows>(sums, output(batch), row, column);
    }
  }

  // Returns the destination of what is not reduced in a matrix of the batch.
  TW_DEVICE Output<T, Epilogue> output(int batch) const {
    constexpr int kVector = 16 / static_cast<int>(sizeof(T));
    T* const mine = matrix(c.data, batch, c.stride);
    const bool aligned =
        c.ld % kVector == 0 && reinterpret_cast<unsigned long long>(mine) % 16 == 0;
    return {mine, c.ld, batch * c.stride, m, n, c.alpha, c.beta, epilogue, aligned};
  }

 private:
  // Reduces the sums. first_row is the number of the matrix's first row among the rows of all
  // matrices.
  template <class Rows, int kRows, int kColumns>
  TW_DEVICE void reduce(const float (&sums)[kRows][kColumns][4], long long first_row, int row,
                        int column) const {
    using R = typename Epilogue::Reduction;
    constexpr int kTiles = kColumns % 4 == 0 ? 4 : 2;  // mma tiles whose values are added together
    static_assert(kColumns % kTiles == 0, "a warp's columns come in pairs of mma tiles");
    if (column >= n) return;  // true for the whole warp
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int parts = (n - 1) / (8 * kColumns) + 1;
    R mine[2 * kRows];
    // The outer loop runs over columns: what a step reads for a column serves all rows.
    TW_UNROLL
    for (int j = 0; j < kColumns; j += kTiles) {
      TW_UNROLL
      for (int i = 0; i < 2 * kRows; ++i) {
        float values[2 * kTiles];
        TW_UNROLL
        for (int e = 0; e < 2 * kTiles; ++e) {
          values[e] = value(sums[i / 2][j + e / 2][i % 2 * 2 + e % 2], first_row, row + Rows::at(i),
                            column + lane % 4 * 2 + 8 * (j + e / 2) + e % 2);
        }
        mine[i].add(values);
      }
    }
    TW_UNROLL
    for (int i = 0; i < 2 * kRows; ++i) {
      const int at = row + Rows::at(i);
      epilogue::join_lanes<4>(mine[i]);
      if (at < m && lane % 4 == 0) {
        const long long part = (first_row + at) * parts + column / (8 * kColumns);
        float* to = row_partials + part * kPartialFloats;
        mine[i].each([&](float& one) { *to++ = one; });
      }
    }
  }

  // Returns an element of the row that is reduced. A tensor of the product's shape that a step
  // reads is dense.
  TW_DEVICE float value(float sum, long long first_row, int row, int column) const {
    if (row >= m || column >= n) return Epilogue::Reduction::absent();
    const epilogue::Point point{row, column, (first_row + row) * n + column};
    return Epilogue::template apply<T>(c.alpha * sum, epilogue, point);
  }
};

// The second pass. Blocks have 256 threads. A warp merges the parts of one row and writes the row's
// value. `rows` counts the rows of all matrices, m rows each.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(256)
    finish([[maybe_unused]] int rows, [[maybe_unused]] int m, [[maybe_unused]] int parts,
           [[maybe_unused]] const float* row_partials, [[maybe_unused]] Matrices<T, V> c,
           [[maybe_unused]] long long ldc, [[maybe_unused]] long long stride_c) {
  // Emitted headers name this kernel for chains without a reduction too.
  if constexpr (epilogue::is_reduced<Epilogue>) {
    using R = typename Epilogue::Reduction;
    const int row = static_cast<int>(blockIdx.x) * 8 + static_cast<int>(threadIdx.x) / 32;
    const int lane = static_cast<int>(threadIdx.x) % 32;
    if (row >= rows) return;  // true for the whole warp
    R mine;
    for (int i = lane; i < parts; i += 32) {
      const float* from = row_partials + (static_cast<long long>(row) * parts + i) * kPartialFloats;
      R part;
      part.each([&](float& one) { one = *from++; });
      mine.merge(part);
    }
    epilogue::join_lanes<32>(mine);
    if (lane == 0) matrix(c, row / m, stride_c)[row % m * ldc] = from_float<T>(mine.result());
  }
}

}  // namespace tw::gemm::mma
