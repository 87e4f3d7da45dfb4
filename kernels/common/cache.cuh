// Loads and stores of vectors with a cache hint: whether their lines will be used again.
#pragma once

#include "common/config.cuh"
#include "common/vector.cuh"

namespace tw {

// Reads kCount elements of 2, 4, 8 or 16 bytes in total with one instruction. `from` is aligned to
// this size. kStreaming: the line will not be used again (evict first).
template <bool kStreaming, int kCount, class T>
TW_DEVICE Vector<T, kCount> load_through(const T* from) {
#ifndef TW_CPU_DEVICE
  if constexpr (kStreaming) {
    Vector<T, kCount> result;
    if constexpr (sizeof(result) == 16) {
      const uint4 words = __ldcs(reinterpret_cast<const uint4*>(from));
      memcpy(&result, &words, sizeof result);
    } else if constexpr (sizeof(result) == 8) {
      const uint2 words = __ldcs(reinterpret_cast<const uint2*>(from));
      memcpy(&result, &words, sizeof result);
    } else if constexpr (sizeof(result) == 4) {
      const unsigned word = __ldcs(reinterpret_cast<const unsigned*>(from));
      memcpy(&result, &word, sizeof result);
    } else {
      static_assert(sizeof(result) == 2, "loads are of 2, 4, 8 or 16 bytes");
      const unsigned short word = __ldcs(reinterpret_cast<const unsigned short*>(from));
      memcpy(&result, &word, sizeof result);
    }
    return result;
  }
#endif
  return load_vector<kCount>(from);
}

// Writes kCount elements with one instruction; see load_through.
template <bool kStreaming, int kCount, class T>
TW_DEVICE void store_through(T* to, const Vector<T, kCount>& value) {
#ifndef TW_CPU_DEVICE
  if constexpr (kStreaming) {
    if constexpr (sizeof(value) == 16) {
      uint4 words;
      memcpy(&words, &value, sizeof value);
      __stcs(reinterpret_cast<uint4*>(to), words);
    } else if constexpr (sizeof(value) == 8) {
      uint2 words;
      memcpy(&words, &value, sizeof value);
      __stcs(reinterpret_cast<uint2*>(to), words);
    } else if constexpr (sizeof(value) == 4) {
      unsigned word;
      memcpy(&word, &value, sizeof value);
      __stcs(reinterpret_cast<unsigned*>(to), word);
    } else {
      static_assert(sizeof(value) == 2, "stores are of 2, 4, 8 or 16 bytes");
      unsigned short word;
      memcpy(&word, &value, sizeof value);
      __stcs(reinterpret_cast<unsigned short*>(to), word);
    }
    return;
  }
#endif
  store_vector(to, value);
}

}  // namespace tw
