// AddressSanitizer's annotations, which are nothing in other builds.
#pragma once
#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define TW_CPU_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TW_CPU_ASAN 1
#endif
#endif
#ifdef TW_CPU_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace tw::cpu {

#ifdef TW_CPU_ASAN
inline constexpr bool has_asan = true;
inline void forbid(const void* from, std::size_t bytes) {
  __asan_poison_memory_region(from, bytes);
}
inline void allow(const void* from, std::size_t bytes) {
  __asan_unpoison_memory_region(from, bytes);
}
inline void start_switch(void** fake_stack, const void* stack, std::size_t bytes) {
  __sanitizer_start_switch_fiber(fake_stack, stack, bytes);
}
inline void finish_switch(void* fake_stack, const void** old_stack, std::size_t* old_bytes) {
  __sanitizer_finish_switch_fiber(fake_stack, old_stack, old_bytes);
}
#else
inline constexpr bool has_asan = false;
inline void forbid(const void*, std::size_t) {}
inline void allow(const void*, std::size_t) {}
inline void start_switch(void**, const void*, std::size_t) {}
inline void finish_switch(void*, const void**, std::size_t*) {}
#endif

}  // namespace tw::cpu
