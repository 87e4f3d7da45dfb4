// A library's routine for the same problem, as a baseline. An adaptor uses the library's words;
// op.toml's [[baseline]] maps them to the op's words.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "core/types/dtype.h"
#include "devices/gpu/runtime/address.h"

namespace tw::gpu {

// One argument, in the kind that the routine takes.
struct BaselineArg {
  std::int64_t integer = 0;
  double scalar = 0;
  Address pointer = 0;          // for a tensor that is passed as an array of pointers: the array
  std::uint64_t alignment = 0;  // alignment of the data in bytes: a power of two
};

struct BaselineCall {
  std::string call;  // "gemm"
  DType dtype = DType::f32;
  std::string math;  // as in Problem: "f32", "tf32"
  std::map<std::string, BaselineArg> args;

  // Returns an argument by its word. Throws Error if the op's map lacks the word.
  const BaselineArg& at(const std::string& word) const;
};

class Baseline {
 public:
  virtual ~Baseline() = default;
  virtual std::string version() const = 0;  // "cuBLAS 13.1.0"
  // Returns the number of the library's algorithms for the call, at least one. The library sorts
  // them by its own estimate. The first one is used until choose() is called.
  virtual int algorithms() const { return 1; }
  // Throws Error or Failure.
  virtual void choose(int /*algorithm*/) {}
  // Starts the routine on the stream. Throws Error with the library's message.
  virtual void launch() = 0;
};

}  // namespace tw::gpu
