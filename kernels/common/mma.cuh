// Products of small matrices by a warp (mma.sync, ldmatrix; sm_80 and later). All 32 threads take
// part. D is fp32, and the product is added to it.
//
//     fragments, with g = lane / 4 and t = lane % 4 (PTX ISA, "Matrix fragments for mma"):
//
//     m16n8k8, 32-bit elements            m16n8k16, 16-bit elements: a word is a pair along k
//       a[0] A[g    ][t]                    a[0] A[g    ][2t, 2t + 1]
//       a[1] A[g + 8][t]                    a[1] A[g + 8][2t, 2t + 1]
//       a[2] A[g    ][t + 4]                a[2] A[g    ][2t + 8, 2t + 9]
//       a[3] A[g + 8][t + 4]                a[3] A[g + 8][2t + 8, 2t + 9]
//       b[0] B[t    ][g]                    b[0] B[2t, 2t + 1][g]
//       b[1] B[t + 4][g]                    b[1] B[2t + 8, 2t + 9][g]
//     both:
//       d[0] D[g][2t]   d[1] D[g][2t + 1]   d[2] D[g + 8][2t]   d[3] D[g + 8][2t + 1]
#pragma once

#include "common/config.cuh"
#include "common/half.cuh"
#include "common/shared.cuh"

namespace tw {

// Returns the nearest TF32 (10 bits of fraction), ties away from zero. The tensor cores themselves
// truncate.
TW_DEVICE unsigned to_tf32(float x) {
#ifdef TW_CPU_DEVICE
  const unsigned bits = __float_as_uint(x);
  if ((bits & 0x7f800000u) == 0x7f800000u) return bits;
  return (bits + 0x1000u) & ~0x1fffu;
#else
  unsigned result = 0;
  TW_FROM_SM80(asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(result) : "f"(x));)
  return result;
#endif
}

// x as the sum of two TF32 numbers, with a relative error of 2^-22.
struct SplitTf32 {
  unsigned big;
  unsigned small;
  TW_DEVICE explicit SplitTf32(float x) {
    big = to_tf32(x);
    small = to_tf32(x - __uint_as_float(big));
  }
};

// Returns bits that the tensor cores read as the nearest TF32, ties away from zero. The result
// differs from to_tf32 in the lowest 13 bits, and for denormals, which the tensor cores truncate.
// It takes two instructions; the conversion takes four on sm_90. Half a unit in the last place of a
// TF32 is the sign and the exponent of x, scaled. Infinities and NaNs stay unchanged.
TW_DEVICE unsigned tf32_operand(float x) {
  const float power = __uint_as_float(__float_as_uint(x) & 0xff800000u);
  return __float_as_uint(fmaf(power, 0x1p-11f, x));
}

// SplitTf32 with fewer instructions. `small` is not rounded. It is a multiple of x's last place
// with at most 12 bits and a sign, and the tensor cores ignore the lowest bit; rounding would have
// an error of the same size. For infinities and NaNs `small` is NaN; `big` may be any value.
struct SplitOperand {
  unsigned big;
  unsigned small;
  TW_DEVICE explicit SplitOperand(float x) {
    big = (__float_as_uint(x) + 0x1000u) & 0xffffe000u;
    small = __float_as_uint(x - __uint_as_float(big));
  }
};

#ifdef TW_CPU_DEVICE
namespace detail {

// The fragments of one thread.
struct Fragments {
  unsigned a[4];
  unsigned b[2];
};

// How the tensor cores read a word: `at` returns operand `i` of the operands in the word.
template <class T>
struct Operand;
template <>
struct Operand<float> {
  static constexpr int per_word = 1;
  static float at(unsigned word, int) { return __uint_as_float(word & ~0x1fffu); }
};
template <>
struct Operand<f16> {
  static constexpr int per_word = 2;
  static float at(unsigned word, int i) {
    return to_float(f16{static_cast<unsigned short>(word >> (16 * i))});
  }
};
template <>
struct Operand<bf16> {
  static constexpr int per_word = 2;
  static float at(unsigned word, int i) {
    return to_float(bf16{static_cast<unsigned short>(word >> (16 * i))});
  }
};

template <class T>
inline void mma(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  Fragments mine;
  memcpy(mine.a, a, sizeof a);
  memcpy(mine.b, b, sizeof b);
  const auto* const all = static_cast<const Fragments*>(tw_cpu::gather(&mine, sizeof mine));
  const int g = tw_cpu::lane() / 4, t = tw_cpu::lane() % 4;
  constexpr int kPerWord = Operand<T>::per_word;
  float rows[2][8 * kPerWord], columns[2][8 * kPerWord];
  for (int half = 0; half < 2; ++half) {
    for (int word = 0; word < 8; ++word) {
      for (int j = 0; j < kPerWord; ++j) {
        const int k = word * kPerWord + j;
        rows[half][k] = Operand<T>::at(all[4 * g + word % 4].a[half + 2 * (word / 4)], j);
        columns[half][k] = Operand<T>::at(all[4 * (2 * t + half) + word % 4].b[word / 4], j);
      }
    }
  }
  double sums[4] = {d[0], d[1], d[2], d[3]};
  for (int k = 0; k < 8 * kPerWord; ++k) {
    for (int i = 0; i < 4; ++i) {
      sums[i] += static_cast<double>(rows[i / 2][k]) * columns[i % 2][k];
    }
  }
  for (int i = 0; i < 4; ++i) d[i] = static_cast<float>(sums[i]);
}

}  // namespace detail
#endif

