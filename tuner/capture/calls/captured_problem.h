// The problem of an op that computes the same as a call of a library.
#pragma once
#include <string>
#include <variant>

#include "capture/calls/library_call.h"
#include "core/catalog/catalog.h"
#include "core/problem/problem.h"

namespace tw::capture {

struct CapturedProblem {
  const OpEntry* entry = nullptr;  // points into the catalog
  Problem problem;

  // Returns what --shape takes, without the choice `layout`: "m=4096,n=4096,k=4096".
  std::string shape_text() const;
  // Returns a line of --shapes:
  // "gemm m=4096,n=4096,k=4096 layout=nt dtype=bf16 epilogue=bias_column".
  std::string line() const;
};

// Returns the problem of the op whose [[baseline]] is this call. Its dims, choices and scalars are
// those with which [baseline.args] give the words of the call. A word that the op does not name
// must be 0. If there is no such problem, returns why.
std::variant<CapturedProblem, Unread> problem_of(const LibraryCall& call, const Catalog& catalog);

}  // namespace tw::capture
