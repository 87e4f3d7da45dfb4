// The arithmetic of a 16-bit floating-point type. cuda_fp16.h and cuda_bf16.h include this file
// once each. Before, they define
//   TW_T, TW_T2, TW_RAW  the type, its pair, and its bits: __half, __half2, __half_raw
//   TW_NAME, TW_NAME2    the two types in the names of functions: half, half2
//   TW_FORMAT            the type's Format16
//
// Sums, products, quotients and roots of floats that are rounded once more to 16 bits are rounded
// right, since a float has more than twice the bits. For a * b + c see fused().

struct TW_RAW {
  unsigned short x;
};

struct __align__(2) TW_T {
  TW_T() = default;
  TW_T(const TW_RAW& raw) : __x(raw.x) {}
  operator TW_RAW() const { return {__x}; }
  // From every arithmetic type, with one rounding.
  template <class A, class = std::enable_if_t<std::is_arithmetic_v<A>>>
  TW_T(A x) : __x(tw_cpu::encode<TW_FORMAT>(tw_cpu::odd_double(x))) {}
  template <class A,
            class = std::enable_if_t<!std::is_arithmetic_v<A> &&  // another 16-bit type
                                     std::is_convertible_v<A, float>>,
            class = void>
  explicit TW_T(const A& x) : TW_T(static_cast<float>(x)) {}
  operator float() const { return tw_cpu::decode<TW_FORMAT>(__x); }
  static TW_T of_bits(unsigned short bits) {
    TW_T x;
    x.__x = bits;
    return x;
  }
  unsigned short bits() const { return __x; }

  unsigned short __x;  // named as in CUDA, because <cuda/std/...> asks for it
};

struct __align__(4) TW_T2 {
  TW_T x, y;
  TW_T2() = default;
  TW_T2(const TW_T& first, const TW_T& second) : x(first), y(second) {}
};

namespace tw_cpu {

// a * b + c with one rounding: the product is exact in a double, the sum is rounded to odd.
inline TW_T fused(TW_T a, TW_T b, TW_T c) {
  const double x = static_cast<float>(a), y = static_cast<float>(b), z = static_cast<float>(c);
  return TW_T::of_bits(encode<TW_FORMAT>(odd_sum(x * y, z)));
}

}  // namespace tw_cpu

// A function of two numbers, for pairs too. `a` and `b` are floats in `value`.
#define TW_CPU_BINARY(name, name2, value)                      \
  inline TW_T name(TW_T first, TW_T second) {                  \
    const float a = first, b = second;                         \
    return TW_T(value);                                        \
  }                                                            \
  inline TW_T2 name2(TW_T2 first, TW_T2 second) {              \
    return {name(first.x, second.x), name(first.y, second.y)}; \
  }
TW_CPU_BINARY(__hadd, __hadd2, a + b)
TW_CPU_BINARY(__hsub, __hsub2, a - b)
TW_CPU_BINARY(__hmul, __hmul2, a* b)
TW_CPU_BINARY(__hadd_rn, __hadd2_rn, a + b)
TW_CPU_BINARY(__hsub_rn, __hsub2_rn, a - b)
TW_CPU_BINARY(__hmul_rn, __hmul2_rn, a* b)
TW_CPU_BINARY(__hadd_sat, __hadd2_sat, __saturatef(TW_T(a + b)))
TW_CPU_BINARY(__hsub_sat, __hsub2_sat, __saturatef(TW_T(a - b)))
TW_CPU_BINARY(__hmul_sat, __hmul2_sat, __saturatef(TW_T(a* b)))
TW_CPU_BINARY(__hmax, __hmax2, fmaxf(a, b))
TW_CPU_BINARY(__hmin, __hmin2, fminf(a, b))
TW_CPU_BINARY(__hmax_nan, __hmax2_nan, a != a || b != b ? NAN : fmaxf(a, b))
TW_CPU_BINARY(__hmin_nan, __hmin2_nan, a != a || b != b ? NAN : fminf(a, b))
#undef TW_CPU_BINARY
inline TW_T __hdiv(TW_T a, TW_T b) { return TW_T(static_cast<float>(a) / static_cast<float>(b)); }
inline TW_T2 __h2div(TW_T2 a, TW_T2 b) { return {__hdiv(a.x, b.x), __hdiv(a.y, b.y)}; }
inline TW_T __hneg(TW_T a) {
  return TW_T::of_bits(static_cast<unsigned short>(a.bits() ^ 0x8000u));
}
inline TW_T __habs(TW_T a) {
  return TW_T::of_bits(static_cast<unsigned short>(a.bits() & 0x7fffu));
}
inline TW_T2 __hneg2(TW_T2 a) { return {__hneg(a.x), __hneg(a.y)}; }
inline TW_T2 __habs2(TW_T2 a) { return {__habs(a.x), __habs(a.y)}; }

