// Kernel programs as shared objects of the host: generated, compiled once, kept in an on-disk
// cache, loaded.
#pragma once
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/plan/plan.h"
#include "devices/cpu/shim/abi.h"

namespace tw::cpu {

// $XDG_CACHE_HOME/tilewright/cpu or ~/.cache/tilewright/cpu, created if it is not there. Throws
// Error if it cannot be written.
std::filesystem::path cache_folder();
// Deletes what was not used for longest until the cache is within its bound, and what killed
// processes left half-made; spares the last hour.
void trim_cache(const std::filesystem::path& folder, std::uintmax_t max_bytes);

// The text of one translation unit that holds the entry points of all programs, in order. Programs
// of more than one share their headers; none of them is as_given then.
std::string module_text(std::span<const Program> programs);

struct Compiled {
  std::filesystem::path path;  // of the shared object; empty if it did not compile
  std::string error;           // the compiler's first error
  double compile_ms = 0;       // 0: it was in the cache
};
// Throws Error only for faults of the machine: no compiler, a full disk.
Compiled compile_module(std::span<const Program> programs);

class LoadedModule {
 public:
  // Throws Error if the object cannot be loaded.
  explicit LoadedModule(const std::filesystem::path& path);
  const tw_cpu::Module& module() const { return *module_; }

 private:
  struct Close {
    void operator()(void* handle) const;
  };
  std::unique_ptr<void, Close> handle_;
  const tw_cpu::Module* module_ = nullptr;
};

}  // namespace tw::cpu
