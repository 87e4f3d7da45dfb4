#include "devices/cpu/compile/shim_headers.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <system_error>

#include "devices/toolkit.h"

namespace tw {
const Texts& cpu_shim();  // the texts of shim.h and what it includes, embedded
}

namespace tw::cpu {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view no_more[] = {"builtin_types.h",
                                        "common_functions.h",
                                        "cuda.h",
                                        "cuda_device_runtime_api.h",
                                        "cuda_runtime.h",
                                        "cuda_runtime_api.h",
                                        "device_atomic_functions.h",
                                        "device_double_functions.h",
                                        "device_functions.h",
                                        "device_launch_parameters.h",
                                        "device_types.h",
                                        "driver_types.h",
                                        "host_config.h",
                                        "host_defines.h",
                                        "math_functions.h",
                                        "sm_20_atomic_functions.h",
                                        "sm_20_intrinsics.h",
                                        "sm_30_intrinsics.h",
                                        "sm_32_atomic_functions.h",
                                        "sm_32_intrinsics.h",
                                        "sm_35_atomic_functions.h",
                                        "sm_35_intrinsics.h",
                                        "sm_60_atomic_functions.h",
                                        "sm_61_intrinsics.h",
                                        "vector_functions.h",
                                        "vector_types.h"};

// Threads that wait for each other in these do not give way to the threads that they wait for.
constexpr std::string_view waiting[] = {"barrier", "latch", "semaphore"};

void add_links(const fs::path& folder, const std::string& below, ToolkitLinks& to,
               const auto& is_wanted) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder / below, ignored)) {
    const std::string name = entry.path().filename().string();
    if (is_wanted(name)) to.links.emplace(below + "/" + name, entry.path());
  }
}

}  // namespace

const Texts& shim_headers() {
  static const Texts texts = [] {
    Texts all = cpu_shim();
    for (const std::string_view name : no_more) all.emplace(name, "#pragma once\n");
    return all;
  }();
  return texts;
}

bool is_of_libcudacxx(std::string_view header) {
  return header.starts_with("cuda/std/") || header.starts_with("nv/");
}

ToolkitLinks toolkit_links() {
  const ToolkitHeaders toolkit = toolkit_headers();
  ToolkitLinks result;
  if (toolkit.libcudacxx.empty()) return result;
  result.identity = toolkit.libcudacxx + ' ' + toolkit.identity;
  const fs::path folder = toolkit.libcudacxx;
  add_links(folder, "cuda/std", result, [](const std::string& name) {
    return std::find(std::begin(waiting), std::end(waiting), name) == std::end(waiting);
  });
  add_links(folder, "cuda", result, [](const std::string& name) { return name.starts_with("__"); });
  add_links(folder, "nv", result, [](const std::string&) { return true; });
  return result;
}

}  // namespace tw::cpu
