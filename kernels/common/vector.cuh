// Short vectors that are aligned to their size, so that the compiler moves each with one
// instruction.
#pragma once

#include "common/config.cuh"

namespace tw {

template <class T, int kCount>
struct alignas(sizeof(T) * kCount) Vector {
  T at[kCount];
};

// Reads kCount elements. `from` is aligned to kCount * sizeof(T).
template <int kCount, class T>
TW_DEVICE Vector<T, kCount> load_vector(const T* from) {
  return *reinterpret_cast<const Vector<T, kCount>*>(from);
}

// Writes kCount elements. `to` is aligned to kCount * sizeof(T).
template <int kCount, class T>
TW_DEVICE void store_vector(T* to, const Vector<T, kCount>& value) {
  *reinterpret_cast<Vector<T, kCount>*>(to) = value;
}

}  // namespace tw
