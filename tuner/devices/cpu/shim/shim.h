// Lets a .cuh file compile with the host compiler: the part of CUDA's language and library that
// kernels use, on top of a scheduler that runs the threads of a block as fibers. Force-included
// before every kernel module, and embedded in the executable, which compiles modules where there
// is no source tree. Kept light: every configuration pays for it at compile time.
//
// Differences from a GPU that a kernel may notice:
// - One block runs at a time: a block that waits for another may never end. Blocks take turns at
//   fences and atomic operations alone, and not in every order of the threads.
// - __activemask() is the calling thread alone, which CUDA allows.
// - __syncthreads() by some threads of a block after others have returned is a fault (CUDA only
//   waits for the live ones); a deadlock, a shuffle from a thread that takes no part, a misaligned
//   access and an index beyond an array are faults too.
// - Static shared memory keeps what an earlier block left in it (zeros at first); dynamic shared
//   memory is filled with NaNs before each block.
// - `extern __shared__` does not exist: use tw::dynamic_shared<T>(). In kernels of others it is
//   replaced before the compiler sees it (compile/extern_shared.h). `__shared__ alignas(16)` is not
//   C++: write `__shared__ __align__(16)`.
#pragma once
#define TW_CPU_DEVICE 1

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <utility>

#include "abi.h"
#include "shim_vectors.h"

#define __global__
#define __device__
#define __host__
#define __constant__ static
// See emulation/static_shared.h.
#ifdef __SANITIZE_ADDRESS__
#define __shared__ static
#else
#define __shared__ static thread_local
#endif
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __grid_constant__
#define __align__(n) __attribute__((aligned(n)))

inline tw_cpu::Index threadIdx, blockIdx, blockDim, gridDim;
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
  static_assert(sizeof(T) <= 8, "shuffles take at most eight bytes");
  unsigned long long bits = 0;
  memcpy(&bits, &value, sizeof value);
  bits = runtime->shuffle(mask, bits, source);
  memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace tw_cpu

inline void __syncthreads() { tw_cpu::runtime->sync_threads(); }
inline void __syncwarp(unsigned mask = 0xffffffffu) { tw_cpu::runtime->sync_warp(mask); }
inline void __threadfence() { tw_cpu::runtime->tell_fence(); }
inline void __threadfence_block() {}
inline void __threadfence_system() { tw_cpu::runtime->tell_fence(); }
inline void __trap() { tw_cpu::runtime->fault("__trap()", nullptr, 0); }

template <class T>
inline T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
  const int segment = tw_cpu::lane() & ~(width - 1);
  return tw_cpu::shuffle(mask, value, segment | (source & (width - 1)));
}
template <class T>
inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  const int lane = tw_cpu::lane(), distance = static_cast<int>(delta);
  return tw_cpu::shuffle(mask, value, (lane & (width - 1)) < distance ? lane : lane - distance);
}
template <class T>
inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  const int lane = tw_cpu::lane(), distance = static_cast<int>(delta);
  return tw_cpu::shuffle(mask, value,
                         (lane & (width - 1)) + distance >= width ? lane : lane + distance);
}
template <class T>
inline T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32) {
  const int lane = tw_cpu::lane(), source = lane ^ lane_mask;
  return tw_cpu::shuffle(mask, value, source >= (lane & ~(width - 1)) + width ? lane : source);
}
inline unsigned __ballot_sync(unsigned mask, int predicate) {
  return tw_cpu::runtime->ballot(mask, predicate != 0);
}
inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
inline int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, !predicate) == 0; }
inline unsigned __activemask() { return 1u << tw_cpu::lane(); }

// CUDA's: the normal distribution function, and exp(x^2) * erfc(x) for x >= 0.
inline double normcdf(double x) { return erfc(-x * 0.70710678118654752440) / 2; }
inline float erfcxf(float x) {
  const double wide = x;
  return static_cast<float>(wide < 25 ? exp(wide * wide) * erfc(wide)
                                      : 0.56418958354775628695 / wide);  // 1 / sqrt(pi)
}

// One thread runs at a time, so read-modify-write needs no lock. Each returns the old value, after
// other blocks may have run.
template <class T>
inline T atomicExch(T* address, typename tw_cpu::Same<T>::type value) {
  const T old = *address;
  *address = value;
  tw_cpu::runtime->tell_atomic();
  return old;
}
template <class T>
inline T atomicAdd(T* address, typename tw_cpu::Same<T>::type value) {
  return atomicExch(address, static_cast<T>(*address + value));
}
template <class T>
inline T atomicSub(T* address, typename tw_cpu::Same<T>::type value) {
  return atomicExch(address, static_cast<T>(*address - value));
}
template <class T>
inline T atomicMin(T* address, typename tw_cpu::Same<T>::type value) {
  return atomicExch(address, value < *address ? value : *address);
}
template <class T>
inline T atomicMax(T* address, typename tw_cpu::Same<T>::type value) {
  return atomicExch(address, value > *address ? value : *address);
}
template <class T>
inline T atomicAnd(T* address, typename tw_cpu::Same<T>::type value) {
  return atomicExch(address, *address & value);
}
template <class T>
inline T atomicOr(T* address, typename tw_cpu::Same<T>::type value) {
  return atomicExch(address, *address | value);
}
template <class T>
inline T atomicXor(T* address, typename tw_cpu::Same<T>::type value) {
  return atomicExch(address, *address ^ value);
}
template <class T>
inline T atomicCAS(T* address, typename tw_cpu::Same<T>::type compare,
                   typename tw_cpu::Same<T>::type value) {
  return atomicExch(address, *address == compare ? value : *address);
}
inline unsigned atomicInc(unsigned* address, unsigned limit) {
  return atomicExch(address, *address >= limit ? 0u : *address + 1u);
}
inline unsigned atomicDec(unsigned* address, unsigned limit) {
  return atomicExch(address, *address == 0u || *address > limit ? limit : *address - 1u);
}

