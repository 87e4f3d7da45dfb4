// The instruction wgmma.mma_async (sm_90a) for all numbers of columns that the kernels use, and for
// both places of A: shared memory, or registers (TF32 only). common/wgmma.cuh explains operands and
// sums.
#pragma once

#include "common/config.cuh"
#include "common/half.cuh"

#ifndef TW_CPU_DEVICE
// The asm operands of the sums, and their numbers.
#define TW_SUMS_4(j) "+f"(d[j][0]), "+f"(d[j][1]), "+f"(d[j][2]), "+f"(d[j][3])
#define TW_SUMS_16(j) TW_SUMS_4(j), TW_SUMS_4(j + 1), TW_SUMS_4(j + 2), TW_SUMS_4(j + 3)
#define TW_SUMS_32(j) TW_SUMS_16(j), TW_SUMS_16(j + 4)
#define TW_SUMS_64(j) TW_SUMS_32(j), TW_SUMS_32(j + 8)
#define TW_NUMBERS_32                                                                \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, " \
  "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31"
#define TW_NUMBERS_48                                                             \
  TW_NUMBERS_32                                                                   \
  ", %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, " \
  "%47"
#define TW_NUMBERS_64                                                             \
  TW_NUMBERS_48                                                                   \
  ", %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, " \
  "%63"
#define TW_NUMBERS_96                                                                \
  TW_NUMBERS_64                                                                      \
  ", "                                                                               \
  "%64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, " \
  "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95"
#define TW_NUMBERS_112                                                           \
  TW_NUMBERS_96                                                                  \
  ", %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, " \
  "%109, %110, %111"
#define TW_NUMBERS_128                                                               \
  TW_NUMBERS_112                                                                     \
  ", %112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, " \
  "%125, %126, %127"

// kA and kB are descriptors, kAdd is an int. The trailing arguments are the operands of the sums.
#define TW_WGMMA(kShape, kNumbers, kA, kB, kAdd, kMajors, ...)                              \
  "{\n.reg .pred add;\nsetp.ne.b32 add, " kAdd ", 0;\nwgmma.mma_async.sync.aligned." kShape \
  " {" kNumbers "}, " kA ", " kB ", add, 1, 1" kMajors ";\n}" : __VA_ARGS__ : "l"(a),       \
                                                                              "l"(b),       \
                                                                              "r"(add)

// Selects the instruction by the operands' type. kMn is the number of columns. For 16-bit operands
// kMajorA and kMajorB say whether an operand is MN-major.
#define TW_MULTIPLY(kMn, kNumbers, kA, kB, kAdd, kMajorA, kMajorB, ...)                           \
  if constexpr (sizeof(T) == 4) {                                                                 \
    asm volatile(TW_WGMMA("m64n" kMn "k8.f32.tf32.tf32", kNumbers, kA, kB, kAdd, "", __VA_ARGS__) \
                 : "memory");                                                                     \
  } else if constexpr (detail::IsBf16<T>::value) {                                                \
    asm volatile(TW_WGMMA("m64n" kMn "k16.f32.bf16.bf16", kNumbers, kA, kB, kAdd,                 \
                          ", " kMajorA ", " kMajorB, __VA_ARGS__),                                \
                 "n"(kMnMajorA), "n"(kMnMajorB)                                                   \
                 : "memory");                                                                     \
  } else {                                                                                        \
    asm volatile(TW_WGMMA("m64n" kMn "k16.f32.f16.f16", kNumbers, kA, kB, kAdd,                   \
                          ", " kMajorA ", " kMajorB, __VA_ARGS__),                                \
                 "n"(kMnMajorA), "n"(kMnMajorB)                                                   \
                 : "memory");                                                                     \
  }

// The same for TF32 with A in registers. kA names four registers.
#define TW_MULTIPLY_HELD(kMn, kNumbers, kA, kB, kAdd, ...)                                 \
  asm volatile("{\n.reg .pred add;\nsetp.ne.b32 add, " kAdd                                \
               ", 0;\nwgmma.mma_async.sync.aligned.m64n" kMn "k8.f32.tf32.tf32 {" kNumbers \
               "}, {" kA "}, " kB ", add, 1, 1;\n}"                                        \
               : __VA_ARGS__                                                               \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(add)              \
               : "memory");

