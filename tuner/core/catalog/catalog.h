// All ops and kernels: those built into the executable, or those of a folder of the user.
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/texts.h"
#include "core/from_source/source_option.h"
#include "core/spec/spec.h"

namespace tw {

class SourceTree;

// All ops and kernels of a set of TOML and source texts.
class Catalog {
 public:
  // `spaces` holds "gemm/op.toml", "gemm/simt.toml", ...; `sources` holds "gemm/simt.cuh",
  // "common/...". Errors put `origin` ("search_spaces/") before a path. Throws Error with file,
  // line, key and remedy.
  static Catalog load(const Texts& spaces, Texts sources, const std::string& origin = "");
  // Loads one op from a folder of the user. `path` names its op.toml, and the other .toml files
  // beside it are the kernels. Or `path` names a T1 file (t1.h), which ends in .json and describes
  // one kernel. Sources are searched beside `path` and then in `builtin_sources`. Sources outside
  // the folder are refused.
  static Catalog load_file(const std::string& path, const Texts& builtin_sources);
  // Loads the kernel of a source of the user, which the options of a command line describe. Errors
  // name the option. Sources are searched as load_file does, beside the kernel's source.
  static Catalog load_source(const SourceOptions& options, const Texts& builtin_sources);

  const std::vector<OpEntry>& ops() const { return ops_; }
  const OpEntry* find(std::string_view op) const;  // nullptr if there is none
  const OpEntry& at(std::string_view op) const;    // Throws Error with the nearest name
  // Returns the source at `path` and everything it includes, transitively, by path.
  Texts sources_of(std::string_view path) const;
  // Returns the dims and choices of the op that a source, or what it includes, declares as variables
  // of its own. They are not macros there.
  const std::set<std::string>& declared_in(const std::string& source) const;
  // Returns the digest of what a measured time depends on besides the configuration: the kernel's
  // source and, if there is an epilogue, the source of its steps.
  std::string source_digest(const KernelSpec& kernel, const Epilogue& epilogue) const;
  bool foreign() const { return foreign_; }  // loaded by load_file or load_source
  // The files that load_file reads to load what load_source loaded: op.toml, the kernel's TOML, and
  // the sources of the user. Empty in all other catalogs.
  const Texts& files() const { return files_; }
  // The parts of a foreign file that Tilewright does not use, one sentence each.
  const std::vector<std::string>& notices() const { return notices_; }

 private:
  // Adds the op of a folder of the user.
  void add_foreign(OpEntry entry, SourceTree& tree);

  std::vector<OpEntry> ops_;
  Texts sources_;
  std::map<std::string, Texts, std::less<>> closures_;  // sources_of each source that the ops name
  std::map<std::string, std::set<std::string>> declared_;  // by source; of a foreign op
  std::vector<std::string> notices_;
  Texts files_;
  bool foreign_ = false;
};

// The texts embedded in the executable (cmake/embed.cmake makes them).
const Texts& builtin_spaces();
const Texts& builtin_sources();

}  // namespace tw
