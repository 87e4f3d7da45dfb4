// All ops and kernels: those built into the executable, or those of a folder of the user.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/texts.h"
#include "core/spec/spec.h"

namespace tw {

// All ops and kernels of a set of TOML and source texts.
class Catalog {
 public:
  // `spaces`: "gemm/op.toml", "gemm/simt.toml", ...; `sources`: "gemm/simt.cuh", "common/...".
  // `origin` is what errors put before a path ("search_spaces/").
  // Throws Error with file, line, key and remedy.
  static Catalog load(const Texts& spaces, Texts sources, const std::string& origin = "");
  // One op from a folder of the user: `path` names its op.toml; kernels are the other .toml files
  // beside it. Or the kernel of a T1 file (t1.h), which ends in .json. Sources are searched beside
  // it and then in `builtin`; those outside the folder are refused.
  static Catalog load_file(const std::string& path, const Texts& builtin_sources);

  const std::vector<OpEntry>& ops() const { return ops_; }
  const OpEntry* find(std::string_view op) const;  // nullptr if there is none
  const OpEntry& at(std::string_view op) const;    // Throws Error with the nearest name
  // The source at `path` and everything it includes, transitively, by path.
  Texts sources_of(std::string_view path) const;
  // What a measured time depends on besides the configuration: the kernel's source and, if there is
  // a chain, that of the steps.
  std::string source_digest(const KernelSpec& kernel, const Epilogue& epilogue) const;
  bool foreign() const { return foreign_; }  // loaded by load_file
  // What a foreign file says that is not for us, one sentence each.
  const std::vector<std::string>& notices() const { return notices_; }

 private:
  std::vector<OpEntry> ops_;
  Texts sources_;
  std::map<std::string, Texts, std::less<>> closures_;  // sources_of, of what the ops name
  std::vector<std::string> notices_;
  bool foreign_ = false;
};

// The texts embedded in the executable (made by cmake/embed.cmake).
const Texts& builtin_spaces();
const Texts& builtin_sources();

}  // namespace tw
