// Loads and stores of elements between fragments of D and shared memory.
#pragma once

#include "common/config.cuh"
#include "common/half.cuh"
#include "common/shared_words.cuh"
#include "common/vector.cuh"

namespace tw::conv2d {

// Reads elements from shared memory.
template <int kCount, class T>
TW_DEVICE Vector<T, kCount> load_elements(SharedPointer<T> from) {
  Vector<T, kCount> result;
  if constexpr (sizeof(result) == 2) {
    const auto half = static_cast<unsigned short>(load_half(from));
    memcpy(&result, &half, sizeof result);
  } else {
    unsigned words[sizeof(result) / 4];
    load_words(words, from);
    memcpy(&result, words, sizeof result);
  }
  return result;
}

// Writes two neighbouring elements to shared memory as the words that hold them.
template <class T>
TW_DEVICE void stage_pair(SharedPointer<T> to, float first, float second) {
  if constexpr (sizeof(T) == 2) {
    store_words(to, {packed<T>(first, second)});
  } else {
    store_words(to, {__float_as_uint(first), __float_as_uint(second)});
  }
}

}  // namespace tw::conv2d
