// The values that tensors are filled with before a kernel is verified: the same on both devices.
//
// The first set is uniform in (-1, 1). It cannot show what only other inputs show: a minimum that
// starts at 0, an exponential that overflows because nobody looked for the maximum. So there is a
// second set, of few magnitudes, so that ties occur, of one sign or both, of a scale that the op
// chooses, with infinities where the op says what they do.
#pragma once

#include "common/judge.cuh"

namespace tw::verify {

// The second set of a tensor.
struct Fill {
  int sign;        // -1, 1: all values have it; 0: either
  float scale;     // the magnitudes are from scale / 16 to scale
  int infinities;  // 1: about one element in a thousand is infinite
};

// splitmix64 (Steele, Lea, Flood 2014) of a counter: every element on its own, in any order.
TW_JUDGE unsigned long long mix(unsigned long long x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

// The stream of a tensor, which no other tensor, set or seed shares.
TW_JUDGE unsigned long long stream_of(unsigned long long seed, unsigned long long tensor,
                                      bool second) {
  return mix(mix(seed) ^ (2 * tensor + (second ? 1 : 0)));
}

// Uniform in (-1, 1), exact in fp32: never zero, never one.
TW_JUDGE float first_value(unsigned long long stream, unsigned long long at) {
  const int random = static_cast<int>(mix(stream ^ mix(at)) >> 41);
  return static_cast<float>(2 * random + 1 - (1 << 23)) * (1.0f / (1 << 23));
}

// One of 32 magnitudes, each exact in every type.
TW_JUDGE float second_value(unsigned long long stream, unsigned long long at, const Fill& fill) {
  const unsigned long long random = mix(stream ^ mix(at));
  const int eighths = 9 + static_cast<int>(random & 7);
  const int halvings = static_cast<int>(random >> 3 & 3);
  float x = fill.scale * static_cast<float>(eighths) / static_cast<float>(16 << halvings);
  bool negative = fill.sign < 0 || (fill.sign == 0 && (random >> 5 & 1) != 0);
  if (fill.infinities != 0 && (random >> 8 & 1023) == 0) {
    x = static_cast<float>(infinite());
    if ((random >> 18 & 15) == 0) negative = !negative;
  }
  return negative ? -x : x;
}

}  // namespace tw::verify
