// Barriers, votes, shuffles and reductions.
#pragma once

inline void __syncthreads() { tw_cpu::runtime->sync_threads(); }
inline int __syncthreads_count(int predicate) {
  return tw_cpu::runtime->sync_count(predicate != 0);
}
inline int __syncthreads_and(int predicate) {
  return tw_cpu::runtime->sync_count(predicate == 0) == 0;
}
inline int __syncthreads_or(int predicate) { return __syncthreads_count(predicate) != 0; }
inline void __syncwarp(unsigned mask = 0xffffffffu) { tw_cpu::runtime->sync_warp(mask); }
inline void __threadfence() { tw_cpu::runtime->tell_fence(); }
inline void __threadfence_block() {}
inline void __threadfence_system() { tw_cpu::runtime->tell_fence(); }

template <class T>
inline T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
  const int segment = tw_cpu::lane() & ~(width - 1);
  return tw_cpu::shuffle(mask, value, segment | (source & (width - 1)));
}
template <class T>
inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  const int lane = tw_cpu::lane(), distance = static_cast<int>(delta);
  return tw_cpu::shuffle(mask, value, (lane & (width - 1)) < distance ? lane : lane - distance);
}
template <class T>
inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  const int lane = tw_cpu::lane(), distance = static_cast<int>(delta);
  return tw_cpu::shuffle(mask, value,
                         (lane & (width - 1)) + distance >= width ? lane : lane + distance);
}
template <class T>
inline T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32) {
  const int lane = tw_cpu::lane(), source = lane ^ lane_mask;
  return tw_cpu::shuffle(mask, value, source >= (lane & ~(width - 1)) + width ? lane : source);
}
inline unsigned __ballot_sync(unsigned mask, int predicate) {
  return tw_cpu::runtime->ballot(mask, predicate != 0);
}
inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
inline int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, !predicate) == 0; }
inline unsigned __activemask(const char* file = __builtin_FILE(),
                             unsigned line = __builtin_LINE()) {
  return tw_cpu::runtime->converge(file, line);
}

namespace tw_cpu {

// What each thread of a mask passed; `present` are those that have not returned.
template <class T>
struct Exchanged {
  unsigned present;
  unsigned long long bits[32];
  T operator[](int thread) const {
    T value;
    memcpy(&value, bits + thread, sizeof value);
    return value;
  }
};
template <class T>
inline Exchanged<T> exchange(unsigned mask, T value) {
  static_assert(sizeof(T) <= 8);
  unsigned long long bits = 0;
  memcpy(&bits, &value, sizeof value);
  Exchanged<T> all;
  all.present = runtime->exchange(mask, bits, all.bits);
  return all;
}

// Returns the values of a mask's threads, combined in the order of the threads.
template <class T, class Combine>
inline T reduce(unsigned mask, T value, Combine combine) {
  const Exchanged<T> all = exchange(mask, value);
  unsigned left = all.present;
  T result = all[__builtin_ctz(left)];
  while ((left &= left - 1) != 0) result = combine(result, all[__builtin_ctz(left)]);
  return result;
}

template <class T>
inline T smaller(T a, T b) {
  return b < a ? b : a;
}
template <class T>
inline T larger(T a, T b) {
  return a < b ? b : a;
}

}  // namespace tw_cpu

// Values are equal if their bits are, as on a GPU.
template <class T>
inline unsigned __match_any_sync(unsigned mask, T value) {
  const tw_cpu::Exchanged<T> all = tw_cpu::exchange(mask, value);
  unsigned equal = 0;
  for (unsigned left = all.present; left != 0; left &= left - 1) {
    const int thread = __builtin_ctz(left);
    if (all.bits[thread] == all.bits[tw_cpu::lane()]) equal |= 1u << thread;
  }
  return equal;
}
template <class T>
inline unsigned __match_all_sync(unsigned mask, T value, int* holds) {
  const unsigned equal = __match_any_sync(mask, value);
  *holds = equal == __ballot_sync(mask, 1);
  return *holds != 0 ? equal : 0;
}

#define TW_CPU_REDUCE(name, type, combined)                                              \
  inline type name(unsigned mask, type value) {                                          \
    return tw_cpu::reduce(mask, value, [](type a, type b) -> type { return combined; }); \
  }
TW_CPU_REDUCE(__reduce_add_sync, unsigned, a + b)
TW_CPU_REDUCE(__reduce_add_sync, int,
              static_cast<int>(static_cast<unsigned>(a) + static_cast<unsigned>(b)))
TW_CPU_REDUCE(__reduce_min_sync, unsigned, tw_cpu::smaller(a, b))
TW_CPU_REDUCE(__reduce_min_sync, int, tw_cpu::smaller(a, b))
TW_CPU_REDUCE(__reduce_max_sync, unsigned, tw_cpu::larger(a, b))
TW_CPU_REDUCE(__reduce_max_sync, int, tw_cpu::larger(a, b))
TW_CPU_REDUCE(__reduce_and_sync, unsigned, a& b)
TW_CPU_REDUCE(__reduce_or_sync, unsigned, a | b)
TW_CPU_REDUCE(__reduce_xor_sync, unsigned, a ^ b)
#undef TW_CPU_REDUCE
