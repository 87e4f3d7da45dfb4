// A library's routine for the same problem, to compare with. An adaptor speaks the library's words;
// op.toml's [[baseline]] maps them to the op's. This folder is the only place that knows a library.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "core/types/dtype.h"
#include "devices/cuda/driver/context.h"

namespace tw::cuda {

// One argument, as the kind that the routine wants it.
struct BaselineArg {
  std::int64_t integer = 0;
  double scalar = 0;
  CUdeviceptr pointer = 0;    // of a tensor by pointers: to the array of them
  CUdeviceptr alignment = 0;  // in bytes, of what is pointed to: a power of two
};

struct BaselineCall {
  std::string call;  // "gemm"
  DType dtype = DType::f32;
  std::string math;  // as in Problem: "f32", "tf32"
  std::map<std::string, BaselineArg> args;

  // Throws Error if the op's map lacks the word.
  const BaselineArg& at(const std::string& word) const;
};

class Baseline {
 public:
  virtual ~Baseline() = default;
  virtual std::string version() const = 0;  // "cuBLAS 13.1.0"
  // The library's algorithms for the call, at least one, in its own order of merit. Before the
  // first choice it is the first of them.
  virtual int algorithms() const { return 1; }
  virtual void choose(int /*algorithm*/) {}
  // Puts the routine on the stream. Throws Error with the library's complaint.
  virtual void launch() = 0;
};

// Throws Error if the library is missing or has no such call for the dtype and math.
std::unique_ptr<Baseline> make_baseline(const std::string& library, const BaselineCall& call,
                                        const Context& context);

std::unique_ptr<Baseline> make_cublas(const BaselineCall& call, const Context& context);
std::unique_ptr<Baseline> make_cudnn(const BaselineCall& call, const Context& context);
std::string cublas_version();  // "13.1.0"; empty if it is not there
std::string cudnn_version();   // "9.19.0"; empty if it is not there

}  // namespace tw::cuda
