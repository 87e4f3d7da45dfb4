// Asynchronous copies from device memory to shared memory (cp.async, sm_80 and later).
//
// A thread's copies are complete only after the cp_async_wait that covers them. Other threads see
// the copied data after the barrier that follows this wait. Both addresses are aligned to the size
// of the copy.
#pragma once

#include "common/config.cuh"
#include "common/shared.cuh"

namespace tw {

// Copies kBytes (4, 8 or 16) if `wanted`. Copies of 16 bytes bypass L1; smaller copies go through
// it. The condition is a predicate of the instruction: a branch would split the surrounding code
// into pieces that the compiler cannot schedule together.
template <int kBytes, class T>
TW_DEVICE void cp_async_if(bool wanted, SharedPointer<T> to, const T* global) {
  static_assert(kBytes == 4 || kBytes == 8 || kBytes == 16, "cp.async moves 4, 8 or 16 bytes");
#ifdef TW_CPU_DEVICE
  if (wanted) tw_cpu::cp_async(to.address(), global, kBytes, kBytes);
#else
  if constexpr (kBytes == 16) {
    TW_FROM_SM80(asm volatile("{\n"
                              ".reg .pred wanted;\n"
                              "setp.ne.b32 wanted, %2, 0;\n"
                              "@wanted cp.async.cg.shared.global.L2::128B [%0], [%1], 16;\n"
                              "}" ::"r"(to.address()),
                              "l"(global), "r"(static_cast<int>(wanted))
                              : "memory");)
  } else {
    TW_FROM_SM80(asm volatile("{\n"
                              ".reg .pred wanted;\n"
                              "setp.ne.b32 wanted, %2, 0;\n"
                              "@wanted cp.async.ca.shared.global.L2::128B [%0], [%1], %3;\n"
                              "}" ::"r"(to.address()),
                              "l"(global), "r"(static_cast<int>(wanted)), "n"(kBytes)
                              : "memory");)
  }
#endif
}

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

// Copies kBytes if `valid`; otherwise writes kBytes of zeros and does not touch `global`.
template <int kBytes, class T>
TW_DEVICE void cp_async_or_zero(SharedPointer<T> to, const T* global, bool valid) {
  cp_async_part<kBytes>(to, global, valid ? kBytes : 0);
}

// Closes the group of this thread's copies since the last commit. A group may be empty.
TW_DEVICE void cp_async_commit() {
#ifdef TW_CPU_DEVICE
  tw_cpu::cp_async_commit();
#else
  TW_FROM_SM80(asm volatile("cp.async.commit_group;" ::: "memory");)
#endif
}

// Waits until at most the kPending youngest of this thread's groups are still under way.
template <int kPending>
TW_DEVICE void cp_async_wait() {
#ifdef TW_CPU_DEVICE
  tw_cpu::cp_async_wait(kPending);
#else
  TW_FROM_SM80(asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");)
#endif
}

}  // namespace tw
