// Integer intrinsics, and those for two 16-bit or four 8-bit integers in a word.
#pragma once

#include "shim_math.h"

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }
inline int __clzll(long long x) {
  return x == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(x));
}
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline int __mulhi(int a, int b) { return static_cast<int>((static_cast<long long>(a) * b) >> 32); }
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
inline long long __mul64hi(long long a, long long b) {
  return static_cast<long long>((static_cast<__int128>(a) * b) >> 64);
}
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return static_cast<unsigned long long>((static_cast<unsigned __int128>(a) * b) >> 64);
}
// Products of the low 24 bits, the low 32 bits of them.
inline int __mul24(int a, int b) {
  const long long low_a = static_cast<int>(static_cast<unsigned>(a) << 8) >> 8;
  const long long low_b = static_cast<int>(static_cast<unsigned>(b) << 8) >> 8;
  return static_cast<int>(low_a * low_b);
}
inline unsigned __umul24(unsigned a, unsigned b) { return (a & 0xffffffu) * (b & 0xffffffu); }
inline unsigned __sad(int a, int b, unsigned sum) {
  return sum + static_cast<unsigned>(a > b ? static_cast<long long>(a) - b
                                           : static_cast<long long>(b) - a);
}
inline unsigned __usad(unsigned a, unsigned b, unsigned sum) {
  return sum + (a > b ? a - b : b - a);
}
// Averages without overflow, rounded down and up.
inline int __hadd(int a, int b) { return static_cast<int>((static_cast<long long>(a) + b) >> 1); }
inline int __rhadd(int a, int b) {
  return static_cast<int>((static_cast<long long>(a) + b + 1) >> 1);
}
inline unsigned __uhadd(unsigned a, unsigned b) {
  return static_cast<unsigned>((static_cast<unsigned long long>(a) + b) >> 1);
}
inline unsigned __urhadd(unsigned a, unsigned b) {
  return static_cast<unsigned>((static_cast<unsigned long long>(a) + b + 1) >> 1);
}
inline unsigned __brev(unsigned x) {
  unsigned reversed = 0;
  for (int i = 0; i < 32; ++i) reversed |= (x >> i & 1u) << (31 - i);
  return reversed;
}
inline unsigned long long __brevll(unsigned long long x) {
  return static_cast<unsigned long long>(__brev(static_cast<unsigned>(x))) << 32 |
         __brev(static_cast<unsigned>(x >> 32));
}
// Each hexadecimal digit of the selector names one of the eight bytes; 8 more: its sign instead.
inline unsigned __byte_perm(unsigned low, unsigned high, unsigned selector) {
  const unsigned long long bytes = static_cast<unsigned long long>(high) << 32 | low;
  unsigned result = 0;
  for (int i = 0; i < 4; ++i) {
    const unsigned digit = selector >> (4 * i) & 15u;
    unsigned byte = static_cast<unsigned>(bytes >> (8 * (digit & 7u))) & 255u;
    if ((digit & 8u) != 0) byte = (byte & 128u) != 0 ? 255u : 0u;
    result |= byte << (8 * i);
  }
  return result;
}
// The words high:low shifted; `lc` and `rc` clamp the distance to 32, the others take it modulo 32.
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned distance) {
  const unsigned long long words = static_cast<unsigned long long>(high) << 32 | low;
  return static_cast<unsigned>((words << (distance & 31u)) >> 32);
}
inline unsigned __funnelshift_lc(unsigned low, unsigned high, unsigned distance) {
  return distance >= 32 ? low : __funnelshift_l(low, high, distance);
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned distance) {
  const unsigned long long words = static_cast<unsigned long long>(high) << 32 | low;
  return static_cast<unsigned>(words >> (distance & 31u));
}
inline unsigned __funnelshift_rc(unsigned low, unsigned high, unsigned distance) {
  return distance >= 32 ? high : __funnelshift_r(low, high, distance);
}
// The place of the n-th bit that is set, from `base` on: upwards, or downwards for n < 0.
inline unsigned __fns(unsigned mask, unsigned base, int n) {
  if (n == 0) return (mask >> base & 1u) != 0 ? base : 0xffffffffu;
  const int step = n > 0 ? 1 : -1;
  for (int at = static_cast<int>(base); at >= 0 && at < 32; at += step) {
    if ((mask >> at & 1u) != 0 && (n -= step) == 0) return static_cast<unsigned>(at);
  }
  return 0xffffffffu;
}

