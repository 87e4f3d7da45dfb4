// A call of a library, read as a problem of an op, or a reason why no op computes it.
#pragma once
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tw::capture {

// A problem as a line of --shapes says it.
struct CapturedProblem {
  std::string op;
  std::vector<std::pair<std::string, std::string>> shape;  // "m" "4096", ..., in their order
  std::string dtype;
  std::string layout{}, math{}, epilogue{};  // empty: the op's default

  // Returns what --shape takes: "m=4096,n=4096,k=4096".
  std::string shape_text() const;
  // Returns "gemm m=4096,n=4096,k=4096 layout=nt dtype=bf16 epilogue=bias_column".
  std::string line() const;
};

// A call that no op of ours computes, or that the log does not say enough about.
struct Unread {
  std::string why;
};

using CapturedCall = std::variant<CapturedProblem, Unread>;

}  // namespace tw::capture
