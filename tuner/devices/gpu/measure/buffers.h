// The tensors of a problem on the device, between guard zones, with the oracle's results. They are
// made once for a problem and used by every job on it.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/plan/job.h"
#include "core/plan/plan.h"
#include "devices/gpu/measure/verify_kernels.h"

namespace tw::gpu {

// Device memory between two guard zones with known bytes, each of at least kernels.guard_bytes().
class GuardedBuffer {
 public:
  // Allocates the buffer. The data begins at a multiple of `align`, but not at a multiple of a
  // larger power of two if `align` is less than 16: a kernel gets no more alignment than the
  // problem promises. Throws Failure.
  GuardedBuffer(const VerifyKernels& kernels, std::int64_t bytes, std::int64_t align);
  Address data() const { return memory_.address() + static_cast<Address>(begin_); }
  std::int64_t bytes() const { return bytes_; }
  // Returns "4 bytes before it and 128 bytes after it were written"; empty if the guards are
  // intact.
  std::string damage() const;
  std::uint64_t hash() const;  // guards included

 private:
  const VerifyKernels* kernels_;
  std::int64_t bytes_, begin_;
  DeviceMemory memory_;
};

enum class Inputs { first, second };

class Buffers {
 public:
  // The expected values and magnitudes in fp64, in the tensor's layout.
  struct Oracle {
    DeviceMemory expected, magnitude;
    std::uint64_t hash = 0;
  };
  struct Tensor {
    GuardedBuffer buffer;
    DeviceMemory before;            // the values from which the tensor is restored
    std::array<Oracle, 2> oracles;  // one for each set of inputs; only for outputs
    // the array of pointers of a tensor that is passed by pointers
    DeviceMemory slices;
    std::array<std::uint64_t, 2> hashes{};  // of `buffer` if it is an input, one for each set
  };

  // Allocates the buffers, and fills the tensors that kernels read with the first set of inputs.
  // Throws Failure.
  Buffers(Runtime& runtime, const VerifyKernels& kernels, const ProblemPlan& plan,
          std::uint64_t seed);
  // Fills the tensors that kernels read with a set of inputs (kernels/common/inputs.cuh), unless
  // they hold this set already.
  void select(Inputs inputs);
  Inputs inputs() const { return inputs_; }
  // Returns the word that fills an output before a run on the selected inputs.
  std::uint16_t poison_word(const PlanTensor& tensor) const {
    return verify::poison_of(static_cast<int>(tensor.dtype), inputs_ == Inputs::second);
  }
  // Returns the oracle's results for the selected inputs.
  const Oracle& oracle(std::size_t tensor) const {
    return tensors_[tensor].oracles[static_cast<std::size_t>(inputs_)];
  }
  // Called after the oracle has written its results for the selected inputs: from now on the inputs
  // must not change.
  void seal();

  // Resets what a kernel must not rely on: outputs become NaN, inout tensors get their old values.
  void poison_outputs() const;
  void restore_inout() const;
  // Returns what was written although kernels must not write it; empty if nothing.
  std::string damage() const;

  const std::vector<Tensor>& tensors() const { return tensors_; }
  const std::vector<GuardedBuffer>& epilogue_tensors() const { return epilogue_tensors_; }

 private:
  bool is_input(std::size_t tensor) const { return plan_tensors_[tensor].role == Role::in; }
  std::uint64_t hash_of(const Oracle& oracle) const;
  void fill(Address data, const PlanTensor& tensor, std::size_t index) const;
  Runtime& runtime_;
  const VerifyKernels& kernels_;
  std::vector<PlanTensor> plan_tensors_;
  std::vector<Tensor> tensors_;
  std::vector<GuardedBuffer> epilogue_tensors_;
  std::array<std::vector<std::uint64_t>, 2> epilogue_hashes_;  // one for each set
  DType storage_;                                              // of the epilogue's tensors
  bool has_second_set_;
  std::uint64_t seed_;
  Inputs inputs_ = Inputs::second;
};

// Returns the key of the buffers. Jobs with equal keys can share Buffers: they have the same
// tensors, values and oracle.
std::string buffers_key(const ProblemPlan& plan, std::uint64_t seed, const Module& oracle);

}  // namespace tw::gpu
