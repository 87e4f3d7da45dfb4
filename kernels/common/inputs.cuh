// The values with which tensors are filled before a kernel is verified. They are the same on both
// devices.
//
// The first set is uniform in (-1, 1). Some faults do not show with it: a minimum that starts at 0,
// or an exponential that overflows because the kernel did not subtract the maximum. So there is a
// second set. It has few magnitudes, so that ties occur; one sign or both; a scale that the op
// chooses; and infinities if the op defines their effect.
//
// Integers are uniform in a range. In the second set, every fourth value is an end of the range.
//
// A spec may ask for other values (Source). All but the uniform ones are the same in both sets.
#pragma once

#include "common/judge.cuh"

namespace tw::verify {

// Where the values of a tensor come from. `i` counts elements in memory, from 0.
enum Source : int {
  kSpread,       // as above
  kUniform,      // floating-point numbers: uniform in [from, to]
  kConstant,     // from; of integers, low
  kIota,         // from + i * to; of integers, low + i * high
  kPermutation,  // low, low + 1, ..., low + count - 1 in another order
  kSorted,       // ascending from low to high, both included, with uneven steps: row pointers
};

// The parameters of a tensor's values.
struct Fill {
  int is_second;            // 1: the second set
  int sign;                 // of the second set: -1, 1: all values have it; 0: either
  float scale;              // of the second set: magnitudes range from scale / 16 to scale
  int infinities;           // 1: about one element in a thousand of the second set is infinite
  long long low, high;      // the range of integers, or their start and step
  int source = 0;           // a Source
  double from = 0, to = 0;  // the range of floating-point numbers, or their start and step
  long long count = 0;      // elements
  long long factor = 0;     // of a permutation: has no divisor in common with count
};

// splitmix64 (Steele, Lea, Flood 2014) of a counter: each element is computed independently, in any
// order.
TW_JUDGE unsigned long long mix(unsigned long long x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

// Returns the random stream of a tensor. No other tensor, set or seed has the same stream.
TW_JUDGE unsigned long long stream_of(unsigned long long seed, unsigned long long tensor,
                                      bool second) {
  return mix(mix(seed) ^ (2 * tensor + (second ? 1 : 0)));
}

// Returns a value that is uniform in (-1, 1) and exact in fp32; never zero.
TW_JUDGE float first_value(unsigned long long stream, unsigned long long at) {
  const int random = static_cast<int>(mix(stream ^ mix(at)) >> 41);
  return static_cast<float>(2 * random + 1 - (1 << 23)) * (1.0f / (1 << 23));
}

// Returns a value with one of 32 magnitudes, each of which is exact in every type but for one unit
// of fp32's last place. So 16-bit types store the magnitude itself. An f32 is a hair below it, and
// a kernel that rounds to TF32 gets the magnitude, while one that truncates is off by a whole unit
// of TF32.
TW_JUDGE float second_value(unsigned long long stream, unsigned long long at, const Fill& fill) {
  const unsigned long long random = mix(stream ^ mix(at));
  const int eighths = 9 + static_cast<int>(random & 7);
  const int halvings = static_cast<int>(random >> 3 & 3);
  float x = fill.scale * static_cast<float>(eighths) / static_cast<float>(16 << halvings);
  x *= 0x1.fffffep-1f;
  bool negative = fill.sign < 0 || (fill.sign == 0 && (random >> 5 & 1) != 0);
  if (fill.infinities != 0 && (random >> 8 & 1023) == 0) {
    x = static_cast<float>(infinite());
    if ((random >> 18 & 15) == 0) negative = !negative;
  }
  return negative ? -x : x;
}

// Returns a value that is uniform in [from, to]; every fourth value of the second set is an end.
TW_JUDGE double uniform_value(unsigned long long stream, unsigned long long at, const Fill& fill) {
  const unsigned long long random = mix(stream ^ mix(at));
  if (fill.is_second != 0 && random >> 62 == 0) return (random & 1) != 0 ? fill.from : fill.to;
  const double share = static_cast<double>(random >> 11 & ((1ull << 51) - 1)) * 0x1p-51;
  return fill.from + share * (fill.to - fill.from);
}

TW_JUDGE double float_value(unsigned long long stream, unsigned long long at, const Fill& fill) {
  switch (fill.source) {
    case kUniform:
      return uniform_value(stream, at, fill);
    case kConstant:
      return fill.from;
    case kIota:
      return fill.from + static_cast<double>(at) * fill.to;
    default:
      return fill.is_second != 0 ? second_value(stream, at, fill) : first_value(stream, at);
  }
}

// Returns low + i * step. Overflow wraps around.
TW_JUDGE long long stepped(long long low, unsigned long long i, long long step) {
  return static_cast<long long>(static_cast<unsigned long long>(low) +
                                i * static_cast<unsigned long long>(step));
}

// Returns the value of a Source at element `at`; `random` are bits of its own.
TW_JUDGE long long sourced_value(unsigned long long stream, unsigned long long at,
                                 unsigned long long random, const Fill& fill) {
  const auto count = static_cast<unsigned long long>(fill.count);
  switch (fill.source) {
    case kConstant:
      return fill.low;
    case kIota:
      return stepped(fill.low, at, fill.high);
    case kPermutation: {  // an affine map modulo count
      const auto factor = static_cast<unsigned long long>(fill.factor);
      return stepped(fill.low, (at % count * factor + mix(stream) % count) % count, 1);
    }
    default: {  // kSorted
      if (at + 1 >= count) return fill.high;
      if (at == 0) return fill.low;
      // The steps vary, because each value is moved by less than half of the mean step.
      const double jitter = static_cast<double>(random >> 11) * 0x1p-53 - 0.5;
      const double span = static_cast<double>(fill.high) - static_cast<double>(fill.low);
      const double share = (static_cast<double>(at) + jitter) / static_cast<double>(count - 1);
      return stepped(fill.low, static_cast<unsigned long long>(share * span), 1);
    }
  }
}

// Returns an integer from low to high, or what the source says.
TW_JUDGE long long integer_value(unsigned long long stream, unsigned long long at,
                                 const Fill& fill) {
  const unsigned long long random = mix(stream ^ mix(at));
  if (fill.source != kSpread && fill.source != kUniform)
    return sourced_value(stream, at, random, fill);
  if (fill.is_second != 0 && random >> 62 == 0) return (random & 1) != 0 ? fill.low : fill.high;
  const auto low = static_cast<unsigned long long>(fill.low);
  const unsigned long long count = static_cast<unsigned long long>(fill.high) - low + 1;
  return static_cast<long long>(low + (count == 0 ? random : random % count));
}

}  // namespace tw::verify
