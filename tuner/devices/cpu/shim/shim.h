// Lets a .cuh file compile with the host compiler: the part of CUDA's language and library that
// kernels use, on top of a scheduler that runs the threads of a block as fibers. Force-included
// before every kernel module, and embedded in the executable, which compiles modules where there
// is no source tree. Kept light: every configuration pays for it at compile time.
//
// Differences from a GPU that a kernel may notice:
// - One block runs at a time: a block that waits for another may never end. Blocks take turns at
//   fences and atomic operations alone, and not in every order of the threads.
// - __activemask() names the threads of the warp that get to the same line before any of them can
//   go on, as if branches never split a warp for longer than they must.
// - A deadlock, a shuffle from a thread that takes no part, a misaligned access and an index beyond
//   an array are faults.
// - Static shared memory keeps what an earlier block left in it (zeros at first); dynamic shared
//   memory is filled with NaNs before each block.
// - `extern __shared__` does not exist: use tw::dynamic_shared<T>(). In kernels of others it is
//   replaced before the compiler sees it (compile/extern_shared.h). `__shared__ alignas(16)` is not
//   C++: write `__shared__ __align__(16)`.
#pragma once
#define TW_CPU_DEVICE 1

#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <utility>

#include "abi.h"
#include "shim_vectors.h"

#define __global__
#define __device__
#define __host__
#define __constant__
// A specifier that a source may combine with its own `static`, except under AddressSanitizer. See
// emulation/static_shared.h.
#ifdef __SANITIZE_ADDRESS__
#define __shared__ static
#else
#define __shared__ thread_local
#endif
#define __managed__
#define __forceinline__ inline
#define __noinline__  // also the name of an attribute of the host compiler
#define __launch_bounds__(...)
#define __maxnreg__(...)
#define __cluster_dims__(...)
#define __grid_constant__
#define __nv_pure__
#define __align__(n) __attribute__((aligned(n)))
#define __builtin_align__(n) __attribute__((aligned(n)))
#define __builtin_assume(condition) static_cast<void>(0)
#define __assume(condition) static_cast<void>(0)

inline uint3 threadIdx, blockIdx;
inline dim3 blockDim, gridDim;
inline constexpr int warpSize = 32;

namespace tw_cpu {

inline const Runtime* runtime;

// Copies `source_bytes` from global to shared memory and fills up to `bytes` (4, 8 or 16; both
// pointers aligned to it) with zeros, at the wait that covers it. Until then the destination holds
// NaNs. The source is read at the wait.
inline void cp_async(void* smem, const void* global, int bytes, int source_bytes) {
  runtime->cp_async(smem, global, bytes, source_bytes);
}
// Closes the calling thread's group of copies; an empty group counts.
inline void cp_async_commit() { runtime->cp_async_commit(); }
// Lands the calling thread's committed groups except for the newest `pending`.
inline void cp_async_wait(int pending) { runtime->cp_async_wait(pending); }
// The block's dynamic shared memory, aligned to 128 bytes.
inline void* dynamic_shared() { return runtime->dynamic_shared(); }

// Returns the values that the 32 threads of the warp passed, `bytes` (at most 32) apart. They stay
// until the next collective.
inline const void* gather(const void* mine, int bytes) { return runtime->gather(mine, bytes); }

// The calling thread's place in its warp.
inline int lane() {
  return static_cast<int>((threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z)) %
                          32u);
}

template <class T>
struct Same {
  using type = T;
};

template <class To, class From>
inline To bit_cast(const From& from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}

template <class T>
inline T shuffle(unsigned mask, T value, int source) {
  for (size_t at = 0; at < sizeof(T); at += 8) {
    const size_t bytes = sizeof(T) - at < 8 ? sizeof(T) - at : 8;
    unsigned long long bits = 0;
    memcpy(&bits, reinterpret_cast<const char*>(&value) + at, bytes);
    bits = runtime->shuffle(mask, bits, source);
    memcpy(reinterpret_cast<char*>(&value) + at, &bits, bytes);
  }
  return value;
}

}  // namespace tw_cpu

inline void __trap() { tw_cpu::runtime->fault("__trap()", nullptr, 0); }
inline void __brkpt() { __trap(); }
inline void __prof_trigger(int) {}
inline void __nanosleep(unsigned) { tw_cpu::runtime->tell_fence(); }
inline long long clock64() { return static_cast<long long>(clock()); }

#include "assert.h"
#include "shim_atomics.h"
#include "shim_integers.h"
#include "shim_math.h"
#include "shim_memory.h"
#include "shim_module.h"
#include "shim_rounding.h"
#include "shim_warp.h"
