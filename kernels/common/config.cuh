// Macros for what the compilers of this code spell differently (nvcc, NVRTC, and a host compiler on
// the cpu device), and the integer arithmetic for tile shapes.
#pragma once

#ifndef TW_DEVICE
#define TW_DEVICE __device__ __forceinline__
#endif

#ifndef TW_HOST_DEVICE
#define TW_HOST_DEVICE __host__ __device__
#endif

// Unrolls the loop that follows. Unrolling keeps arrays in registers; on a host it would only cost
// compile time.
#ifndef TW_UNROLL
#ifdef TW_CPU_DEVICE
#define TW_UNROLL
#else
#define TW_UNROLL _Pragma("unroll")
#endif
#endif

// Contains statements with instructions that architectures before sm_80 do not have. A program for
// several architectures compiles the kernels for all of them; launchers run the kernels from
// compute capability 8.0 on.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
#define TW_FROM_SM80(...)
#else
#define TW_FROM_SM80(...) __VA_ARGS__
#endif

namespace tw {

TW_HOST_DEVICE constexpr int ceil_div(int a, int b) { return (a + b - 1) / b; }
TW_HOST_DEVICE constexpr int min(int a, int b) { return a < b ? a : b; }
TW_HOST_DEVICE constexpr int max(int a, int b) { return a > b ? a : b; }
TW_HOST_DEVICE constexpr long long min(long long a, long long b) { return a < b ? a : b; }
TW_HOST_DEVICE constexpr long long max(long long a, long long b) { return a > b ? a : b; }
// Callers cast other types and mixed types: an implicit conversion could make an int of a size_t.
template <class A, class B>
constexpr void min(A, B) = delete;
template <class A, class B>
constexpr void max(A, B) = delete;

}  // namespace tw
