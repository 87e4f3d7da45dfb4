// Loads and stores of 32-bit words and of 16-bit halves at addresses in shared memory.
#pragma once

#include "common/config.cuh"
#include "common/shared.cuh"

namespace tw {

// Reads 1, 2 or 4 words with one instruction. `from` is aligned to their size.
template <int kCount, class T>
TW_DEVICE void load_words(unsigned (&words)[kCount], SharedPointer<T> from) {
  static_assert(kCount == 1 || kCount == 2 || kCount == 4, "one instruction");
#ifdef TW_CPU_DEVICE
  struct alignas(sizeof words) Read {
    unsigned words[kCount];
  } const read = *reinterpret_cast<const Read*>(from.address());
  memcpy(words, &read, sizeof words);
#else
  if constexpr (kCount == 1) {
    asm volatile("ld.shared.b32 %0, [%1];" : "=r"(words[0]) : "r"(from.address()) : "memory");
  } else if constexpr (kCount == 2) {
    asm volatile("ld.shared.v2.b32 {%0, %1}, [%2];"
                 : "=r"(words[0]), "=r"(words[1])
                 : "r"(from.address())
                 : "memory");
  } else {
    asm volatile("ld.shared.v4.b32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
                 : "r"(from.address())
                 : "memory");
  }
#endif
}

template <class T>
TW_DEVICE unsigned load_word(SharedPointer<T> from) {
  unsigned words[1];
  load_words(words, from);
  return words[0];
}

// Writes 1, 2 or 4 words with one instruction. `to` is aligned to their size.
template <int kCount, class T>
TW_DEVICE void store_words(SharedPointer<T> to, const unsigned (&words)[kCount]) {
  static_assert(kCount == 1 || kCount == 2 || kCount == 4, "one instruction");
#ifdef TW_CPU_DEVICE
  struct alignas(sizeof words) Written {
    unsigned words[kCount];
  };
  memcpy(reinterpret_cast<Written*>(to.address()), words, sizeof words);
#else
  if constexpr (kCount == 1) {
    asm volatile("st.shared.b32 [%0], %1;" ::"r"(to.address()), "r"(words[0]) : "memory");
  } else if constexpr (kCount == 2) {
    asm volatile("st.shared.v2.b32 [%0], {%1, %2};" ::"r"(to.address()), "r"(words[0]),
                 "r"(words[1])
                 : "memory");
  } else {
    asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(to.address()), "r"(words[0]),
                 "r"(words[1]), "r"(words[2]), "r"(words[3])
                 : "memory");
  }
#endif
}

// Reads a 16-bit element as a word whose upper half is zero.
template <class T>
TW_DEVICE unsigned load_half(SharedPointer<T> from) {
  static_assert(sizeof(T) == 2, "an element is a half");
#ifdef TW_CPU_DEVICE
  return *reinterpret_cast<const unsigned short*>(from.address());
#else
  unsigned short half;
  asm volatile("ld.shared.u16 %0, [%1];" : "=h"(half) : "r"(from.address()) : "memory");
  return half;
#endif
}

template <class T>
TW_DEVICE void store_half(SharedPointer<T> to, unsigned short half) {
  static_assert(sizeof(T) == 2, "an element is a half");
#ifdef TW_CPU_DEVICE
  *reinterpret_cast<unsigned short*>(to.address()) = half;
#else
  asm volatile("st.shared.u16 [%0], %1;" ::"r"(to.address()), "h"(half) : "memory");
#endif
}

}  // namespace tw
