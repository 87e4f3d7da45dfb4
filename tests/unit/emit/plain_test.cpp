// The arithmetic of forecasts, which is faster than that of the search-space language and agrees
// with it for sizes.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>

#include "emit/emitted/forecast.h"

namespace tw {
namespace {

namespace plain = dispatch::plain;
using Int = std::int64_t;

static_assert(plain::mul(INT64_MAX, 2) == -2, "an overflow is no fault, even at compile time");
static_assert(plain::add(INT64_MAX, 1) == INT64_MIN && plain::abs(INT64_MIN) == INT64_MIN);
static_assert(plain::div(1, 0) == 0 && plain::mod(1, 0) == 0 && plain::div(INT64_MIN, -1) == 0);
static_assert(plain::ceil_div(5, 0) == 0 && plain::round_up(5, -1) == 0);
static_assert(plain::shl(1, 64) == 0 && plain::shr(1, -1) == 0 && plain::pow(2, 64) == 0);

class PlainArithmetic : public testing::Test {
 protected:
  // Draws sizes of all magnitudes, and small ones often: an operand is 0, or a power of two, or the
  // other one's multiple now and then.
  Int draw() {
    const int bits = std::uniform_int_distribution<int>(0, 31)(random_);
    return static_cast<Int>(random_() & ((std::uint64_t{1} << bits) - 1));
  }
  std::mt19937_64 random_{1};
};

TEST_F(PlainArithmetic, OfTwoSizesIsTheCheckedOne) {
  const auto agree = [](const char* what, checked::Value checked, Int plain, Int a, Int b) {
    if (checked.ok) {
      ASSERT_EQ(plain, checked.v) << what << " of " << a << " and " << b;
    }
  };
  for (int round = 0; round < 20'000; ++round) {
    const Int a = draw(), b = draw();
#define TW_AGREE(op) agree(#op, checked::op(a, b), plain::op(a, b), a, b)
    TW_AGREE(add);
    TW_AGREE(sub);
    TW_AGREE(mul);
    TW_AGREE(div);
    TW_AGREE(mod);
    TW_AGREE(floor_div);
    TW_AGREE(floor_mod);
    TW_AGREE(ceil_div);
    TW_AGREE(round_up);
    TW_AGREE(min);
    TW_AGREE(max);
    TW_AGREE(lt);
    TW_AGREE(le);
    TW_AGREE(gt);
    TW_AGREE(ge);
    TW_AGREE(eq);
    TW_AGREE(ne);
    TW_AGREE(logical_and);
    TW_AGREE(logical_or);
    TW_AGREE(bit_and);
    TW_AGREE(bit_or);
    TW_AGREE(bit_xor);
    TW_AGREE(gcd);
    agree("shl", checked::shl(a, b % 63), plain::shl(a, b % 63), a, b % 63);
    agree("shr", checked::shr(a, b % 63), plain::shr(a, b % 63), a, b % 63);
    agree("pow", checked::pow(a, b % 9), plain::pow(a, b % 9), a, b % 9);
    agree("select", checked::select(a % 2, a, b), plain::select(a % 2, a, b), a, b);
#undef TW_AGREE
  }
}

TEST_F(PlainArithmetic, OfOneIsTheCheckedOne) {
  for (int round = 0; round < 20'000; ++round) {
    const Int a = round % 2 != 0 ? -draw() : draw();
    ASSERT_EQ(plain::neg(a), checked::neg(a).v);
    ASSERT_EQ(plain::abs(a), checked::abs(a).v);
    ASSERT_EQ(plain::bit_not(a), checked::bit_not(a).v);
    ASSERT_EQ(plain::logical_not(a), checked::logical_not(a).v);
    ASSERT_EQ(plain::truth(a), checked::truth(a).v);
    ASSERT_EQ(plain::is_pow2(a), checked::is_pow2(a).v);
    const checked::Value log = checked::log2(a);
    ASSERT_EQ(plain::log2(a), log.ok ? log.v : 0);
  }
}

}  // namespace
}  // namespace tw