#define TW_CPU_FUSED(name, name2, value)               \
  inline TW_T name(TW_T a, TW_T b, TW_T c) {           \
    const float sum = tw_cpu::fused(a, b, c);          \
    return TW_T(value);                                \
  }                                                    \
  inline TW_T2 name2(TW_T2 a, TW_T2 b, TW_T2 c) {      \
    return {name(a.x, b.x, c.x), name(a.y, b.y, c.y)}; \
  }
TW_CPU_FUSED(__hfma, __hfma2, sum)
TW_CPU_FUSED(__hfma_sat, __hfma2_sat, __saturatef(sum))
TW_CPU_FUSED(__hfma_relu, __hfma2_relu, sum != sum ? sum : fmaxf(sum, 0.0f))
#undef TW_CPU_FUSED
// (a + ai i) (b + bi i) + (c + ci i)
inline TW_T2 __hcmadd(TW_T2 a, TW_T2 b, TW_T2 c) {
  return {__hfma(__hneg(a.y), b.y, __hfma(a.x, b.x, c.x)), __hfma(a.y, b.x, __hfma(a.x, b.y, c.y))};
}

// Comparisons: false for NaN, and with `u` true. For pairs: 1 or 0 in each, all bits in each
// (_mask), or whether it holds in both (__hb...).
#define TW_CPU_COMPARE_AS(name, condition)                                                  \
  inline bool __h##name(TW_T first, TW_T second) {                                          \
    const float a = first, b = second;                                                      \
    return condition;                                                                       \
  }                                                                                         \
  inline TW_T2 __h##name##2(TW_T2 a, TW_T2 b) {                                             \
    return {TW_T(__h##name(a.x, b.x)), TW_T(__h##name(a.y, b.y))};                          \
  }                                                                                         \
  inline unsigned __h##name##2_mask(TW_T2 a, TW_T2 b) {                                     \
    return (__h##name(a.x, b.x) ? 0xffffu : 0u) | (__h##name(a.y, b.y) ? 0xffff0000u : 0u); \
  }                                                                                         \
  inline bool __hb##name##2(TW_T2 a, TW_T2 b) { return __h##name(a.x, b.x) && __h##name(a.y, b.y); }
#define TW_CPU_COMPARE(name, condition)                    \
  TW_CPU_COMPARE_AS(name, (condition) && a == a && b == b) \
  TW_CPU_COMPARE_AS(name##u, (condition) || a != a || b != b)
TW_CPU_COMPARE(eq, a == b)
TW_CPU_COMPARE(ne, a != b)
TW_CPU_COMPARE(lt, a < b)
TW_CPU_COMPARE(le, a <= b)
TW_CPU_COMPARE(gt, a > b)
TW_CPU_COMPARE(ge, a >= b)
#undef TW_CPU_COMPARE
#undef TW_CPU_COMPARE_AS
inline bool __hisnan(TW_T a) { return std::isnan(static_cast<float>(a)); }
inline int __hisinf(TW_T a) {
  const float x = a;
  return std::isinf(x) ? (x < 0 ? -1 : 1) : 0;
}
inline TW_T2 __hisnan2(TW_T2 a) { return {TW_T(__hisnan(a.x)), TW_T(__hisnan(a.y))}; }

#define TW_CPU_UNARY(name, value)   \
  inline TW_T h##name(TW_T given) { \
    const float x = given;          \
    return TW_T(value);             \
  }                                 \
  inline TW_T2 h2##name(TW_T2 a) { return {h##name(a.x), h##name(a.y)}; }
TW_CPU_UNARY(sqrt, sqrtf(x))
TW_CPU_UNARY(rsqrt, 1 / sqrt(static_cast<double>(x)))
TW_CPU_UNARY(rcp, 1 / x)
TW_CPU_UNARY(exp, exp(static_cast<double>(x)))
TW_CPU_UNARY(exp2, exp2(static_cast<double>(x)))
TW_CPU_UNARY(exp10, pow(10.0, x))
TW_CPU_UNARY(log, log(static_cast<double>(x)))
TW_CPU_UNARY(log2, log2(static_cast<double>(x)))
TW_CPU_UNARY(log10, log10(static_cast<double>(x)))
TW_CPU_UNARY(sin, sin(static_cast<double>(x)))
TW_CPU_UNARY(cos, cos(static_cast<double>(x)))
TW_CPU_UNARY(tanh, tanh(static_cast<double>(x)))
TW_CPU_UNARY(tanh_approx, tanh(static_cast<double>(x)))
TW_CPU_UNARY(ceil, ceilf(x))
TW_CPU_UNARY(floor, floorf(x))
TW_CPU_UNARY(trunc, truncf(x))
TW_CPU_UNARY(rint, nearbyintf(x))
#undef TW_CPU_UNARY

#define TW_CPU_OPERATOR(sign, name, name2)                                  \
  inline TW_T operator sign(TW_T a, TW_T b) { return name(a, b); }          \
  inline TW_T2 operator sign(TW_T2 a, TW_T2 b) { return name2(a, b); }      \
  inline TW_T& operator sign##=(TW_T& a, TW_T b) { return a = name(a, b); } \
  inline TW_T2& operator sign##=(TW_T2& a, TW_T2 b) { return a = name2(a, b); }
TW_CPU_OPERATOR(+, __hadd, __hadd2)
TW_CPU_OPERATOR(-, __hsub, __hsub2)
TW_CPU_OPERATOR(*, __hmul, __hmul2)
TW_CPU_OPERATOR(/, __hdiv, __h2div)
#undef TW_CPU_OPERATOR
#define TW_CPU_OPERATOR(sign, name)                                     \
  inline bool operator sign(TW_T a, TW_T b) { return __h##name(a, b); } \
  inline bool operator sign(TW_T2 a, TW_T2 b) { return __hb##name##2(a, b); }
TW_CPU_OPERATOR(==, eq)
TW_CPU_OPERATOR(!=, neu)
TW_CPU_OPERATOR(<, lt)
TW_CPU_OPERATOR(<=, le)
TW_CPU_OPERATOR(>, gt)
TW_CPU_OPERATOR(>=, ge)
#undef TW_CPU_OPERATOR
inline TW_T operator-(TW_T a) { return __hneg(a); }
inline TW_T operator+(TW_T a) { return a; }
inline TW_T2 operator-(TW_T2 a) { return __hneg2(a); }
inline TW_T2 operator+(TW_T2 a) { return a; }
inline TW_T& operator++(TW_T& a) { return a = a + TW_T(1); }
inline TW_T& operator--(TW_T& a) { return a = a - TW_T(1); }
inline TW_T operator++(TW_T& a, int) {
  const TW_T old = a;
  ++a;
  return old;
}
inline TW_T operator--(TW_T& a, int) {
  const TW_T old = a;
  --a;
  return old;
}

// Conversions, and pairs and their parts.
#define TW_F(prefix, name, suffix) TW_CPU_PASTE(prefix, name, suffix)
inline unsigned short TW_F(__, TW_NAME, _as_ushort)(TW_T a) { return a.bits(); }
inline short TW_F(__, TW_NAME, _as_short)(TW_T a) { return static_cast<short>(a.bits()); }
inline TW_T TW_F(__ushort_as_, TW_NAME, )(unsigned short bits) { return TW_T::of_bits(bits); }
inline TW_T TW_F(__short_as_, TW_NAME, )(short bits) {
  return TW_T::of_bits(static_cast<unsigned short>(bits));
}
inline float TW_F(__, TW_NAME, 2float)(TW_T a) { return a; }
inline TW_T TW_F(__float2, TW_NAME, )(float x) { return TW_T(x); }
inline TW_T TW_F(__double2, TW_NAME, )(double x) { return TW_T(x); }
TW_CPU_ROUNDED(TW_T, TW_F(__float2, TW_NAME, ), (float x),
               TW_T::of_bits(tw_cpu::encode<TW_FORMAT, mode>(x)))
#define TW_CPU_CONVERT(type, name)                                      \
  TW_CPU_ROUNDED(type, TW_F(__, TW_NAME, 2##name), (TW_T x),            \
                 tw_cpu::to_integer<mode, type>(static_cast<float>(x))) \
  TW_CPU_ROUNDED(TW_T, TW_F(__##name##2, TW_NAME, ), (type x),          \
                 TW_T::of_bits(tw_cpu::encode<TW_FORMAT, mode>(tw_cpu::odd_double(x))))
TW_CPU_CONVERT(int, int)
TW_CPU_CONVERT(unsigned, uint)
TW_CPU_CONVERT(short, short)
TW_CPU_CONVERT(unsigned short, ushort)
TW_CPU_CONVERT(long long, ll)
TW_CPU_CONVERT(unsigned long long, ull)
TW_CPU_CONVERT(signed char, char)
TW_CPU_CONVERT(unsigned char, uchar)
#undef TW_CPU_CONVERT

inline TW_T2 TW_F(make_, TW_NAME2, )(TW_T a, TW_T b) { return {a, b}; }
inline TW_T2 TW_F(__halves2, TW_NAME2, )(TW_T a, TW_T b) { return {a, b}; }
inline TW_T2 TW_F(__, TW_F(TW_NAME, 2, TW_NAME2), )(TW_T a) { return {a, a}; }
inline TW_T2 TW_F(__float2, TW_NAME2, _rn)(float x) { return {TW_T(x), TW_T(x)}; }
inline TW_T2 TW_F(__floats2, TW_NAME2, _rn)(float x, float y) { return {TW_T(x), TW_T(y)}; }
inline TW_T2 TW_F(__float22, TW_NAME2, _rn)(float2 v) { return {TW_T(v.x), TW_T(v.y)}; }
inline float2 TW_F(__, TW_NAME2, 2float2)(TW_T2 a) { return {a.x, a.y}; }
inline TW_T TW_F(__low2, TW_NAME, )(TW_T2 a) { return a.x; }
inline TW_T TW_F(__high2, TW_NAME, )(TW_T2 a) { return a.y; }
inline float __low2float(TW_T2 a) { return a.x; }
inline float __high2float(TW_T2 a) { return a.y; }
inline TW_T2 TW_F(__low2, TW_NAME2, )(TW_T2 a) { return {a.x, a.x}; }
inline TW_T2 TW_F(__high2, TW_NAME2, )(TW_T2 a) { return {a.y, a.y}; }
inline TW_T2 TW_F(__lows2, TW_NAME2, )(TW_T2 a, TW_T2 b) { return {a.x, b.x}; }
inline TW_T2 TW_F(__highs2, TW_NAME2, )(TW_T2 a, TW_T2 b) { return {a.y, b.y}; }
inline TW_T2 __lowhigh2highlow(TW_T2 a) { return {a.y, a.x}; }
#undef TW_F
