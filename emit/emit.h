// Winners -> C++ dispatch headers: pure, from data to text.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/problem/problem.h"
#include "core/spec/spec.h"
#include "db/store.h"

namespace tw {

// A default configuration that a check has found wrong, on a problem like this one.
struct Rejected {
  std::string kernel, configuration;
  Problem problem;
};

struct EmitRequest {
  const Catalog* catalog = nullptr;
  std::string op;
  std::vector<Winner> winners;  // of one op and one device; may be empty: then the header has the
                                // default configurations alone
  std::string generator;        // "tilewright 0.1.0 (abc123)"
  std::string source_note;  // said in the header when the rows are not `measured`; empty otherwise
  std::string name_space = "tuned";  // the public functions stand in <name_space>::<op>; may have
                                     // several parts ("my::kernels")
  std::vector<Rejected> rejected{};  // not used for their storage, math, chain and choices
  std::string checked_on{};          // the device of the check; empty: nothing was checked
  // With how many shapes the check has run what the header holds: by the winner's problem, or by
  // the default's name (EmitSample::subject).
  std::map<std::string, int> checked{};
};

// Relative paths and texts of the files of the emitted folder, which needs nothing but a CUDA
// toolkit:
//   gemm.cuh              the dispatch, header-only: what each branch is, with its evidence
//   gemm.h, gemm.cu       the same functions for plain C++: declarations, and one translation unit
//   tilewright_<digest>/  the kernel headers used, and what the dispatch is made of
// Throws Error if a winner's problem or configuration is unknown to the catalog's specs, if winners
// are of several ops or devices, if name_space is no C++ namespace, if a kernel cannot be emitted
// (knobs = "macros"), and if nothing would be in the header.
std::map<std::string, std::string> emit(const EmitRequest& request);
// Why a header could hold none of the op's kernels, one reason a kernel; empty if it holds one.
std::string nothing_held(const EmitRequest& request);
// Writes them: each to a temporary name, then renamed. Throws Error if the folder cannot be
// written.
void write_files(const std::string& folder, const std::map<std::string, std::string>& files);

}  // namespace tw
