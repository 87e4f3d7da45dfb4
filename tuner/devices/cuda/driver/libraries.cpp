#include "devices/cuda/driver/libraries.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <filesystem>
#include <vector>

#include "core/base/error.h"
#include "devices/toolkit.h"

namespace tw::cuda {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> library_folders() {
  std::vector<fs::path> folders;
  for (const fs::path& root : toolkit_roots()) {
    for (const char* below : {"lib64", "targets/x86_64-linux/lib", "extras/CUPTI/lib64"}) {
      folders.push_back(root / below);
    }
  }
  return folders;
}

void refuse(const std::string& missing, const char* what, const char* remedy) {
  if (!missing.empty()) {
    throw Error(fmt::format("{} lacks {}: it is too old; {}", what, missing, remedy));
  }
}

Driver load_driver() {
  std::string tried;
  const char* const names[] = {"libcuda.so.1"};
  void* library = open_library(names, tried);
  if (!library) {
    throw Error(
        "no NVIDIA driver: libcuda.so.1 was not found; install the driver, or use --device cpu or "
        "--device replay:FILE");
  }
  Driver loaded;
  std::string missing;
  TW_DRIVER_FUNCTIONS(TW_ENTRY_LOAD)
  loaded.cuFuncGetParamInfo = reinterpret_cast<decltype(loaded.cuFuncGetParamInfo)>(
      find_symbol(library, "cuFuncGetParamInfo"));
  refuse(missing, "the NVIDIA driver", "install a driver for CUDA 12.8 or later");
  return loaded;
}

Nvrtc load_nvrtc() {
  std::string tried;
  const char* const names[] = {"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"};
  void* library = open_library(names, tried);
  if (!library) {
    throw Error(
        fmt::format("NVRTC was not found ({}): install the CUDA toolkit, or set CUDA_PATH "
                    "to where it is",
                    tried));
  }
  Nvrtc loaded;
  std::string missing;
  TW_NVRTC_FUNCTIONS(TW_ENTRY_LOAD)
  refuse(missing, "NVRTC", "install CUDA 12 or later");
  return loaded;
}

void* open_cupti() {
  std::string tried;
  const char* const names[] = {"libcupti.so.13", "libcupti.so.12", "libcupti.so"};
  void* library = open_library(names, tried);
  if (!library) {
    throw Error(
        fmt::format("CUPTI was not found ({}): install the CUDA toolkit, or set CUDA_PATH "
                    "to where it is",
                    tried));
  }
  return library;
}

Cupti load_cupti() {
  void* library = open_cupti();
  Cupti loaded;
  std::string missing;
  TW_CUPTI_FUNCTIONS(TW_ENTRY_LOAD)
  refuse(missing, "CUPTI", "install CUDA 12 or later");
  return loaded;
}

Profiler load_profiler() {
  void* library = open_cupti();
  Profiler loaded;
  std::string missing;
  TW_PROFILER_FUNCTIONS(TW_ENTRY_LOAD)
  refuse(missing, "CUPTI", "install CUDA 12.6 or later for counters");
  return loaded;
}

}  // namespace

void* open_library(std::span<const char* const> names, std::string& tried) {
  for (const char* name : names) {
    if (void* library = ::dlopen(name, RTLD_NOW | RTLD_LOCAL)) return library;
    const char* reason = ::dlerror();
    if (tried.empty() && reason) tried = reason;
    for (const fs::path& folder : library_folders()) {
      const fs::path path = folder / name;
      std::error_code ignored;
      if (!fs::exists(path, ignored)) continue;
      if (void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
      // it is there but broken: this is the better reason
      if (const char* error = ::dlerror()) tried = error;
    }
  }
  return nullptr;
}

void* find_symbol(void* library, const char* name) { return ::dlsym(library, name); }

std::string path_of_library(const void* address) {
  Dl_info info{};
  if (::dladdr(address, &info) == 0 || !info.dli_fname) return "";
  std::error_code ignored;
  const fs::path path = fs::canonical(info.dli_fname, ignored);
  return ignored ? info.dli_fname : path.string();
}

const Driver& driver() {
  static const Driver table = load_driver();
  return table;
}

const Nvrtc& nvrtc() {
  static const Nvrtc table = load_nvrtc();
  return table;
}

const Cupti& cupti() {
  static const Cupti table = load_cupti();
  return table;
}

const Profiler& profiler() {
  static const Profiler table = load_profiler();
  return table;
}

}  // namespace tw::cuda
