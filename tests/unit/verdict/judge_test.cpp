// Compares the rule of comparison with an independent implementation: all numbers of a 16-bit type
// in a list, neighbours of floats with nextafter, and rounding by searching for the nearest number.
#include "common/judge.cuh"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "common/inputs.cuh"

namespace tw::verify {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
using Wide = long double;

// The finite numbers of a 16-bit type from the least to the largest, and the number after them.
struct Numbers {
  explicit Numbers(int storage) {
    const int fraction_bits = storage == kF16 ? 10 : 7;
    const int exponents = storage == kF16 ? 31 : 255, bias = storage == kF16 ? 15 : 127;
    for (int bits = 0; bits < exponents << fraction_bits; ++bits) {
      const int exponent = bits >> fraction_bits, fraction = bits & ((1 << fraction_bits) - 1);
      const int whole = exponent == 0 ? fraction : fraction + (1 << fraction_bits);
      positive.push_back(std::ldexp(whole, std::max(exponent, 1) - bias - fraction_bits));
    }
    // The number that would follow the largest one.
    beyond = std::ldexp(1.0, exponents - bias);
  }
  std::vector<double> positive;
  double beyond;

  // The even number of two neighbours has an even index in the list.
  double nearest(Wide x) const {
    if (x < 0) return -nearest(-x);
    const auto above = std::lower_bound(positive.begin(), positive.end(), x,
                                        [](double a, Wide b) { return Wide{a} < b; });
    const Wide high = above == positive.end() ? beyond : *above;
    const Wide low = above == positive.begin() ? 0 : *(above - 1);
    const bool low_is_even = (above - positive.begin()) % 2 == 1;
    const bool down = x - low < high - x || (x - low == high - x && low_is_even);
    if (down && above != positive.begin()) return static_cast<double>(low);
    return above == positive.end() ? infinity : *above;
  }
  double smallest() const { return positive[1]; }
};

const Numbers& numbers(int storage) {
  static const Numbers half(kF16), bfloat(kBf16);
  return storage == kF16 ? half : bfloat;
}

// For f32 it uses the hardware's conversion; fp64 stays unchanged.
double plain_rounded(Wide x, int storage) {
  if (storage == kF32) return static_cast<double>(static_cast<float>(static_cast<double>(x)));
  if (storage == kF64) return static_cast<double>(x);
  return numbers(storage).nearest(x);
}
double plain_smallest(int storage) {
  if (storage == kF64) return 0;
  return storage == kF32 ? std::numeric_limits<float>::denorm_min() : numbers(storage).smallest();
}
// Returns the neighbour of x in the type.
double plain_next(double x, double towards, int storage) {
  if (storage == kF64) return std::nextafter(x, towards);
  if (storage == kF32) return std::nextafter(static_cast<float>(x), static_cast<float>(towards));
  if (std::isinf(x)) return towards < x ? numbers(storage).positive.back() : x;
  const std::vector<double>& all = numbers(storage).positive;
  const bool away = (towards > x) == (x >= 0 && !(x == 0 && towards < 0));
  const auto at = std::lower_bound(all.begin(), all.end(), std::fabs(x)) - all.begin();
  if (x == 0) return towards > 0 ? all[1] : -all[1];
  const auto next = away ? at + 1 : at - 1;
  const double size = next == static_cast<std::ptrdiff_t>(all.size())
                          ? infinity
                          : all[static_cast<std::size_t>(next)];
  return x < 0 ? -size : size;
}

bool plain_right(double x, double expected, double magnitude, const Rule& rule) {
  if (std::isnan(expected)) return std::isnan(x);
  if (std::isinf(expected)) return x == expected;
  if (std::isnan(x)) return false;
  const int digits = rule.storage == kF64   ? 53
                     : rule.storage == kF32 ? 24
                     : rule.storage == kF16 ? 11
                                            : 8;
  const double normal = rule.storage == kF64   ? std::numeric_limits<double>::min()
                        : rule.storage == kF16 ? std::ldexp(1, -14)
                                               : std::ldexp(1, -126);
  double slack = std::isfinite(magnitude) ? rule.tolerance * magnitude : 0;
  slack += rule.expected_is_off * std::ldexp(std::max(std::fabs(expected), normal), -digits);
  const double low = plain_rounded(expected - slack, rule.storage);
  const double high = plain_rounded(expected + slack, rule.storage);
  const double tiny = plain_smallest(rule.storage);
  return low - tiny <= x && x <= high + tiny;
}

// Numbers of all sizes, numbers of the type, their neighbours, the midpoints between them, and
// zeros.
class Values {
 public:
  explicit Values(int storage) : storage_(storage) {}

