// Exchanges between the lanes of a warp that make long runs of neighbouring elements of short ones.
#pragma once

#include "common/config.cuh"
#include "common/vector.cuh"

namespace tw {

// Exchanges runs between two lanes that are `distance` apart. The lane with `even` gives away its
// second run and keeps its first; the other lane does the opposite. The received run takes the
// place of the run that was given away. All lanes of the warp take part.
template <class Word, int kCount>
TW_DEVICE Vector<Word, 2 * kCount> exchanged(const Vector<Word, kCount>& first,
                                             const Vector<Word, kCount>& second, bool even,
                                             int distance) {
  Vector<Word, 2 * kCount> result;
  TW_UNROLL
  for (int i = 0; i < kCount; ++i) {
    const Word given = even ? second.at[i] : first.at[i];
    const Word taken = __shfl_xor_sync(0xffffffffu, given, distance);
    result.at[i] = even ? first.at[i] : taken;
    result.at[kCount + i] = even ? taken : second.at[i];
  }
  return result;
}

}  // namespace tw
