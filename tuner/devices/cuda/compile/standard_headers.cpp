#include "devices/cuda/compile/standard_headers.h"

#include <fmt/format.h>

#include <sstream>
#include <string>
#include <string_view>

namespace tw::cuda {
namespace {

// What NVRTC declares without any header (printf, assert, malloc, memcpy, sqrt, clock_t, ...) is
// not declared again.
constexpr std::string_view stdint_h = R"(
#if __has_include(<cuda/std/cstdint>)
#include <cuda/std/cstdint>
#else
typedef signed char int8_t;
typedef short int16_t;
typedef int int32_t;
typedef long long int64_t;
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long long uint64_t;
typedef int8_t int_least8_t, int_fast8_t;
typedef int16_t int_least16_t, int_fast16_t;
typedef int32_t int_least32_t, int_fast32_t;
typedef int64_t int_least64_t, int_fast64_t, intmax_t, intptr_t;
typedef uint8_t uint_least8_t, uint_fast8_t;
typedef uint16_t uint_least16_t, uint_fast16_t;
typedef uint32_t uint_least32_t, uint_fast32_t;
typedef uint64_t uint_least64_t, uint_fast64_t, uintmax_t, uintptr_t;
#define INT8_MAX 127
#define INT16_MAX 32767
#define INT32_MAX 2147483647
#define INT64_MAX 9223372036854775807LL
#define INTPTR_MAX INT64_MAX
#define PTRDIFF_MAX INT64_MAX
#define INT8_MIN (-INT8_MAX - 1)
#define INT16_MIN (-INT16_MAX - 1)
#define INT32_MIN (-INT32_MAX - 1)
#define INT64_MIN (-INT64_MAX - 1)
#define UINT8_MAX 255
#define UINT16_MAX 65535
#define UINT32_MAX 4294967295U
#define UINT64_MAX 18446744073709551615ULL
#define UINTPTR_MAX UINT64_MAX
#define SIZE_MAX UINT64_MAX
#define INT32_C(x) x
#define UINT32_C(x) x##U
#define INT64_C(x) x##LL
#define UINT64_C(x) x##ULL
#endif
)";

constexpr std::string_view limits_h = R"(
#if __has_include(<cuda/std/climits>)
#include <cuda/std/climits>
#else
#define CHAR_BIT 8
#define SCHAR_MIN (-128)
#define SCHAR_MAX 127
#define UCHAR_MAX 255
#define CHAR_MIN SCHAR_MIN
#define CHAR_MAX SCHAR_MAX
#define SHRT_MIN (-32768)
#define SHRT_MAX 32767
#define USHRT_MAX 65535
#define INT_MIN (-INT_MAX - 1)
#define INT_MAX 2147483647
#define UINT_MAX 4294967295U
#define LONG_MIN (-LONG_MAX - 1)
#define LONG_MAX 9223372036854775807L
#define ULONG_MAX 18446744073709551615UL
#define LLONG_MIN (-LLONG_MAX - 1)
#define LLONG_MAX 9223372036854775807LL
#define ULLONG_MAX 18446744073709551615ULL
#endif
)";

constexpr std::string_view float_h = R"(
#if __has_include(<cuda/std/cfloat>)
#include <cuda/std/cfloat>
#endif
#ifndef FLT_MAX
#define FLT_RADIX 2
#define FLT_MANT_DIG 24
#define FLT_DIG 6
#define FLT_MIN 1.17549435e-38F
#define FLT_MAX 3.40282347e+38F
#define FLT_EPSILON 1.19209290e-7F
#define FLT_MIN_EXP (-125)
#define FLT_MAX_EXP 128
#define DBL_MANT_DIG 53
#define DBL_DIG 15
#define DBL_MIN 2.2250738585072014e-308
#define DBL_MAX 1.7976931348623157e+308
#define DBL_EPSILON 2.2204460492503131e-16
#define DBL_MIN_EXP (-1021)
#define DBL_MAX_EXP 1024
#endif
)";

constexpr std::string_view math_h = R"(
#ifndef M_PI
#define M_E 2.71828182845904523536
#define M_LOG2E 1.44269504088896340736
#define M_LOG10E 0.43429448190325182765
#define M_LN2 0.69314718055994530942
#define M_LN10 2.30258509299404568402
#define M_PI 3.14159265358979323846
#define M_PI_2 1.57079632679489661923
#define M_PI_4 0.78539816339744830962
#define M_1_PI 0.31830988618379067154
#define M_2_PI 0.63661977236758134308
#define M_2_SQRTPI 1.12837916709551257390
#define M_SQRT2 1.41421356237309504880
#define M_SQRT1_2 0.70710678118654752440
#endif
#ifndef INFINITY
#define INFINITY __int_as_float(0x7f800000)
#endif
#ifndef HUGE_VALF
#define HUGE_VALF __int_as_float(0x7f800000)
#endif
#ifndef HUGE_VAL
#define HUGE_VAL __longlong_as_double(0x7ff0000000000000LL)
#endif
#ifndef NAN
#define NAN __int_as_float(0x7fffffff)
#endif
)";

