// The words of the op: how the operands of C = A * B are stored, and how the operands of a batch
// are found.
#pragma once

#include "common/config.cuh"

namespace tw::gemm {

// The first letter is A's: n as written, A[m, k]; t transposed, A[k, m]. The second letter is B's:
// n for B[k, n], t for B[n, k].
enum class Layout { nn, nt, tn, tt };

// The matrices of a batch are found by a stride from the first one, or by an array of pointers.
enum class Batches { strided, pointers };

struct Choices {
  Layout layout;
  Batches batches;
};

TW_HOST_DEVICE constexpr bool transposed_a(Layout layout) {
  return layout == Layout::tn || layout == Layout::tt;
}
TW_HOST_DEVICE constexpr bool transposed_b(Layout layout) {
  return layout == Layout::nt || layout == Layout::tt;
}

// The argument by which a kernel finds the matrices of a batch: the first matrix, or the array.
template <class T, Batches kBatches>
struct MatricesBy {
  using Type = T*;
};
template <class T>
struct MatricesBy<T, Batches::pointers> {
  using Type = T* const*;
};
template <class T, class V>
using Matrices = typename MatricesBy<T, V::choices.batches>::Type;

// Returns one matrix of the batch.
template <class T>
TW_DEVICE T* matrix(T* first, int index, long long stride) {
  return first + index * stride;
}
template <class T>
TW_DEVICE T* matrix(T* const* all, int index, long long /*stride*/) {
  return all[index];
}

}  // namespace tw::gemm