  double any() {
    const int kind = static_cast<int>(random_() % 8);
    const double x = sized();
    const double stored = plain_rounded(x, storage_);
    if (kind < 3) return x;
    if (kind == 3) return 0.0 * x;
    if (kind == 4 || !std::isfinite(stored)) return stored;
    const double next = plain_next(stored, x > 0 ? infinity : -infinity, storage_);
    if (kind == 5 || !std::isfinite(next)) return next;
    const double tie = stored / 2 + next / 2;
    return kind == 6 ? tie : std::nextafter(tie, 0);
  }
  // Returns a stored number: near x, or anywhere.
  double stored_near(double x, double slack) {
    double y = plain_rounded(x + slack * (uniform() * 3 - 1.5), storage_);
    if (random_() % 16 == 0) y = plain_rounded(any(), storage_);
    if (random_() % 32 == 0) y = random_() % 2 ? nan : infinity;
    for (auto steps = random_() % 3; steps > 0 && std::isfinite(y); --steps) {
      y = plain_next(y, random_() % 2 ? infinity : -infinity, storage_);
    }
    return y;
  }
  double uniform() { return std::ldexp(static_cast<double>(random_() >> 11), -53); }
  int upto(int count) { return static_cast<int>(random_() % static_cast<unsigned>(count)); }

