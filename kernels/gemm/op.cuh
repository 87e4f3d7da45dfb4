// The words of the op: how the operands of C = A * B are stored, and how those of a batch are
// found.
#pragma once

#include "common/config.cuh"

namespace tw::gemm {

// The first letter is A's: n as written, A[m, k]; t transposed, A[k, m]. The second is B's: n B[k,
// n], t B[n, k].
enum class Layout { nn, nt, tn, tt };

// By a stride from the first one, or by an array of pointers to them.
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

// What a kernel is given of the matrices of a batch: the first of them, or the array.
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

// One of them.
template <class T>
TW_DEVICE T* matrix(T* first, int index, long long stride) {
  return first + index * stride;
}
template <class T>
TW_DEVICE T* matrix(T* const* all, int index, long long /*stride*/) {
  return all[index];
}

}  // namespace tw::gemm