constexpr std::string_view stddef_h = R"(
#ifndef offsetof
#define offsetof(type, member) __builtin_offsetof(type, member)
#endif
)";

constexpr std::string_view cstddef = R"(
#include <stddef.h>
#if __has_include(<cuda/std/cstddef>)
#include <cuda/std/cstddef>
namespace std { using namespace cuda::std; }
#else
namespace std {
using size_t = decltype(sizeof(0));
using ptrdiff_t = decltype((char*)0 - (char*)0);
using nullptr_t = decltype(nullptr);
}
#endif
)";

constexpr std::string_view algorithm = R"(
#if __has_include(<cuda/std/algorithm>)
#include <cuda/std/algorithm>
namespace std { using namespace cuda::std; }
#else
namespace std {
template <class T>
__host__ __device__ constexpr const T& min(const T& a, const T& b) { return b < a ? b : a; }
template <class T>
__host__ __device__ constexpr const T& max(const T& a, const T& b) { return a < b ? b : a; }
template <class T>
__host__ __device__ constexpr const T& clamp(const T& x, const T& low, const T& high) {
  return x < low ? low : high < x ? high : x;
}
template <class T>
__host__ __device__ constexpr void swap(T& a, T& b) {
  T old(a);
  a = b;
  b = old;
}
}
#endif
)";

// Headers whose content is that of <cuda/std/...>, in the namespace std too.
constexpr std::string_view from_cuda_std[] = {
    "array",    "atomic",     "barrier",          "bit",      "bitset", "chrono", "complex",
    "concepts", "functional", "initializer_list", "iterator", "latch",  "limits", "mdspan",
    "memory",   "numbers",    "numeric",          "optional", "ranges", "ratio",  "semaphore",
    "span",     "tuple",      "type_traits",      "utility",  "variant"};

// Headers of C that declare nothing more than NVRTC does.
constexpr std::string_view empty[] = {"assert.h", "malloc.h", "memory.h", "stdbool.h",
                                      "stdio.h",  "stdlib.h", "string.h", "time.h",
                                      "cassert",  "cfenv",    "new"};

struct NamesInStd {
  std::string_view header;  // C++'s
  std::string_view c;       // the header of C
  std::string_view names;
};
constexpr NamesInStd names_in_std[] = {
    {"cstdint", "stdint.h",
     "int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t intptr_t uintptr_t "
     "intmax_t uintmax_t"},
    {"climits", "limits.h", ""},
    {"cfloat", "float.h", ""},
    {"cinttypes", "inttypes.h", ""},
    {"cstdio", "stdio.h", "printf"},
    {"cstdlib", "stdlib.h", "malloc free abs labs llabs size_t"},
    {"cstring", "string.h", "memcpy memset size_t"},
    {"ctime", "time.h", "clock clock_t"},
    {"cmath", "math.h",
     "abs acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp2 "
     "expm1 fabs fdim floor fma fmax fmin fmod frexp hypot ilogb isfinite isinf isnan ldexp lgamma "
     "llrint llround log log10 log1p log2 logb lrint lround modf nearbyint nextafter pow remainder "
     "remquo rint round scalbln scalbn signbit sin sinh sqrt tan tanh tgamma trunc"}};

std::string text_of(const NamesInStd& header) {
  std::string text = fmt::format("#include <{}>\nnamespace std {{\n", header.c);
  std::istringstream names{std::string(header.names)};
  for (std::string name; names >> name;) text += fmt::format("using ::{};\n", name);
  return text + "}\n";
}

Texts make_headers() {
  Texts texts{{"stdint.h", std::string(stdint_h)},   {"limits.h", std::string(limits_h)},
              {"float.h", std::string(float_h)},     {"math.h", std::string(math_h)},
              {"stddef.h", std::string(stddef_h)},   {"cstddef", std::string(cstddef)},
              {"algorithm", std::string(algorithm)}, {"inttypes.h", "#include <stdint.h>\n"}};
  for (const std::string_view name : empty) texts.emplace(name, "");
  for (const NamesInStd& header : names_in_std) texts.emplace(header.header, text_of(header));
  for (const std::string_view name : from_cuda_std) {
    texts.emplace(name, fmt::format("#include <cuda/std/{}>\n"
                                    "namespace std {{ using namespace cuda::std; }}\n",
                                    name));
  }
  for (auto& [name, text] : texts) text.insert(0, "#pragma once\n");
  return texts;
}

}  // namespace

const Texts& standard_headers() {
  static const Texts texts = make_headers();
  return texts;
}

}  // namespace tw::cuda