 private:
  double sized() {
    const int least = storage_ == kF64 ? -1000 : storage_ == kF16 ? -28 : -152;
    const int most = storage_ == kF64 ? 1000 : storage_ == kF16 ? 18 : 129;
    const double x = std::ldexp(1 + uniform(), least + upto(most - least));
    return random_() % 2 ? x : -x;
  }
  std::mt19937_64 random_{17};
  int storage_;
};

class JudgeTest : public testing::TestWithParam<int> {};

TEST_P(JudgeTest, RoundsAsTheTypeStores) {
  Values values(GetParam());
  for (int i = 0; i < 200000; ++i) {
    const double x = values.any();
    const double expected = std::isfinite(x) ? plain_rounded(x, GetParam()) : x;
    ASSERT_EQ(rounded(x, GetParam()), expected) << x;
  }
}

TEST_P(JudgeTest, MeasuresTheGapToTheNextNumber) {
  Values values(GetParam());
  for (int i = 0; i < 100000; ++i) {
    const double x = std::fabs(plain_rounded(values.any(), GetParam()));
    if (!std::isfinite(x)) continue;
    const double next = plain_next(x, infinity, GetParam());
    if (std::isfinite(next)) {
      ASSERT_EQ(quantum_of(x, GetParam()), next - x) << x;
    }
    EXPECT_EQ(quantum_of(-x, GetParam()), quantum_of(x, GetParam()));
  }
}

TEST_P(JudgeTest, AgreesWithAPlainRule) {
  Values values(GetParam());
  int right = 0, wrong = 0;
  for (int i = 0; i < 400000; ++i) {
    const double kinds[] = {nan, infinity, -infinity};
    const double expected = values.upto(64) == 0 ? kinds[values.upto(3)] : values.any();
    const double magnitudes[] = {0, std::fabs(expected), 1, values.any() * values.any(), infinity};
    const double magnitude = std::fabs(magnitudes[values.upto(5)]);
    const double tolerance = std::ldexp(1, -24) * (values.upto(3) == 0 ? 0 : values.upto(70000));
    const Rule rule{GetParam(), tolerance, values.upto(4) == 0 ? 1.0 : 0.0};
    const double slack = std::isfinite(magnitude) ? tolerance * magnitude : 0;
    const double x = values.stored_near(std::isnan(expected) ? 1 : expected, slack);
    const Judged judged = judge(x, expected, magnitude, rule);
    ASSERT_EQ(judged.right, plain_right(x, expected, magnitude, rule))
        << x << " for " << expected << ", tolerance " << tolerance << " of " << magnitude;
    EXPECT_GE(judged.used, 0);
    EXPECT_LE(judged.used, 1);
    if (!judged.right) {
      EXPECT_EQ(judged.used, 0);
    }
    ++(judged.right ? right : wrong);
  }
  EXPECT_GT(right, 50000);
  EXPECT_GT(wrong, 50000);
}

// Every number within the slack, rounded to nearest, is right.
TEST_P(JudgeTest, PassesWhatIsWithinTheSlackAndRoundedToNearest) {
  Values values(GetParam());
  for (int i = 0; i < 200000; ++i) {
    const double expected = values.any(), magnitude = std::fabs(values.any());
    if (!std::isfinite(expected) || !std::isfinite(magnitude)) continue;
    const Rule rule{GetParam(), std::ldexp(1, -20), 0};
    const double slack = rule.tolerance * magnitude;
    const double computed = expected + slack * (values.uniform() * 2 - 1) * 0.999;
    if (std::fabs(computed - expected) > slack) continue;
    const Judged judged = judge(plain_rounded(computed, GetParam()), expected, magnitude, rule);
    ASSERT_TRUE(judged.right) << computed << " for " << expected << " within " << slack;
  }
}

// A result that is not the nearest number, and is off by more than the slack, was truncated.
TEST_P(JudgeTest, FailsWhatIsTruncated) {
  if (GetParam() == kF64) GTEST_SKIP() << "the expectation is not wider";
  Values values(GetParam());
  int seen = 0;
  for (int i = 0; i < 200000; ++i) {
    const double expected = values.any();
    const double nearest = plain_rounded(expected, GetParam());
    if (!std::isfinite(nearest) || std::fabs(nearest) <= std::fabs(expected)) continue;
    const double cut = plain_next(nearest, 0, GetParam());
    const double gap = std::fabs(nearest - cut);
    if (gap <= 2 * plain_smallest(GetParam())) continue;
    const double from_middle = std::fabs(expected - cut) - gap / 2;
    const Rule rule{GetParam(), 1, 0};
    if (from_middle <= 0) continue;
    EXPECT_FALSE(judge(cut, expected, from_middle * 0.99, rule).right) << expected;
    EXPECT_TRUE(judge(cut, expected, from_middle * 1.01, rule).right) << expected;
    EXPECT_NEAR(judge(cut, expected, from_middle * 2, rule).used, 0.5, 1e-6) << expected;
    ++seen;
  }
  EXPECT_GT(seen, 1000);
}

TEST_P(JudgeTest, NaNAndInfinityAreRightWhereTheyAreExpected) {
  const Rule exact{GetParam(), 1, 0}, other{GetParam(), 1, 1};
  for (const Rule& rule : {exact, other}) {
    EXPECT_TRUE(judge(nan, nan, 1, rule).right);
    EXPECT_TRUE(judge(infinity, infinity, 1, rule).right);
    for (const double x : {0.0, 1.0, infinity, -infinity}) {
      EXPECT_FALSE(judge(x, nan, infinity, rule).right) << x;
      EXPECT_FALSE(judge(nan, x, infinity, rule).right) << x;
    }
    EXPECT_FALSE(judge(-infinity, infinity, infinity, rule).right);
    EXPECT_FALSE(judge(1, infinity, infinity, rule).right);
    EXPECT_TRUE(judge(-0.0, 0, 0, rule).right);
  }
}

TEST(Judge, UnitRoundoffIsWhatRoundingLoses) {
  EXPECT_EQ(static_cast<float>(1 + unit_roundoff_of(kF32)), 1.0F);  // a tie, to even
  EXPECT_GT(static_cast<float>(1 + unit_roundoff_of(kF32) * 1.01), 1.0F);
}

TEST(Judge, StoresOverflowAsInfinity) {
  const Rule half{kF16, 0x1p-24, 0};
  EXPECT_TRUE(judge(infinity, 1e6, 1e6, half).right);
  EXPECT_FALSE(judge(65504, 1e6, 1e6, half).right);
  EXPECT_TRUE(judge(infinity, 65520, 0, half).right);
  EXPECT_FALSE(judge(infinity, 65519, 0, half).right);
  EXPECT_TRUE(judge(infinity, 65519.999, 65520, half).right);  // both are within the slack
  EXPECT_TRUE(judge(65504, 65519.999, 65520, half).right);
}

// Allows one unit of the smallest subnormal number.
TEST(Judge, AllowsOneSubnormal) {
  const Rule half{kF16, 0, 0};
  EXPECT_TRUE(judge(0x1p-24, 0, 0, half).right);
  EXPECT_TRUE(judge(0, 0x1p-24, 0, half).right);
  EXPECT_FALSE(judge(0, 0x1p-23, 0, half).right);
  EXPECT_FALSE(judge(0x1p-23, 0, 0, half).right);
}

INSTANTIATE_TEST_SUITE_P(Storages, JudgeTest, testing::Values(kF32, kF16, kBf16, kF64));

bool is_nan_of(unsigned bits, int storage) {
  if (storage == kF32) return std::isnan(std::bit_cast<float>(bits));
  if (storage == kBf16) return std::isnan(std::bit_cast<float>(bits << 16));
  return (bits & 0x7c00u) == 0x7c00u && (bits & 0x3ffu) != 0;
}

TEST(Poison, IsANaNInEveryType) {
  for (const int storage : {kF16, kBf16}) {
    for (unsigned bits = 0; bits < 65536; ++bits) {
      if (is_poison(bits, storage)) {
        EXPECT_TRUE(is_nan_of(bits, storage) || bits == 0xfff0u) << bits;
      }
      const bool wanted = bits >= 0xfff0u && bits <= 0xfff7u;
      EXPECT_EQ(is_poison(bits, storage), wanted) << bits;
    }
    EXPECT_TRUE(is_nan_of(kPoison, storage));
  }
  const std::uint64_t filled = 0x0001000100010001ull * kPoison;
  EXPECT_TRUE(is_poison(filled, kF64));
  EXPECT_TRUE(std::isnan(std::bit_cast<double>(filled)));
  EXPECT_TRUE(is_poison(static_cast<std::uint32_t>(filled), kF32));
  EXPECT_TRUE(is_nan_of(static_cast<std::uint32_t>(filled), kF32));
}

// The NaNs that hosts, GPUs and PyTorch produce, with either sign. Also the NaNs that arithmetic
// makes of poison: a quiet NaN on a GPU, or the poison's own payload on the host, which only a read
// of it gives.
TEST(Poison, IsNoNaNThatArithmeticMakes) {
  for (const unsigned bits : {0x7fffffffu, 0xffffffffu, 0xffc00000u, 0x7fc00000u}) {
    EXPECT_FALSE(is_poison(bits, kF32)) << bits;
    EXPECT_FALSE(is_poison(bits >> 16, kBf16)) << bits;
  }
  for (const unsigned bits : {0x7fffu, 0xffffu, 0x7e00u, 0xfe00u})
    EXPECT_FALSE(is_poison(bits, kF16));
  for (const std::uint64_t bits : {0x7fffffffffffffffull, 0xffffffffffffffffull,
                                   0xfff8000000000000ull, 0x7ff8000000000000ull}) {
    EXPECT_FALSE(is_poison(bits, kF64)) << bits;
  }
  volatile float zero = 0, big = std::numeric_limits<float>::infinity();
  const float made[] = {zero / zero, big - big, big * zero, -(zero / zero)};
  for (const float x : made) EXPECT_FALSE(is_poison(std::bit_cast<std::uint32_t>(x), kF32));
  for (const double x : {0.0, -0.0, 1.0, infinity, -infinity, 65504.0}) {
    EXPECT_FALSE(is_poison(std::bit_cast<std::uint64_t>(x), kF64));
  }
}

TEST(Inputs, TheSecondSetIsWhatItsFillSays) {
  const unsigned long long stream = stream_of(1, 0, true);
  for (const Fill& fill : {Fill{1, 1, 4, 0, 0, 0}, Fill{1, -1, 256, 0, 0, 0},
                           Fill{1, 0, 2, 0, 0, 0}, Fill{1, -1, 256, 1, 0, 0}}) {
    std::vector<float> seen;
    int infinite = 0, negative = 0;
    for (unsigned long long i = 0; i < 50000; ++i) {
      const float x = second_value(stream, i, fill);
      negative += std::signbit(x);
      if (std::isinf(x)) {
        ++infinite;
        continue;
      }
      EXPECT_GT(std::fabs(x), fill.scale / 16);
      EXPECT_LE(std::fabs(x), fill.scale);
      // One of 32 magnitudes in the 16-bit types and in TF32, of which fp32 is a hair below.
      EXPECT_EQ(rounded(x, kF16), rounded(x, kBf16));
      const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
      EXPECT_EQ(std::bit_cast<float>(bits + 1), rounded(x, kBf16));
      if (fill.sign != 0) {
        EXPECT_EQ(std::signbit(x), fill.sign < 0);
      }
      seen.push_back(std::fabs(x));
    }
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(std::unique(seen.begin(), seen.end()) - seen.begin(), 32);
    if (fill.sign == 0) {
      EXPECT_NEAR(negative, 25000, 1000);
    }
    EXPECT_NEAR(infinite, fill.infinities ? 50000 / 1024 : 0, fill.infinities ? 30 : 0);
  }
}

}  // namespace
}  // namespace tw::verify
