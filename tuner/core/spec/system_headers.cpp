#include "core/spec/system_headers.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/spec/sources.h"

namespace tw {
namespace {

constexpr std::string_view standard[] = {
    // C, and C++'s names of the same
    "assert.h", "complex.h", "ctype.h", "errno.h", "fenv.h", "float.h", "inttypes.h", "iso646.h",
    "limits.h", "locale.h", "malloc.h", "math.h", "memory.h", "setjmp.h", "signal.h", "stdalign.h",
    "stdarg.h", "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h",
    "string.h", "tgmath.h", "time.h", "unistd.h", "wchar.h", "cassert", "cctype", "cerrno", "cfenv",
    "cfloat", "cinttypes", "climits", "clocale", "cmath", "csetjmp", "csignal", "cstdarg",
    "cstddef", "cstdint", "cstdio", "cstdlib", "cstring", "ctime", "cwchar",
    // C++
    "algorithm", "any", "array", "atomic", "barrier", "bit", "bitset", "charconv", "chrono",
    "compare", "complex", "concepts", "condition_variable", "deque", "exception", "execution",
    "filesystem", "forward_list", "fstream", "functional", "future", "initializer_list", "iomanip",
    "ios", "iostream", "istream", "iterator", "latch", "limits", "list", "locale", "map", "memory",
    "mutex", "new", "numbers", "numeric", "optional", "ostream", "queue", "random", "ranges",
    "ratio", "regex", "semaphore", "set", "span", "sstream", "stack", "stdexcept", "string",
    "string_view", "system_error", "thread", "tuple", "type_traits", "typeindex", "typeinfo",
    "unordered_map", "unordered_set", "utility", "valarray", "variant", "vector", "version"};

// How the names of the toolkit's headers begin. The samples' helper_*.h are not the toolkit's.
constexpr std::string_view toolkit[] = {"builtin_types.h",
                                        "channel_descriptor.h",
                                        "common_functions.h",
                                        "cooperative_groups",
                                        "crt/",
                                        "cub/",
                                        "cublas",
                                        "cuComplex.h",
                                        "cuda",
                                        "cudnn",
                                        "cufft",
                                        "curand",
                                        "cusolver",
                                        "cusparse",
                                        "device_",
                                        "driver_functions.h",
                                        "driver_types.h",
                                        "host_config.h",
                                        "host_defines.h",
                                        "library_types.h",
                                        "math_constants.h",
                                        "math_functions.h",
                                        "mma.h",
                                        "nv/",
                                        "nvrtc.h",
                                        "nvtx3/",
                                        "sm_",
                                        "surface_",
                                        "texture_",
                                        "thrust/",
                                        "vector_functions",
                                        "vector_types.h"};

}  // namespace

HeaderKind kind_of_header(std::string_view path) {
  if (std::find(std::begin(standard), std::end(standard), path) != std::end(standard)) {
    return HeaderKind::standard;
  }
  const bool is_toolkits =
      std::any_of(std::begin(toolkit), std::end(toolkit),
                  [&](std::string_view begin) { return path.starts_with(begin); });
  return is_toolkits ? HeaderKind::toolkit : HeaderKind::other;
}

std::string place_of_include(const Texts& sources, std::string_view path) {
  for (const auto& [source, text] : sources) {
    for (const Include& include : includes_of(text)) {
      if (include.path == path) return fmt::format("{}:{}", source, include.line);
    }
  }
  return "";
}

}  // namespace tw