namespace tw::detail {

template <class T>
struct IsBf16 {
  static constexpr bool value = false;
};
template <>
struct IsBf16<bf16> {
  static constexpr bool value = true;
};

// D += a * b, or D = a * b if `add` is 0.
template <class T, int kMnMajorA, int kMnMajorB, int kColumns>
TW_DEVICE void wgmma(float (&d)[kColumns][4], unsigned long long a, unsigned long long b, int add) {
#if defined(__CUDA_ARCH__) && !defined(__CUDA_ARCH_FEAT_SM90_ALL)
  __trap();  // for other targets of a program: launchers ask whether there is code for sm_90a
#else
  if constexpr (kColumns == 8) {
    TW_MULTIPLY("64", TW_NUMBERS_32, "%32", "%33", "%34", "%35", "%36", TW_SUMS_32(0))
  } else if constexpr (kColumns == 12) {
    TW_MULTIPLY("96", TW_NUMBERS_48, "%48", "%49", "%50", "%51", "%52", TW_SUMS_32(0),
                TW_SUMS_16(8))
  } else if constexpr (kColumns == 16) {
    TW_MULTIPLY("128", TW_NUMBERS_64, "%64", "%65", "%66", "%67", "%68", TW_SUMS_64(0))
  } else if constexpr (kColumns == 24) {
    TW_MULTIPLY("192", TW_NUMBERS_96, "%96", "%97", "%98", "%99", "%100", TW_SUMS_64(0),
                TW_SUMS_32(16))
  } else if constexpr (kColumns == 28) {
    TW_MULTIPLY("224", TW_NUMBERS_112, "%112", "%113", "%114", "%115", "%116", TW_SUMS_64(0),
                TW_SUMS_32(16), TW_SUMS_16(24))
  } else {
    static_assert(kColumns == 32, "64, 96, 128, 192, 224 or 256 columns");
    TW_MULTIPLY("256", TW_NUMBERS_128, "%128", "%129", "%130", "%131", "%132", TW_SUMS_64(0),
                TW_SUMS_64(16))
  }
#endif
}

// D += a * b, or D = a * b if `add` is 0, for TF32. `a` holds this thread's words of a step of A.
template <int kColumns>
TW_DEVICE void wgmma_held(float (&d)[kColumns][4], const unsigned (&a)[4], unsigned long long b,
                          int add) {
#if defined(__CUDA_ARCH__) && !defined(__CUDA_ARCH_FEAT_SM90_ALL)
  __trap();  // as above
#else
  if constexpr (kColumns == 8) {
    TW_MULTIPLY_HELD("64", TW_NUMBERS_32, "%32, %33, %34, %35", "%36", "%37", TW_SUMS_32(0))
  } else if constexpr (kColumns == 16) {
    TW_MULTIPLY_HELD("128", TW_NUMBERS_64, "%64, %65, %66, %67", "%68", "%69", TW_SUMS_32(0),
                     TW_SUMS_32(8))
  } else if constexpr (kColumns == 24) {
    TW_MULTIPLY_HELD("192", TW_NUMBERS_96, "%96, %97, %98, %99", "%100", "%101", TW_SUMS_32(0),
                     TW_SUMS_32(8), TW_SUMS_32(16))
  } else {
    static_assert(kColumns == 32, "64, 128, 192 or 256 columns");
    TW_MULTIPLY_HELD("256", TW_NUMBERS_128, "%128, %129, %130, %131", "%132", "%133", TW_SUMS_32(0),
                     TW_SUMS_32(8), TW_SUMS_32(16), TW_SUMS_32(24))
  }
#endif
}

}  // namespace tw::detail

#undef TW_MULTIPLY_HELD
#undef TW_MULTIPLY
#undef TW_WGMMA
#undef TW_NUMBERS_128
#undef TW_NUMBERS_112
#undef TW_NUMBERS_96
#undef TW_NUMBERS_64
#undef TW_NUMBERS_48
#undef TW_NUMBERS_32
#undef TW_SUMS_64
#undef TW_SUMS_32
#undef TW_SUMS_16
#undef TW_SUMS_4
#endif