// D += A * B, with A of 16x8 and B of 8x8 TF32. The lowest 13 bits of the operands are ignored.
TW_DEVICE void mma_m16n8k8(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
#ifdef TW_CPU_DEVICE
  detail::mma<float>(d, a, b);
#else
  TW_FROM_SM80(
      asm volatile(
          "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
          "{%8, %9}, {%0, %1, %2, %3};"
          : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));)
#endif
}

// D += A * B, with A of 16x16 and B of 16x8 f16 or bf16.
template <class T>
TW_DEVICE void mma_m16n8k16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]);

template <>
TW_DEVICE void mma_m16n8k16<f16>(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
#ifdef TW_CPU_DEVICE
  detail::mma<f16>(d, a, b);
#else
  TW_FROM_SM80(
      asm volatile(
          "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
          "{%8, %9}, {%0, %1, %2, %3};"
          : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));)
#endif
}

template <>
TW_DEVICE void mma_m16n8k16<bf16>(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
#ifdef TW_CPU_DEVICE
  detail::mma<bf16>(d, a, b);
#else
  TW_FROM_SM80(
      asm volatile(
          "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
          "{%8, %9}, {%0, %1, %2, %3};"
          : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));)
#endif
}

// D += A * B for elements of type T: TF32 in f32, f16 or bf16.
template <class T>
TW_DEVICE void mma_step(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  if constexpr (sizeof(T) == 4) {
    mma_m16n8k8(d, a, b);
  } else {
    mma_m16n8k16<T>(d, a, b);
  }
}

// Reads kCount (1, 2 or 4) matrices of 8 rows of 16 bytes from shared memory. Thread 8 * i + r
// passes `row`, the address of row r of matrix i, aligned to 16 bytes. words[i] is word t of row g
// of matrix i: a pair of 16-bit elements, or one 32-bit element.
template <int kCount, class T>
TW_DEVICE void ldmatrix(unsigned (&words)[kCount], SharedPointer<T> row) {
  static_assert(kCount == 1 || kCount == 2 || kCount == 4, "one instruction");
#ifdef TW_CPU_DEVICE
  struct alignas(16) Row {
    unsigned words[4];
  } mine{};
  const int lane = tw_cpu::lane();
  if (lane < 8 * kCount) mine = *reinterpret_cast<const Row*>(row.address());
  const auto* const all = static_cast<const Row*>(tw_cpu::gather(&mine, sizeof mine));
  for (int i = 0; i < kCount; ++i) words[i] = all[8 * i + lane / 4].words[lane % 4];
#else
  if constexpr (kCount == 1) {
    TW_FROM_SM80(asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];"
                              : "=r"(words[0])
                              : "r"(row.address())
                              : "memory");)
  } else if constexpr (kCount == 2) {
    TW_FROM_SM80(asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];"
                              : "=r"(words[0]), "=r"(words[1])
                              : "r"(row.address())
                              : "memory");)
  } else {
    TW_FROM_SM80(asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                              : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
                              : "r"(row.address())
                              : "memory");)
  }
#endif
}

// The same, with each matrix of 8x8 16-bit elements transposed: words[i] is the pair of the
// elements g of rows 2t and 2t + 1 of matrix i.
template <int kCount, class T>
TW_DEVICE void ldmatrix_transposed(unsigned (&words)[kCount], SharedPointer<T> row) {
  static_assert(sizeof(T) == 2, "only 16-bit elements can be transposed");
  static_assert(kCount == 1 || kCount == 2 || kCount == 4, "one instruction");
#ifdef TW_CPU_DEVICE
  struct alignas(16) Row {
    unsigned short elements[8];
  } mine{};
  const int lane = tw_cpu::lane();
  if (lane < 8 * kCount) mine = *reinterpret_cast<const Row*>(row.address());
  const auto* const all = static_cast<const Row*>(tw_cpu::gather(&mine, sizeof mine));
  for (int i = 0; i < kCount; ++i) {
    const Row* const pair = all + 8 * i + 2 * (lane % 4);
    words[i] = pair[0].elements[lane / 4] | static_cast<unsigned>(pair[1].elements[lane / 4]) << 16;
  }
#else
  if constexpr (kCount == 1) {
    TW_FROM_SM80(asm volatile("ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%0}, [%1];"
                              : "=r"(words[0])
                              : "r"(row.address())
                              : "memory");)
  } else if constexpr (kCount == 2) {
    TW_FROM_SM80(asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
                              : "=r"(words[0]), "=r"(words[1])
                              : "r"(row.address())
                              : "memory");)
  } else {
    TW_FROM_SM80(
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                     : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
                     : "r"(row.address())
                     : "memory");)
  }
#endif
}

}  // namespace tw
