// Kernel programs as shared objects of the host: they are generated, compiled once, kept in an
// on-disk cache, and loaded.
#pragma once
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/plan/plan.h"
#include "devices/cpu/shim/abi.h"

namespace tw::cpu {

// Returns $XDG_CACHE_HOME/tilewright/cpu or ~/.cache/tilewright/cpu, and creates it if it does not
// exist. Throws Error if it cannot be written.
std::filesystem::path module_folder();
// Deletes the least recently used entries until the cache is within its bound, and the incomplete
// entries of killed processes. Keeps everything from the last hour.
void trim_cache(const std::filesystem::path& folder, std::uintmax_t max_bytes);

// Returns the text of one translation unit that holds the entry points of all programs, in order.
// If there are several programs, they share their headers, and none of them may be as_given or have
// symbols.
std::string module_text(std::span<const Program> programs);

struct Compiled {
  std::filesystem::path path;  // path of the shared object; empty if it did not compile
  std::string error;           // the compiler's first error
  double compile_ms = 0;       // 0 if it was in the cache
};
// Compiles the programs or finds them in the cache. Throws Error for faults of the machine (no
// compiler, a full disk), and for sources that include what this device does not have.
Compiled compile_module(std::span<const Program> programs);

class LoadedModule {
 public:
  // Throws Error if the shared object cannot be loaded.
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
