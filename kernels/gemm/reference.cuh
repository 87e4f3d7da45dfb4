// What a GEMM must compute, in fp64, and by how much a result may be off.
//
//               B tile          One thread computes one element of C, 16 x 16 a block. Tiles of A
//               and
//              +------+         B go through shared memory as doubles: an element is converted once
//              a |      |         block and not once a product.
//              +------+
//    A tile     C tile          Blocks stride over the rows of C, so that any height of the grid is
//   +------+   +------+         right.
//   |      |   |      |
//   +------+   +------+
#pragma once

#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/half.cuh"
#include "gemm/op.cuh"

namespace tw::gemm {

// Writes c_expected = epilogue(alpha * op(A) * op(B) + beta * C) and c_magnitude, the sum of the
// absolute terms of the same expression carried through the epilogue (see epilogue::Step). Both are
// m x n with C's leading dimension and, of a batch, C's stride. C is not read if beta is 0.
// Launched with blocks of 16 x 16 threads.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(256)
    reference(int m, int n, int k, const T* a, long long lda, const T* b, long long ldb, const T* c,
              long long ldc, int batch, long long stride_a, long long stride_b, long long stride_c,
              float alpha, float beta, typename Epilogue::Args epilogue, double* c_expected,
              double* c_magnitude) {
  constexpr int kTile = 16;
  constexpr bool kTransposedA = transposed_a(V::choices.layout);
  constexpr bool kTransposedB = transposed_b(V::choices.layout);
  __shared__ double a_tile[kTile][kTile + 1];
  __shared__ double b_tile[kTile][kTile + 1];

  const int x = static_cast<int>(threadIdx.x);
  const int y = static_cast<int>(threadIdx.y);
  const int columns = static_cast<int>(blockIdx.x) * kTile;
  const int column = columns + x;
  const long long row_step = static_cast<long long>(gridDim.y) * kTile;

  for (int layer = static_cast<int>(blockIdx.z); layer < batch;
       layer += static_cast<int>(gridDim.z)) {
    const T* const a_matrix = a + layer * stride_a;
    const T* const b_matrix = b + layer * stride_b;
    for (long long rows = static_cast<long long>(blockIdx.y) * kTile; rows < m; rows += row_step) {
      const int row = static_cast<int>(rows) + y;
      double sum = 0;
      double absolute = 0;
      for (int k0 = 0; k0 < k; k0 += kTile) {
        // x runs along the stored rows, whichever axis that is.
        const long long a_row = rows + (kTransposedA ? x : y);
        const long long a_k = static_cast<long long>(k0) + (kTransposedA ? y : x);
        const long long b_column = static_cast<long long>(columns) + (kTransposedB ? y : x);
        const long long b_k = static_cast<long long>(k0) + (kTransposedB ? x : y);
        double a_value = 0;
        double b_value = 0;
        if (a_row < m && a_k < k) {
          a_value = to_float(a_matrix[kTransposedA ? a_k * lda + a_row : a_row * lda + a_k]);
        }
        if (b_column < n && b_k < k) {
          b_value = to_float(b_matrix[kTransposedB ? b_column * ldb + b_k : b_k * ldb + b_column]);
        }
        (kTransposedA ? a_tile[x][y] : a_tile[y][x]) = a_value;
        (kTransposedB ? b_tile[x][y] : b_tile[y][x]) = b_value;
        __syncthreads();
        TW_UNROLL
        for (int i = 0; i < kTile; ++i) {
          const double product = a_tile[y][i] * b_tile[i][x];
          sum += product;
          absolute += fabs(product);
        }
        __syncthreads();
      }
      if (row < m && column < n) {
        const long long at = layer * stride_c + row * ldc + column;
        const double scaled = beta != 0 ? static_cast<double>(beta) * to_float(c[at]) : 0;
        double value = static_cast<double>(alpha) * sum + scaled;
        double magnitude = fabs(static_cast<double>(alpha)) * absolute + fabs(scaled);
        Epilogue::template judge<T>(value, magnitude, epilogue, epilogue::Point{row, column, at});
        c_expected[at] = value;
        c_magnitude[at] = magnitude;
      }
    }
  }
}

}  // namespace tw::gemm