// a.lo * b.byte0 + a.hi * b.byte1 + c, and the same with the upper two bytes.
inline int __dp2a_lo(int a, int b, int c) {
  return c + static_cast<short>(a) * static_cast<signed char>(b) +
         static_cast<short>(a >> 16) * static_cast<signed char>(b >> 8);
}
inline int __dp2a_hi(int a, int b, int c) { return __dp2a_lo(a, b >> 16, c); }
inline unsigned __dp2a_lo(unsigned a, unsigned b, unsigned c) {
  return c + (a & 0xffffu) * (b & 255u) + (a >> 16) * (b >> 8 & 255u);
}
inline unsigned __dp2a_hi(unsigned a, unsigned b, unsigned c) { return __dp2a_lo(a, b >> 16, c); }

// The functions that Hopper has as instructions: of three numbers, of a sum and a number, and with
// negative results as 0.
#define TW_CPU_DPX(type, word, sum)                                                 \
  inline type __vimax3_##word(type a, type b, type c) { return max(max(a, b), c); } \
  inline type __vimin3_##word(type a, type b, type c) { return min(min(a, b), c); } \
  inline type __viaddmax_##word(type a, type b, type c) { return max(sum, c); }     \
  inline type __viaddmin_##word(type a, type b, type c) { return min(sum, c); }
TW_CPU_DPX(int, s32, static_cast<int>(static_cast<unsigned>(a) + static_cast<unsigned>(b)))
TW_CPU_DPX(unsigned, u32, a + b)
#undef TW_CPU_DPX
inline int __vimax_s32_relu(int a, int b) { return max(max(a, b), 0); }
inline int __vimin_s32_relu(int a, int b) { return max(min(a, b), 0); }
inline int __vimax3_s32_relu(int a, int b, int c) { return max(__vimax3_s32(a, b, c), 0); }
inline int __vimin3_s32_relu(int a, int b, int c) { return max(__vimin3_s32(a, b, c), 0); }
inline int __viaddmax_s32_relu(int a, int b, int c) { return max(__viaddmax_s32(a, b, c), 0); }
inline int __viaddmin_s32_relu(int a, int b, int c) { return max(__viaddmin_s32(a, b, c), 0); }

namespace tw_cpu {

// Element `i` of a word of `bits`-bit integers, and the word with such elements.
template <int bits, bool is_signed>
inline int element(unsigned word, int i) {
  const unsigned raw = word >> (bits * i) & ((1u << bits) - 1);
  const int sign = is_signed && (raw >> (bits - 1) & 1u) != 0 ? 1 << bits : 0;
  return static_cast<int>(raw) - sign;
}
template <int bits, bool is_signed, class Function>
inline unsigned each_element(unsigned a, unsigned b, Function function) {
  unsigned result = 0;
  for (int i = 0; i < 32 / bits; ++i) {
    const int value = function(element<bits, is_signed>(a, i), element<bits, is_signed>(b, i));
    result |= (static_cast<unsigned>(value) & ((1u << bits) - 1)) << (bits * i);
  }
  return result;
}
template <int bits, bool is_signed>
inline int saturated(int x) {
  constexpr int largest = (1 << (is_signed ? bits - 1 : bits)) - 1;
  constexpr int smallest = is_signed ? -largest - 1 : 0;
  return x > largest ? largest : x < smallest ? smallest : x;
}

}  // namespace tw_cpu

#define TW_CPU_SIMD(name, bits, is_signed, value)                                            \
  inline unsigned name(unsigned a_word, unsigned b_word) {                                   \
    return tw_cpu::each_element<bits, is_signed>(a_word, b_word,                             \
                                                 [](int a, int b) -> int { return value; }); \
  }
#define TW_CPU_SIMD_UNARY(name, bits, value)                                                   \
  inline unsigned name(unsigned word) {                                                        \
    return tw_cpu::each_element<bits, true>(word, 0, [](int a, int) -> int { return value; }); \
  }
#define TW_CPU_SIMD_SUM(name, bits, is_signed, value)            \
  inline unsigned name(unsigned a_word, unsigned b_word) {       \
    unsigned sum = 0;                                            \
    for (int i = 0; i < 32 / bits; ++i) {                        \
      const int a = tw_cpu::element<bits, is_signed>(a_word, i); \
      const int b = tw_cpu::element<bits, is_signed>(b_word, i); \
      sum += static_cast<unsigned>(value);                       \
    }                                                            \
    return sum;                                                  \
  }
