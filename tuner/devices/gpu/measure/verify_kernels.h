// Launches the kernels of kernels/common/verify.cuh.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/problem/problem.h"
#include "core/types/dtype.h"
#include "devices/comparison.h"
#include "devices/cuda/driver/context.h"
#include "devices/gpu/protocol/messages.h"

namespace tw::cuda {

class VerifyKernels {
 public:
  // Loads the module. `guard_bytes` is the size of the zones around each buffer that is made with
  // these kernels. Throws CudaFailure.
  VerifyKernels(const Context& context, const Module& module, std::int64_t guard_bytes);
  VerifyKernels(const VerifyKernels&) = delete;
  VerifyKernels& operator=(const VerifyKernels&) = delete;

  // These functions run on the context's stream, asynchronously unless they return something.
  // fill() writes the first set of values of the stream, or the second set
  // (kernels/common/inputs.cuh).
  void fill(CUdeviceptr data, const PlanTensor& tensor, std::uint64_t stream, bool second) const;
  // Fills with a 16-bit word (verify::poison_of).
  void poison(CUdeviceptr data, std::int64_t bytes, std::uint16_t word = verify::kPoison) const;
  // Stores x as the expected values, with its largest value as the magnitude. `poison` is the word
  // that filled x before the run. Returns the number of elements that are written, here or
  // according to `before`, the expected values of another run; 0: there is none.
  std::int64_t expect(CUdeviceptr x, const PlanTensor& tensor, std::uint16_t poison,
                      CUdeviceptr before, CUdeviceptr expected, CUdeviceptr magnitude) const;
  void write_guards(CUdeviceptr base, std::int64_t begin, std::int64_t end,
                    std::int64_t bytes) const;
  // Returns the bytes of the guards that changed: before and after [begin, end).
  std::pair<std::int64_t, std::int64_t> check_guards(CUdeviceptr base, std::int64_t begin,
                                                     std::int64_t end, std::int64_t bytes) const;
  std::uint64_t hash(CUdeviceptr data, std::int64_t bytes) const;  // bytes: a multiple of 8
  // Compares x with the expected values. `before` is 0 for a tensor that was poisoned, with the
  // word `poison`. `layout` must have at most 8 axes.
  Comparison compare(CUdeviceptr x, CUdeviceptr expected, CUdeviceptr magnitude, CUdeviceptr before,
                     const TensorLayout& layout, const verify::Rule& rule,
                     std::uint16_t poison) const;
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
  CUfunction fill_, expect_, expect_magnitude_, write_guards_, check_guards_, hash_, compare_,
      zero_, flush_write_, flush_read_, mark_;
  DeviceMemory scratch_, flush_;
};

}  // namespace tw::cuda
