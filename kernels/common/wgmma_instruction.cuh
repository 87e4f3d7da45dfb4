// The instruction wgmma.mma_async (sm_90a) for all numbers of columns that the kernels use, and for
// both places of A: shared memory, or registers (TF32 only). common/wgmma.cuh explains operands and
// sums.
#pragma once

#include "common/config.cuh"
#include "common/half.cuh"

#ifndef TW_CPU_DEVICE
// The asm operands of the sums, and their numbers.
#define TW_SUMS_4(j) "+f"(d[j][0]), "+f"(d[j][1]), "+f"(d[j][2]), "+f"(d[j][3])
#define TW_SUMS_8(j) TW_SUMS_4(j), TW_SUMS_4(j + 1)
#define TW_SUMS_16(j) TW_SUMS_8(j), TW_SUMS_8(j + 2)
#define TW_SUMS_32(j) TW_SUMS_16(j), TW_SUMS_16(j + 4)
#define TW_SUMS_64(j) TW_SUMS_32(j), TW_SUMS_32(j + 8)
#define TW_NUMBERS_4 "%0, %1, %2, %3"
#define TW_NUMBERS_8 TW_NUMBERS_4 ", %4, %5, %6, %7"
#define TW_NUMBERS_12 TW_NUMBERS_8 ", %8, %9, %10, %11"
#define TW_NUMBERS_16 TW_NUMBERS_12 ", %12, %13, %14, %15"
#define TW_NUMBERS_20 TW_NUMBERS_16 ", %16, %17, %18, %19"
#define TW_NUMBERS_24 TW_NUMBERS_20 ", %20, %21, %22, %23"
#define TW_NUMBERS_28 TW_NUMBERS_24 ", %24, %25, %26, %27"
#define TW_NUMBERS_32 TW_NUMBERS_28 ", %28, %29, %30, %31"
#define TW_NUMBERS_36 TW_NUMBERS_32 ", %32, %33, %34, %35"
#define TW_NUMBERS_40 TW_NUMBERS_36 ", %36, %37, %38, %39"
#define TW_NUMBERS_44 TW_NUMBERS_40 ", %40, %41, %42, %43"
#define TW_NUMBERS_48 TW_NUMBERS_44 ", %44, %45, %46, %47"
#define TW_NUMBERS_52 TW_NUMBERS_48 ", %48, %49, %50, %51"
#define TW_NUMBERS_56 TW_NUMBERS_52 ", %52, %53, %54, %55"
#define TW_NUMBERS_60 TW_NUMBERS_56 ", %56, %57, %58, %59"
#define TW_NUMBERS_64 TW_NUMBERS_60 ", %60, %61, %62, %63"
#define TW_NUMBERS_68 TW_NUMBERS_64 ", %64, %65, %66, %67"
#define TW_NUMBERS_72 TW_NUMBERS_68 ", %68, %69, %70, %71"
#define TW_NUMBERS_76 TW_NUMBERS_72 ", %72, %73, %74, %75"
#define TW_NUMBERS_80 TW_NUMBERS_76 ", %76, %77, %78, %79"
#define TW_NUMBERS_84 TW_NUMBERS_80 ", %80, %81, %82, %83"
#define TW_NUMBERS_88 TW_NUMBERS_84 ", %84, %85, %86, %87"
#define TW_NUMBERS_92 TW_NUMBERS_88 ", %88, %89, %90, %91"
#define TW_NUMBERS_96 TW_NUMBERS_92 ", %92, %93, %94, %95"
#define TW_NUMBERS_100 TW_NUMBERS_96 ", %96, %97, %98, %99"
#define TW_NUMBERS_104 TW_NUMBERS_100 ", %100, %101, %102, %103"
#define TW_NUMBERS_108 TW_NUMBERS_104 ", %104, %105, %106, %107"
#define TW_NUMBERS_112 TW_NUMBERS_108 ", %108, %109, %110, %111"
#define TW_NUMBERS_116 TW_NUMBERS_112 ", %112, %113, %114, %115"
#define TW_NUMBERS_120 TW_NUMBERS_116 ", %116, %117, %118, %119"
#define TW_NUMBERS_124 TW_NUMBERS_120 ", %120, %121, %122, %123"
#define TW_NUMBERS_128 TW_NUMBERS_124 ", %124, %125, %126, %127"

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
  if constexpr (kColumns == 1) {
    TW_MULTIPLY("8", TW_NUMBERS_4, "%4", "%5", "%6", "%7", "%8", TW_SUMS_4(0))
  } else if constexpr (kColumns == 2) {
    TW_MULTIPLY("16", TW_NUMBERS_8, "%8", "%9", "%10", "%11", "%12", TW_SUMS_8(0))
  } else if constexpr (kColumns == 3) {
    TW_MULTIPLY("24", TW_NUMBERS_12, "%12", "%13", "%14", "%15", "%16", TW_SUMS_8(0), TW_SUMS_4(2))
  } else if constexpr (kColumns == 4) {
    TW_MULTIPLY("32", TW_NUMBERS_16, "%16", "%17", "%18", "%19", "%20", TW_SUMS_16(0))
  } else if constexpr (kColumns == 5) {
    TW_MULTIPLY("40", TW_NUMBERS_20, "%20", "%21", "%22", "%23", "%24", TW_SUMS_16(0), TW_SUMS_4(4))
  } else if constexpr (kColumns == 6) {
    TW_MULTIPLY("48", TW_NUMBERS_24, "%24", "%25", "%26", "%27", "%28", TW_SUMS_16(0), TW_SUMS_8(4))
  } else if constexpr (kColumns == 7) {
    TW_MULTIPLY("56", TW_NUMBERS_28, "%28", "%29", "%30", "%31", "%32", TW_SUMS_16(0), TW_SUMS_8(4),
                TW_SUMS_4(6))
  } else if constexpr (kColumns == 8) {
    TW_MULTIPLY("64", TW_NUMBERS_32, "%32", "%33", "%34", "%35", "%36", TW_SUMS_32(0))
  } else if constexpr (kColumns == 9) {
    TW_MULTIPLY("72", TW_NUMBERS_36, "%36", "%37", "%38", "%39", "%40", TW_SUMS_32(0), TW_SUMS_4(8))
  } else if constexpr (kColumns == 10) {
    TW_MULTIPLY("80", TW_NUMBERS_40, "%40", "%41", "%42", "%43", "%44", TW_SUMS_32(0), TW_SUMS_8(8))
  } else if constexpr (kColumns == 11) {
    TW_MULTIPLY("88", TW_NUMBERS_44, "%44", "%45", "%46", "%47", "%48", TW_SUMS_32(0), TW_SUMS_8(8),
                TW_SUMS_4(10))
  } else if constexpr (kColumns == 12) {
    TW_MULTIPLY("96", TW_NUMBERS_48, "%48", "%49", "%50", "%51", "%52", TW_SUMS_32(0),
                TW_SUMS_16(8))
  } else if constexpr (kColumns == 13) {
    TW_MULTIPLY("104", TW_NUMBERS_52, "%52", "%53", "%54", "%55", "%56", TW_SUMS_32(0),
                TW_SUMS_16(8), TW_SUMS_4(12))
  } else if constexpr (kColumns == 14) {
    TW_MULTIPLY("112", TW_NUMBERS_56, "%56", "%57", "%58", "%59", "%60", TW_SUMS_32(0),
                TW_SUMS_16(8), TW_SUMS_8(12))
  } else if constexpr (kColumns == 15) {
    TW_MULTIPLY("120", TW_NUMBERS_60, "%60", "%61", "%62", "%63", "%64", TW_SUMS_32(0),
                TW_SUMS_16(8), TW_SUMS_8(12), TW_SUMS_4(14))
  } else if constexpr (kColumns == 16) {
    TW_MULTIPLY("128", TW_NUMBERS_64, "%64", "%65", "%66", "%67", "%68", TW_SUMS_64(0))
  } else if constexpr (kColumns == 17) {
    TW_MULTIPLY("136", TW_NUMBERS_68, "%68", "%69", "%70", "%71", "%72", TW_SUMS_64(0),
                TW_SUMS_4(16))
  } else if constexpr (kColumns == 18) {
    TW_MULTIPLY("144", TW_NUMBERS_72, "%72", "%73", "%74", "%75", "%76", TW_SUMS_64(0),
                TW_SUMS_8(16))
  } else if constexpr (kColumns == 19) {
    TW_MULTIPLY("152", TW_NUMBERS_76, "%76", "%77", "%78", "%79", "%80", TW_SUMS_64(0),
                TW_SUMS_8(16), TW_SUMS_4(18))
  } else if constexpr (kColumns == 20) {
    TW_MULTIPLY("160", TW_NUMBERS_80, "%80", "%81", "%82", "%83", "%84", TW_SUMS_64(0),
                TW_SUMS_16(16))
  } else if constexpr (kColumns == 21) {
    TW_MULTIPLY("168", TW_NUMBERS_84, "%84", "%85", "%86", "%87", "%88", TW_SUMS_64(0),
                TW_SUMS_16(16), TW_SUMS_4(20))
  } else if constexpr (kColumns == 22) {
    TW_MULTIPLY("176", TW_NUMBERS_88, "%88", "%89", "%90", "%91", "%92", TW_SUMS_64(0),
                TW_SUMS_16(16), TW_SUMS_8(20))
  } else if constexpr (kColumns == 23) {
    TW_MULTIPLY("184", TW_NUMBERS_92, "%92", "%93", "%94", "%95", "%96", TW_SUMS_64(0),
                TW_SUMS_16(16), TW_SUMS_8(20), TW_SUMS_4(22))
  } else if constexpr (kColumns == 24) {
    TW_MULTIPLY("192", TW_NUMBERS_96, "%96", "%97", "%98", "%99", "%100", TW_SUMS_64(0),
                TW_SUMS_32(16))
  } else if constexpr (kColumns == 25) {
    TW_MULTIPLY("200", TW_NUMBERS_100, "%100", "%101", "%102", "%103", "%104", TW_SUMS_64(0),
                TW_SUMS_32(16), TW_SUMS_4(24))
  } else if constexpr (kColumns == 26) {
    TW_MULTIPLY("208", TW_NUMBERS_104, "%104", "%105", "%106", "%107", "%108", TW_SUMS_64(0),
                TW_SUMS_32(16), TW_SUMS_8(24))
  } else if constexpr (kColumns == 27) {
    TW_MULTIPLY("216", TW_NUMBERS_108, "%108", "%109", "%110", "%111", "%112", TW_SUMS_64(0),
                TW_SUMS_32(16), TW_SUMS_8(24), TW_SUMS_4(26))
  } else if constexpr (kColumns == 28) {
    TW_MULTIPLY("224", TW_NUMBERS_112, "%112", "%113", "%114", "%115", "%116", TW_SUMS_64(0),
                TW_SUMS_32(16), TW_SUMS_16(24))
  } else if constexpr (kColumns == 29) {
    TW_MULTIPLY("232", TW_NUMBERS_116, "%116", "%117", "%118", "%119", "%120", TW_SUMS_64(0),
                TW_SUMS_32(16), TW_SUMS_16(24), TW_SUMS_4(28))
  } else if constexpr (kColumns == 30) {
    TW_MULTIPLY("240", TW_NUMBERS_120, "%120", "%121", "%122", "%123", "%124", TW_SUMS_64(0),
                TW_SUMS_32(16), TW_SUMS_16(24), TW_SUMS_8(28))
  } else if constexpr (kColumns == 31) {
    TW_MULTIPLY("248", TW_NUMBERS_124, "%124", "%125", "%126", "%127", "%128", TW_SUMS_64(0),
                TW_SUMS_32(16), TW_SUMS_16(24), TW_SUMS_8(28), TW_SUMS_4(30))
  } else {
    static_assert(kColumns == 32, "a multiple of 8 columns, up to 256");
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
#undef TW_NUMBERS_124
#undef TW_NUMBERS_120
#undef TW_NUMBERS_116
#undef TW_NUMBERS_112
#undef TW_NUMBERS_108
#undef TW_NUMBERS_104
#undef TW_NUMBERS_100
#undef TW_NUMBERS_96
#undef TW_NUMBERS_92
#undef TW_NUMBERS_88
#undef TW_NUMBERS_84
#undef TW_NUMBERS_80
#undef TW_NUMBERS_76
#undef TW_NUMBERS_72
#undef TW_NUMBERS_68
#undef TW_NUMBERS_64
#undef TW_NUMBERS_60
#undef TW_NUMBERS_56
#undef TW_NUMBERS_52
#undef TW_NUMBERS_48
#undef TW_NUMBERS_44
#undef TW_NUMBERS_40
#undef TW_NUMBERS_36
#undef TW_NUMBERS_32
#undef TW_NUMBERS_28
#undef TW_NUMBERS_24
#undef TW_NUMBERS_20
#undef TW_NUMBERS_16
#undef TW_NUMBERS_12
#undef TW_NUMBERS_8
#undef TW_NUMBERS_4
#undef TW_SUMS_64
#undef TW_SUMS_32
#undef TW_SUMS_16
#undef TW_SUMS_8
#undef TW_SUMS_4
#endif
