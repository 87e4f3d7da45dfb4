// The parameters that kernels of gemm share. The search-space files fill them member by member.
#pragma once

#include "gemm/op.cuh"

namespace tw::gemm {

// C has m x n elements, each a sum of k products.
struct Size {
  int m, n, k;
};

// The matrices of an operand, its leading dimension, and the elements from one matrix of the batch
// to the next.
template <class T, class V>
struct Operand {
  Matrices<const T, V> data;
  long long ld, stride;
};

// The matrices C, as those of an operand: C = alpha * A * B + beta * C.
template <class MatricesC>
struct DestinationIn {
  MatricesC data;
  long long ld, stride;
  float alpha, beta;
};
template <class T, class V>
using Destination = DestinationIn<Matrices<T, V>>;

// The leading dimensions, and the elements from one matrix of the batch to the next.
struct Strides {
  long long lda, ldb, ldc;
  long long a, b, c;
};

// How blocks share tiles of C (mma_schedule.cuh): the first `shared_tiles` tiles are dealt to
// `workers` blocks. partials: the floats of a tile for each of a worker's tiles (Shares::kSlots).
// arrived: one zero for each shared tile.
struct Work {
  int workers, shared_tiles;
  float* partials;
  unsigned* arrived;
};

}  // namespace tw::gemm
