// Turns winners into C++ dispatch headers: a pure function from data to text.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/problem/problem.h"
#include "core/spec/spec.h"
#include "db/store.h"

namespace tw {

// A default configuration that a check found wrong on a problem like this one.
struct Rejected {
  std::string kernel, configuration;
  Problem problem;
};

// The input of emit().
struct EmitRequest {
  const Catalog* catalog = nullptr;
  std::string op;
  // The winners of one op on one device. If empty, the header has only the default configurations.
  std::vector<Winner> winners;
  std::string generator;    // "tilewright 0.1.0 (abc123)"
  std::string source_note;  // for the header if the rows are not `measured`; else empty
  // The public functions are in <name_space>::<op>. It may have several parts ("my::kernels").
  std::string name_space = "tuned";
  std::vector<Rejected> rejected{};  // not used for their storage, math, chain and choices
  std::string checked_on{};          // the device of the check; empty if nothing was checked
  // The number of shapes with which the check ran each part of the header. The key is the problem
  // of a winner, or the name of a default (EmitSample::subject).
  std::map<std::string, int> checked{};
};

// Returns the relative paths and texts of the files of the emitted folder, which needs nothing but
// a CUDA toolkit:
//   gemm.cuh              the dispatch, header-only: what each branch is, with its evidence
//   gemm.h, gemm.cu       the same functions for plain C++: declarations, and one translation unit
//   tilewright_<digest>/  the kernel headers used, and the parts of the dispatch
// Throws Error if a winner's problem or configuration is unknown to the catalog's specs, if the
// winners are of several ops or devices, if name_space is no C++ namespace, if a kernel cannot be
// emitted (knobs = "macros"), and if the header would be empty.
std::map<std::string, std::string> emit(const EmitRequest& request);
// Returns why a header could hold none of the op's kernels, one reason for each kernel. Returns ""
// if it can hold one.
std::string nothing_held(const EmitRequest& request);
// Writes the files, each under a temporary name that is then renamed. Throws Error if the folder
// cannot be written.
void write_files(const std::string& folder, const std::map<std::string, std::string>& files);

}  // namespace tw
