// The glue of a module: entry points that unpack their arguments, the exported table, and the
// handlers of the compiler's checks.
#pragma once

namespace tw_cpu {

template <auto kernel>
struct Entry;

template <class... A, void (*kernel)(A...)>
struct Entry<kernel> {
  static constexpr unsigned bytes[] = {static_cast<unsigned>(sizeof(A))..., 0u};
  template <size_t... I>
  static void unpack(void* const* args, std::index_sequence<I...>) {
    kernel(*static_cast<A*>(args[I])...);
  }
  static void call(void* const* args) { unpack(args, std::index_sequence_for<A...>{}); }
  static constexpr EntryPoint point{call, static_cast<int>(sizeof...(A)), bytes};
};

}  // namespace tw_cpu

namespace tw_cpu {
template <class T>
Symbol symbol_of(T& array) {
  return {const_cast<void*>(static_cast<const volatile void*>(&array)), sizeof array};
}
}  // namespace tw_cpu

// The last line of a module: `symbols` is an array of its Symbols, `...` are its entry points.
#define TW_CPU_MODULE(symbols, ...)                                                     \
  namespace tw_cpu {                                                                    \
  static const EntryPoint module_entries[] = {__VA_ARGS__};                             \
  }                                                                                     \
  extern "C" __attribute__((visibility("default"))) const tw_cpu::Module tw_cpu_module{ \
      tw_cpu::abi_version,                                                              \
      &tw_cpu::runtime,                                                                 \
      reinterpret_cast<tw_cpu::Index*>(&threadIdx),                                     \
      reinterpret_cast<tw_cpu::Index*>(&blockIdx),                                      \
      reinterpret_cast<tw_cpu::Index*>(&blockDim),                                      \
      reinterpret_cast<tw_cpu::Index*>(&gridDim),                                       \
      tw_cpu::module_entries,                                                           \
      sizeof tw_cpu::module_entries / sizeof tw_cpu::module_entries[0],                 \
      symbols};

// Modules are compiled with -fsanitize=alignment,bounds; its reports (the interface of libubsan)
// become faults of the launch that name the place, instead of messages from a library.
namespace tw_cpu {
struct SourceLocation {
  const char* file;
  unsigned line, column;
};
}  // namespace tw_cpu
extern "C" __attribute__((used, noreturn)) inline void __ubsan_handle_type_mismatch_v1_abort(
    tw_cpu::SourceLocation* where, void*) {
  tw_cpu::runtime->fault("misaligned access", where->file, where->line);
  __builtin_unreachable();
}
extern "C" __attribute__((used, noreturn)) inline void __ubsan_handle_out_of_bounds_abort(
    tw_cpu::SourceLocation* where, void*) {
  tw_cpu::runtime->fault("index beyond an array", where->file, where->line);
  __builtin_unreachable();
}
