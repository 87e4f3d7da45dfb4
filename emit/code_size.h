// The sizes of compiled code: what a configuration adds to a program.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/plan/gpu_code.h"
#include "emit/tuning/tuning.h"

namespace tw {

// The sizes of the code of configurations, compiled for one architecture. Each is compiled once.
class CodeSizes {
 public:
  // The catalog must outlive the object. `architecture` is "sm_90a".
  CodeSizes(const Catalog& catalog, std::string architecture, CompileForGpus compile);

  // Returns, for each branch, the bytes of its cubin for the storage, math and chain of the
  // branch's problem; nothing if the branch does not compile. Throws Error as CompileForGpus does.
  std::vector<std::optional<std::int64_t>> of(const std::vector<Branch>& branches);
  const std::string& architecture() const { return architecture_; }

 private:
  std::string key_of(const Branch& branch) const;

  const Catalog* catalog_;
  std::string architecture_;
  CompileForGpus compile_;
  std::map<std::string, std::optional<std::int64_t>> known_;
};

// Returns what a header compiles for its winners' GPU: each branch for each type of arguments that
// uses it, once. The problem of a branch has the storage, math and chain of this type.
std::vector<Branch> compiled_branches(const Tuning& tuning);

}  // namespace tw
