// Launches the kernels of kernels/common/verify.cuh.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "context.h"
#include "dtype.h"
#include "messages.h"
#include "problem.h"

namespace tw::cuda {

// The worst of a comparison with the oracle.
struct Comparison {
  double worst_ulps = 0;      // infinity: NaN, or wrong where the magnitude is zero
  std::int64_t worst_at = 0;  // flat offset in elements
  std::int64_t wrong = 0;     // elements beyond the tolerance
  std::int64_t touched = 0;   // elements between the rows that were written
};

class VerifyKernels {
 public:
  // Loads the module. `guard_bytes`: of the zones around each buffer that is made with them. Throws
  // CudaFailure.
  VerifyKernels(const Context& context, const Module& module, std::int64_t guard_bytes);
  VerifyKernels(const VerifyKernels&) = delete;
  VerifyKernels& operator=(const VerifyKernels&) = delete;

  // On the context's stream, asynchronously, unless they return something.
  void fill(CUdeviceptr data, std::int64_t elements, DType dtype, std::uint64_t seed) const;
  void write_guards(CUdeviceptr base, std::int64_t begin, std::int64_t end,
                    std::int64_t bytes) const;
  // Bytes of the guards that changed: before and after [begin, end).
  std::pair<std::int64_t, std::int64_t> check_guards(CUdeviceptr base, std::int64_t begin,
                                                     std::int64_t end, std::int64_t bytes) const;
  std::uint64_t hash(CUdeviceptr data, std::int64_t bytes) const;  // bytes: a multiple of 8
  // `before` is 0 for a tensor that was poisoned. `layout` must have at most 8 axes.
  Comparison compare(CUdeviceptr x, CUdeviceptr expected, CUdeviceptr magnitude, CUdeviceptr before,
                     const TensorLayout& layout, DType dtype, double tolerance_ulps) const;
  void zero(CUdeviceptr data, std::int64_t bytes) const;  // bytes: a multiple of 16
  void flush_l2() const;
  void mark() const;
  std::int64_t guard_bytes() const { return guard_bytes_; }

 private:
  void launch(CUfunction function, int blocks, std::vector<void*> arguments) const;
  CUfunction function(const char* name) const;
  int blocks_for(std::int64_t items) const;

  const Context& context_;
  const std::int64_t guard_bytes_;
  CUmodule module_ = nullptr;
  CUfunction fill_, write_guards_, check_guards_, hash_, compare_, zero_, flush_write_, flush_read_,
      mark_;
  DeviceMemory scratch_, flush_;
};

}  // namespace tw::cuda
