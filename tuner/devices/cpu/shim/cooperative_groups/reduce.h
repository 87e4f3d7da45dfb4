// Reductions over groups of threads of a warp.
#pragma once

#include <cooperative_groups.h>

namespace tw_cpu {

// What each thread of a group passed, in the order of the threads; any type whose bytes can be
// copied.
template <class T>
struct Gathered {
  static constexpr int words = (static_cast<int>(sizeof(T)) + 7) / 8;
  unsigned present = 0;
  unsigned long long bits[words][32];
  Gathered(unsigned mask, const T& value) {
    for (int i = 0; i < words; ++i) {
      unsigned long long word = 0;
      memcpy(&word, reinterpret_cast<const char*>(&value) + 8 * i, bytes(i));
      present = runtime->exchange(mask, word, bits[i]);
    }
  }
  T operator[](int thread) const {
    T value;
    for (int i = 0; i < words; ++i) {
      memcpy(reinterpret_cast<char*>(&value) + 8 * i, &bits[i][thread], bytes(i));
    }
    return value;
  }
  static constexpr size_t bytes(int word) {
    return word == words - 1 ? sizeof(T) - 8 * static_cast<size_t>(word) : 8;
  }
};

// Combines the values of the threads of `of`, one of which has a value.
template <class T, class Combine>
inline T combined(const Gathered<T>& all, unsigned of, Combine&& combine) {
  T result = all[__builtin_ctz(of)];
  while ((of &= of - 1) != 0) result = combine(result, all[__builtin_ctz(of)]);
  return result;
}

}  // namespace tw_cpu

namespace cooperative_groups {

template <class T = void>
struct plus {
  T operator()(T a, T b) const { return a + b; }
};
template <class T = void>
struct less {  // the smaller one
  T operator()(T a, T b) const { return b < a ? b : a; }
};
template <class T = void>
struct greater {  // the larger one
  T operator()(T a, T b) const { return a < b ? b : a; }
};
template <class T = void>
struct bit_and {
  T operator()(T a, T b) const { return a & b; }
};
template <class T = void>
struct bit_or {
  T operator()(T a, T b) const { return a | b; }
};
template <class T = void>
struct bit_xor {
  T operator()(T a, T b) const { return a ^ b; }
};

template <class Group, class T, class Combine>
inline std::decay_t<T> reduce(const Group& group, T&& value, Combine&& combine) {
  const tw_cpu::Gathered<std::decay_t<T>> all(group.mask(), value);
  return tw_cpu::combined(all, all.present, combine);
}

}  // namespace cooperative_groups