#define TW_CPU_SIMD_COMPARE(n, bits, word, is_signed, comparison)    \
  TW_CPU_SIMD(__vcmp##word##n, bits, is_signed, comparison ? -1 : 0) \
  TW_CPU_SIMD(__vset##word##n, bits, is_signed, comparison ? 1 : 0)
#define TW_CPU_SIMD_ALL(n, bits)                                                        \
  TW_CPU_SIMD(__vadd##n, bits, true, a + b)                                             \
  TW_CPU_SIMD(__vaddss##n, bits, true, (tw_cpu::saturated<bits, true>(a + b)))          \
  TW_CPU_SIMD(__vaddus##n, bits, false, (tw_cpu::saturated<bits, false>(a + b)))        \
  TW_CPU_SIMD(__vsub##n, bits, true, a - b)                                             \
  TW_CPU_SIMD(__vsubss##n, bits, true, (tw_cpu::saturated<bits, true>(a - b)))          \
  TW_CPU_SIMD(__vsubus##n, bits, false, (tw_cpu::saturated<bits, false>(a - b)))        \
  TW_CPU_SIMD(__vavgs##n, bits, true, (a + b + (a + b >= 0)) >> 1)                      \
  TW_CPU_SIMD(__vavgu##n, bits, false, (a + b + 1) >> 1)                                \
  TW_CPU_SIMD(__vhaddu##n, bits, false, (a + b) >> 1)                                   \
  TW_CPU_SIMD(__vmaxs##n, bits, true, a > b ? a : b)                                    \
  TW_CPU_SIMD(__vmaxu##n, bits, false, a > b ? a : b)                                   \
  TW_CPU_SIMD(__vmins##n, bits, true, a < b ? a : b)                                    \
  TW_CPU_SIMD(__vminu##n, bits, false, a < b ? a : b)                                   \
  TW_CPU_SIMD(__vabsdiffs##n, bits, true, a > b ? a - b : b - a)                        \
  TW_CPU_SIMD(__vabsdiffu##n, bits, false, a > b ? a - b : b - a)                       \
  TW_CPU_SIMD_UNARY(__vabs##n, bits, a < 0 ? -a : a)                                    \
  TW_CPU_SIMD_UNARY(__vabsss##n, bits, (tw_cpu::saturated<bits, true>(a < 0 ? -a : a))) \
  TW_CPU_SIMD_UNARY(__vneg##n, bits, -a)                                                \
  TW_CPU_SIMD_UNARY(__vnegss##n, bits, (tw_cpu::saturated<bits, true>(-a)))             \
  TW_CPU_SIMD_SUM(__vsads##n, bits, true, a > b ? a - b : b - a)                        \
  TW_CPU_SIMD_SUM(__vsadu##n, bits, false, a > b ? a - b : b - a)                       \
  TW_CPU_SIMD_COMPARE(n, bits, eq, false, a == b)                                       \
  TW_CPU_SIMD_COMPARE(n, bits, ne, false, a != b)                                       \
  TW_CPU_SIMD_COMPARE(n, bits, gts, true, a > b)                                        \
  TW_CPU_SIMD_COMPARE(n, bits, gtu, false, a > b)                                       \
  TW_CPU_SIMD_COMPARE(n, bits, ges, true, a >= b)                                       \
  TW_CPU_SIMD_COMPARE(n, bits, geu, false, a >= b)                                      \
  TW_CPU_SIMD_COMPARE(n, bits, lts, true, a < b)                                        \
  TW_CPU_SIMD_COMPARE(n, bits, ltu, false, a < b)                                       \
  TW_CPU_SIMD_COMPARE(n, bits, les, true, a <= b)                                       \
  TW_CPU_SIMD_COMPARE(n, bits, leu, false, a <= b)
TW_CPU_SIMD_ALL(2, 16)
TW_CPU_SIMD_ALL(4, 8)
#undef TW_CPU_SIMD_ALL
#undef TW_CPU_SIMD_COMPARE
#undef TW_CPU_SIMD_SUM
#undef TW_CPU_SIMD_UNARY
#undef TW_CPU_SIMD
