// The reference of GEMM: the result in fp64, and by how much a result may be off.
//
//               B tile          One thread computes one element of C; a block has 16 x 16. Tiles of
//              +------+         A and B go through shared memory as doubles: conversion happens
//              |      |         once per block and not once per product.
//              +------+
//    A tile     C tile          Blocks stride over the rows and columns of C, so any grid gives the
//   +------+   +------+         right result. If rows are reduced, the grid's width must be 1.
//   |      |   |      |
//   +------+   +------+
#pragma once

#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/epilogue_reductions.cuh"
#include "common/exact.cuh"
#include "common/exact_reductions.cuh"
#include "common/half.cuh"
#include "common/tf32_error.cuh"
#include "gemm/arguments.cuh"
#include "gemm/op.cuh"

namespace tw::gemm {

constexpr int kReferenceTile = 16;
using ReferenceTile = double[kReferenceTile][kReferenceTile + 1];

// The sum of a thread's products, the sum of their absolute values, and what rounding the operands
// to TF32 may add.
struct ReferenceSum {
  double sum = 0;
  double absolute = 0;
  Tf32Error rounding;
};

// Returns the sum of a thread's products. The block computes the tile whose first element is (rows,
// columns). All its threads take part. The operands may be rounded to TF32 if is_tf32 is not 0.
template <class T, class V>
TW_DEVICE ReferenceSum add_products(int m, int n, int k, const T* a, long long lda, const T* b,
                                    long long ldb, long long rows, long long columns, int is_tf32,
                                    ReferenceTile& a_tile, ReferenceTile& b_tile) {
  constexpr bool kTransposedA = transposed_a(V::choices.layout);
  constexpr bool kTransposedB = transposed_b(V::choices.layout);
  const int x = static_cast<int>(threadIdx.x);
  const int y = static_cast<int>(threadIdx.y);
  ReferenceSum result;
  for (int k0 = 0; k0 < k; k0 += kReferenceTile) {
    // x runs along the stored rows, whichever axis they are.
    const long long a_row = rows + (kTransposedA ? x : y);
    const long long a_k = static_cast<long long>(k0) + (kTransposedA ? y : x);
    const long long b_column = columns + (kTransposedB ? y : x);
    const long long b_k = static_cast<long long>(k0) + (kTransposedB ? x : y);
    double a_value = 0;
    double b_value = 0;
    if (a_row < m && a_k < k) {
      a_value = to_float(a[kTransposedA ? a_k * lda + a_row : a_row * lda + a_k]);
    }
    if (b_column < n && b_k < k) {
      b_value = to_float(b[kTransposedB ? b_column * ldb + b_k : b_k * ldb + b_column]);
    }
    (kTransposedA ? a_tile[x][y] : a_tile[y][x]) = a_value;
    (kTransposedB ? b_tile[x][y] : b_tile[y][x]) = b_value;
    __syncthreads();
    TW_UNROLL
    for (int i = 0; i < kReferenceTile; ++i) {
      const double product = a_tile[y][i] * b_tile[i][x];
      result.sum += product;
      result.absolute += fabs(product);
      if constexpr (sizeof(T) == 4) {
        if (is_tf32 != 0) {
          result.rounding.add(static_cast<float>(a_tile[y][i]), static_cast<float>(b_tile[i][x]));
        }
      }
    }
    __syncthreads();
  }
  return result;
}

// The state of the first thread of each row of a block if the chain ends in a reduction: the
// reduction of its row of the product.
template <class Epilogue, bool kReduced = epilogue::is_reduced<Epilogue>>
struct ReferenceRow {};
template <class Epilogue>
struct ReferenceRow<Epilogue, true> : epilogue::ExactReduction<typename Epilogue::Reduction> {
  // Adds the elements of the first `count` threads of each row. All threads of the block take part.
  TW_DEVICE void gather(double value, double slack, int count, ReferenceTile& values,
                        ReferenceTile& slacks) {
    values[threadIdx.y][threadIdx.x] = value;
    slacks[threadIdx.y][threadIdx.x] = slack;
    __syncthreads();
    for (int i = 0; i < count && threadIdx.x == 0; ++i) {
      this->add(values[threadIdx.y][i], slacks[threadIdx.y][i]);
    }
    __syncthreads();
  }
};

// Writes c_expected = epilogue(alpha * op(A) * op(B) + beta * C) and c_magnitude: the sum of the
// absolute terms of the same expression, and what rounding the operands to TF32 may add, in units
// of the tolerance, carried through the epilogue (see exact.cuh). Both are m x n (m x 1 if the
// epilogue ends in a reduction), with C's leading dimension and, for a batch, C's stride. C is not
// read if beta is 0. Blocks have 16 x 16 threads.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(256)
    reference(Size size, int batch, const T* a, const T* b, const T* c, Strides strides,
              float alpha, float beta, typename Epilogue::Args epilogue, double tolerance,
              int is_tf32, double* c_expected, double* c_magnitude) {
  const int m = size.m, n = size.n;
  constexpr bool kReduced = epilogue::is_reduced<Epilogue>;
  __shared__ ReferenceTile a_tile;
  __shared__ ReferenceTile b_tile;
  const long long row_step = static_cast<long long>(gridDim.y) * kReferenceTile;
  const long long column_step = static_cast<long long>(gridDim.x) * kReferenceTile;

  for (int layer = static_cast<int>(blockIdx.z); layer < batch;
       layer += static_cast<int>(gridDim.z)) {
    for (long long rows = static_cast<long long>(blockIdx.y) * kReferenceTile; rows < m;
         rows += row_step) {
      const int row = static_cast<int>(rows) + static_cast<int>(threadIdx.y);
      [[maybe_unused]] ReferenceRow<Epilogue> reduced;
      for (long long columns = static_cast<long long>(blockIdx.x) * kReferenceTile; columns < n;
           columns += column_step) {
        const ReferenceSum products = add_products<T, V>(
            m, n, size.k, a + layer * strides.a, strides.lda, b + layer * strides.b, strides.ldb,
            rows, columns, is_tf32, a_tile, b_tile);
        const int column = static_cast<int>(columns) + static_cast<int>(threadIdx.x);
        const bool exists = row < m && column < n;
        const long long at = kReduced ? (static_cast<long long>(layer) * m + row) * n + column
                                      : layer * strides.c + row * strides.ldc + column;
        const bool adds = !kReduced && exists && beta != 0;
        const double scaled = adds ? static_cast<double>(beta) * to_float(c[at]) : 0;
        const double units = products.absolute + products.rounding.bound() / tolerance;
        Exact x(static_cast<double>(alpha) * products.sum + scaled,
                fabs(static_cast<double>(alpha)) * units + fabs(scaled));
        if (exists) {
          epilogue::judge<T>(Epilogue{}, x, tolerance, epilogue, epilogue::Point{row, column, at});
        }
        if constexpr (kReduced) {
          const int left = n - static_cast<int>(columns);
          reduced.gather(x.value, x.slack(tolerance), min(kReferenceTile, left), a_tile, b_tile);
        } else if (exists) {
          c_expected[at] = x.value;
          c_magnitude[at] = x.magnitude;
        }
      }
      if constexpr (kReduced) {
        if (row < m && threadIdx.x == 0) {
          const Exact x = reduced.result(tolerance);
          c_expected[layer * strides.c + row * strides.ldc] = x.value;
          c_magnitude[layer * strides.c + row * strides.ldc] = x.magnitude;
        }
      }
    }
  }
}

}  // namespace tw::gemm
