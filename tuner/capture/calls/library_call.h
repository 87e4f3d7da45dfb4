// A call of a library, in the words by which op.toml files bind libraries to ops.
#pragma once
#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <variant>

namespace tw::capture {

// A call in the words of [[baseline]] and [baseline.args] of an op.toml.
struct LibraryCall {
  std::string library, call;                    // "cublas", "gemm"
  std::map<std::string, std::int64_t> words{};  // "lda" 4096; true is 1
  std::map<std::string, double> scalars{};      // "beta" 1
  std::string dtype{}, math{}, epilogue{};      // as --dtype, --math and --epilogue take them

  auto operator<=>(const LibraryCall&) const = default;
};

// A call that no op computes, or that the log does not say enough about.
struct Unread {
  std::string why;
};

using CapturedCall = std::variant<LibraryCall, Unread>;

}  // namespace tw::capture
