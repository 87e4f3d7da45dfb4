// Launches the kernels of kernels/common/verify.cuh.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/problem/problem.h"
#include "core/types/dtype.h"
#include "devices/comparison.h"
#include "devices/gpu/protocol/messages.h"
#include "devices/gpu/runtime/device_memory.h"
#include "devices/gpu/runtime/runtime.h"

namespace tw::gpu {

class VerifyKernels {
 public:
  // Loads the module. `guard_bytes` is the size of the zones around each buffer that is made with
  // these kernels. Throws Failure.
  VerifyKernels(Runtime& runtime, const Module& module, std::int64_t guard_bytes);
  VerifyKernels(const VerifyKernels&) = delete;
  VerifyKernels& operator=(const VerifyKernels&) = delete;

  // These functions run on the runtime's stream, asynchronously unless they return something.
  // fill() writes the first set of values of the stream, or the second set
  // (kernels/common/inputs.cuh).
  void fill(Address data, const PlanTensor& tensor, std::uint64_t stream, bool second) const;
  // Fills with a 16-bit word (verify::poison_of).
  void poison(Address data, std::int64_t bytes, std::uint16_t word = verify::kPoison) const;
  // Stores x as the expected values, with its largest value as the magnitude. `poison` is the word
  // that filled x before the run. Returns the number of elements that are written, here or
  // according to `before`, the expected values of another run; 0: there is none.
  std::int64_t expect(Address x, const PlanTensor& tensor, std::uint16_t poison, Address before,
                      Address expected, Address magnitude) const;
  void write_guards(Address base, std::int64_t begin, std::int64_t end, std::int64_t bytes) const;
  // Returns the bytes of the guards that changed: before and after [begin, end).
  std::pair<std::int64_t, std::int64_t> check_guards(Address base, std::int64_t begin,
                                                     std::int64_t end, std::int64_t bytes) const;
  std::uint64_t hash(Address data, std::int64_t bytes) const;  // bytes: a multiple of 8
  // Compares x with the expected values. `before` is 0 for a tensor that was poisoned, with the
  // word `poison`. `layout` must have at most 8 axes.
  Comparison compare(Address x, Address expected, Address magnitude, Address before,
                     const TensorLayout& layout, const verify::Rule& rule,
                     std::uint16_t poison) const;
  void zero(Address data, std::int64_t bytes) const;  // bytes: a multiple of 16
  void flush_l2() const;
  void mark() const;
  std::int64_t guard_bytes() const { return guard_bytes_; }
  Runtime& runtime() const { return runtime_; }

 private:
  void launch(Kernel kernel, int blocks, std::vector<void*> arguments) const;
  Kernel find(const char* name) const;
  int blocks_for(std::int64_t items) const;

  Runtime& runtime_;
  const std::int64_t guard_bytes_;
  LoadedCode code_;  // stays loaded as long as the process
  Kernel fill_, expect_, expect_magnitude_, write_guards_, check_guards_, hash_, compare_, zero_,
      flush_write_, flush_read_, mark_;
  DeviceMemory scratch_, flush_;
};

}  // namespace tw::gpu
