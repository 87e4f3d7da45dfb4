// The words of the op: how the operands of C = A * B are stored.
#pragma once

#include "common/config.cuh"

namespace tw::gemm {

// The first letter is A's: n as written, A[m, k]; t transposed, A[k, m]. The second is B's: n B[k,
// n], t B[n, k].
enum class Layout { nn, nt, tn, tt };

struct Choices {
  Layout layout;
};

TW_HOST_DEVICE constexpr bool transposed_a(Layout layout) {
  return layout == Layout::tn || layout == Layout::tt;
}
TW_HOST_DEVICE constexpr bool transposed_b(Layout layout) {
  return layout == Layout::nt || layout == Layout::tt;
}

}  // namespace tw::gemm
