// Copies to shared memory for which cp.async of whole vectors does not work: the first elements of
// a vector, and single 16-bit elements.
#pragma once

#include "common/async_copy.cuh"
#include "common/config.cuh"
#include "common/shared.cuh"

namespace tw {

// Copies the first `source_bytes` (0 to kBytes) of a vector of kBytes (4, 8 or 16) and fills the
// rest with zeros, asynchronously. It reads nothing beyond the source bytes. It costs a few
// instructions more than a copy of a whole vector.
template <int kBytes, class T>
TW_DEVICE void cp_async_part(SharedPointer<T> to, const T* global, int source_bytes) {
  static_assert(kBytes == 4 || kBytes == 8 || kBytes == 16, "cp.async moves 4, 8 or 16 bytes");
#ifdef TW_CPU_DEVICE
  tw_cpu::cp_async(to.address(), global, kBytes, source_bytes);
#else
  if constexpr (kBytes == 16) {
    TW_FROM_SM80(asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to.address()),
                              "l"(global), "r"(source_bytes)
                              : "memory");)
  } else {
    TW_FROM_SM80(asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(to.address()),
                              "l"(global), "n"(kBytes), "r"(source_bytes)
                              : "memory");)
  }
#endif
}

// Writes one 16-bit element.
template <class T>
TW_DEVICE void store_shared(SharedPointer<T> to, T value) {
  static_assert(sizeof(T) == 2, "a 16-bit element");
#ifdef TW_CPU_DEVICE
  *to.address() = value;
#else
  asm volatile("st.shared.b16 [%0], %1;" ::"r"(to.address()), "h"(value.bits) : "memory");
#endif
}

}  // namespace tw