// Loads and stores with cache hints.
template <class T>
inline T __ldg(const T* address) {
  return *address;
}
template <class T>
inline T __ldca(const T* address) {
  return *address;
}
template <class T>
inline T __ldcg(const T* address) {
  return *address;
}
template <class T>
inline T __ldcs(const T* address) {
  return *address;
}
template <class T>
inline void __stcg(T* address, typename tw_cpu::Same<T>::type value) {
  *address = value;
}
template <class T>
inline void __stcs(T* address, typename tw_cpu::Same<T>::type value) {
  *address = value;
}
template <class T>
inline void __stwt(T* address, typename tw_cpu::Same<T>::type value) {
  *address = value;
}

// Arithmetic: what math.h lacks. The approximate functions are exact here.
inline int min(int a, int b) { return a < b ? a : b; }
inline int max(int a, int b) { return a > b ? a : b; }
inline unsigned min(unsigned a, unsigned b) { return a < b ? a : b; }
inline unsigned max(unsigned a, unsigned b) { return a > b ? a : b; }
inline long long min(long long a, long long b) { return a < b ? a : b; }
inline long long max(long long a, long long b) { return a > b ? a : b; }
inline long min(long a, long b) { return a < b ? a : b; }
inline long max(long a, long b) { return a > b ? a : b; }
inline unsigned long min(unsigned long a, unsigned long b) { return a < b ? a : b; }
inline unsigned long max(unsigned long a, unsigned long b) { return a > b ? a : b; }
inline unsigned long long min(unsigned long long a, unsigned long long b) { return a < b ? a : b; }
inline unsigned long long max(unsigned long long a, unsigned long long b) { return a > b ? a : b; }
// Two integer types of one size and different signs are compared as unsigned ones, as CUDA does.
inline unsigned min(int a, unsigned b) { return min(static_cast<unsigned>(a), b); }
inline unsigned max(int a, unsigned b) { return max(static_cast<unsigned>(a), b); }
inline unsigned min(unsigned a, int b) { return min(a, static_cast<unsigned>(b)); }
inline unsigned max(unsigned a, int b) { return max(a, static_cast<unsigned>(b)); }
inline unsigned long long min(long long a, unsigned long long b) {
  return min(static_cast<unsigned long long>(a), b);
}
inline unsigned long long max(long long a, unsigned long long b) {
  return max(static_cast<unsigned long long>(a), b);
}
inline unsigned long long min(unsigned long long a, long long b) {
  return min(a, static_cast<unsigned long long>(b));
}
inline unsigned long long max(unsigned long long a, long long b) {
  return max(a, static_cast<unsigned long long>(b));
}
inline float min(float a, float b) { return fminf(a, b); }
inline float max(float a, float b) { return fmaxf(a, b); }
inline double min(double a, double b) { return fmin(a, b); }
inline double max(double a, double b) { return fmax(a, b); }
inline float __expf(float x) { return expf(x); }
inline float __logf(float x) { return logf(x); }
inline float __log2f(float x) { return log2f(x); }
inline float __powf(float x, float y) { return powf(x, y); }
inline float __fdividef(float x, float y) { return x / y; }
inline float __frcp_rn(float x) { return 1.0f / x; }
inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
inline float __saturatef(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline int __float_as_int(float x) { return tw_cpu::bit_cast<int>(x); }
inline unsigned __float_as_uint(float x) { return tw_cpu::bit_cast<unsigned>(x); }
inline float __int_as_float(int x) { return tw_cpu::bit_cast<float>(x); }
inline float __uint_as_float(unsigned x) { return tw_cpu::bit_cast<float>(x); }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }
inline int __clzll(long long x) {
  return x == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(x));
}
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline int __mulhi(int a, int b) { return static_cast<int>((static_cast<long long>(a) * b) >> 32); }
inline int __float2int_rn(float x) { return static_cast<int>(rintf(x)); }
// The sum of c and the products of the four bytes of a and b.
inline int __dp4a(int a, int b, int c) {
  for (int i = 0; i < 32; i += 8) {
    c += static_cast<signed char>(a >> i) * static_cast<signed char>(b >> i);
  }
  return c;
}
inline unsigned __dp4a(unsigned a, unsigned b, unsigned c) {
  for (int i = 0; i < 32; i += 8) c += (a >> i & 255u) * (b >> i & 255u);
  return c;
}
inline unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>((static_cast<unsigned long long>(a) * b) >> 32);
}

#include "shim_module.h"
