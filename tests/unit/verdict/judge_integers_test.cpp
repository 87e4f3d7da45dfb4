// Integers: which results are right, which are unwritten, and with what inputs are filled.
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <vector>

#include "common/inputs.cuh"
#include "common/judge.cuh"

namespace tw::verify {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr int integer_types[] = {kI8, kU8, kI16, kU16, kI32, kU32, kI64, kU64};

TEST(Integers, AreRightOnlyIfTheyAreEqual) {
  for (const int storage : integer_types) {
    const int bits = 8 * size_of(storage);
    const std::uint64_t all = bits == 64 ? ~0ull : (1ull << bits) - 1, top = 1ull << (bits - 1);
    for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{5}, top - 1, top, all}) {
      const double expected =
          is_wide_integer(storage) ? std::bit_cast<double>(value) : integer_from(value, storage);
      EXPECT_TRUE(judge_integer(value, expected, storage, false).right) << storage << " " << value;
      for (const std::uint64_t other : {(value + 1) & all, (value - 1) & all, value ^ top}) {
        const Judged judged = judge_integer(other, expected, storage, false);
        EXPECT_FALSE(judged.right) << storage << " " << value << " " << other;
        EXPECT_GE(judged.error_ulps, 1);
      }
    }
  }
}

TEST(Integers, HaveTheirSigns) {
  EXPECT_EQ(integer_from(0xff, kI8), -1);
  EXPECT_EQ(integer_from(0xff, kU8), 255);
  EXPECT_EQ(integer_from(0x8000, kI16), -32768);
  EXPECT_EQ(integer_from(0x8000, kU16), 32768);
  EXPECT_EQ(integer_from(0xffffffff, kI32), -1);
  EXPECT_EQ(integer_from(0xffffffff, kU32), 4294967295.0);
  // 2^63 is far from -2^63 for u64, and the errors are differences.
  EXPECT_EQ(judge_integer(1ull << 63, std::bit_cast<double>(0ull), kU64, false).error_ulps, 0x1p63);
  EXPECT_EQ(judge_integer(~0ull, std::bit_cast<double>(1ull), kI64, false).error_ulps, 2);
}

// A reference that expects a fraction or NaN of an integer is never met.
TEST(Integers, DoNotMeetOtherNumbers) {
  EXPECT_FALSE(judge_integer(0, 0.5, kI32, false).right);
  EXPECT_FALSE(judge_integer(0, nan, kI32, false).right);
  EXPECT_FALSE(judge_integer(0, infinity, kU8, false).right);
}

TEST(Integers, ThePoisonsOfTheTwoSetsDifferInEveryElement) {
  for (const int storage : integer_types) {
    const auto size = static_cast<std::size_t>(size_of(storage));
    for (const bool second : {false, true}) {
      const std::vector<unsigned short> words(8, poison_of(storage, second));
      for (std::size_t at = 0; at < 16 / size; ++at) {
        std::uint64_t bits = 0;
        std::memcpy(&bits, reinterpret_cast<const char*>(words.data()) + at * size, size);
        const auto place = static_cast<long long>(at);
        EXPECT_TRUE(equals_poison(bits, storage, place, poison_of(storage, second)));
        EXPECT_FALSE(equals_poison(bits, storage, place, poison_of(storage, !second)));
      }
    }
  }
}

// If the oracle leaves an element unwritten, the element is right only if the kernel left it alone.
// A 64-bit value that equals the mark of an unwritten element is right where it is expected.
TEST(Integers, AreRightUnwrittenWhereTheOracleLeavesThemUnwritten) {
  for (const int storage : integer_types) {
    EXPECT_TRUE(judge_integer(3, unwritten(), storage, true).right);
    EXPECT_FALSE(judge_integer(3, unwritten(), storage, false).right);
    EXPECT_FALSE(judge_integer(3, 4, storage, true).right);
  }
  for (const std::uint64_t value : {0xfff7fff6fff5fff4ull, 0xfff5fff5fff5fff5ull}) {
    EXPECT_TRUE(judge_integer(value, std::bit_cast<double>(value), kI64, false).right);
    EXPECT_FALSE(judge_integer(value + 1, std::bit_cast<double>(value), kI64, false).right);
  }
}

TEST(Inputs, IntegersAreInTheirRangeAndReachItsEnds) {
  for (const bool second : {false, true}) {
    const unsigned long long stream = stream_of(1, 0, second);
    const Fill fill{second ? 1 : 0, 1, 4, 0, -3, 12};
    std::map<long long, int> seen;
    for (unsigned long long i = 0; i < 16000; ++i) ++seen[integer_value(stream, i, fill)];
    EXPECT_EQ(seen.size(), 16u);
    EXPECT_EQ(seen.begin()->first, -3);
    EXPECT_EQ(seen.rbegin()->first, 12);
    EXPECT_NEAR(seen[-3], second ? 2750 : 1000, 200);
    EXPECT_NEAR(seen[4], second ? 750 : 1000, 150);
  }
  constexpr long long most = std::numeric_limits<long long>::max();
  const Fill whole{0, 1, 4, 0, -most - 1, most};
  EXPECT_NE(integer_value(1, 0, whole), integer_value(1, 1, whole));
}

}  // namespace
}  // namespace tw::verify
