// The tensors of a problem on the device, between guard zones, with the oracle's results: made once
// a problem, used by every job on it.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/plan/job.h"
#include "core/plan/plan.h"
#include "devices/cuda/measure/verify_kernels.h"

namespace tw::cuda {

// Device memory between two zones whose bytes are known, of at least kernels.guard_bytes().
class GuardedBuffer {
 public:
  // The data begins at an address that is a multiple of `align`, but of no larger power of two if
  // that is less than 16: what the problem promises is all that a kernel gets. Throws CudaFailure.
  GuardedBuffer(const VerifyKernels& kernels, std::int64_t bytes, std::int64_t align);
  CUdeviceptr data() const { return memory_.address() + static_cast<CUdeviceptr>(begin_); }
  std::int64_t bytes() const { return bytes_; }
  // Empty if the guards are whole; else "4 bytes before it and 128 bytes after it were written".
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
  // fp64, in the tensor's layout.
  struct Oracle {
    DeviceMemory expected, magnitude;
    std::uint64_t hash = 0;
  };
  struct Tensor {
    GuardedBuffer buffer;
    DeviceMemory before;                    // of a restored tensor: what it is restored from
    std::array<Oracle, 2> oracles;          // by set of inputs; of outputs
    DeviceMemory slices;                    // of a tensor by pointers: the array of them
    std::array<std::uint64_t, 2> hashes{};  // by set: of `buffer` if it is an input
  };

  // Allocates, and fills what kernels read with the first set of inputs. Throws CudaFailure.
  Buffers(const Context& context, const VerifyKernels& kernels, const Plan& plan,
          std::uint64_t seed);
  // Fills what kernels read with a set of inputs (kernels/common/inputs.cuh), unless it holds it.
  void select(Inputs inputs);
  Inputs inputs() const { return inputs_; }
  // The oracle's results for the selected inputs.
  const Oracle& oracle(std::size_t tensor) const {
    return tensors_[tensor].oracles[static_cast<std::size_t>(inputs_)];
  }
  // After the oracle has written its results for the selected inputs: from now on they must not
  // change.
  void seal();

  // What a kernel must not rely on goes: outputs to NaN, inout tensors to what they were.
  void poison_outputs() const;
  void restore_inout() const;
  // Empty, or what was written that a kernel must leave alone.
  std::string damage() const;

  const std::vector<Tensor>& tensors() const { return tensors_; }
  const std::vector<GuardedBuffer>& epilogue_tensors() const { return epilogue_tensors_; }

 private:
  bool is_input(std::size_t tensor) const { return plan_tensors_[tensor].role == Role::in; }
  std::uint64_t hash_of(const Oracle& oracle) const;
  void fill(CUdeviceptr data, std::int64_t elements, DType dtype, std::size_t index,
            const PlanFill& second) const;
  const Context& context_;
  const VerifyKernels& kernels_;
  std::vector<PlanTensor> plan_tensors_;
  std::vector<Tensor> tensors_;
  std::vector<GuardedBuffer> epilogue_tensors_;
  std::array<std::vector<std::uint64_t>, 2> epilogue_hashes_;  // by set
  DType epilogue_dtype_;
  std::uint64_t seed_;
  Inputs inputs_ = Inputs::second;
};

// Jobs with equal keys can share Buffers: same tensors, values and oracle.
std::string buffers_key(const Plan& plan, std::uint64_t seed, const Module& oracle);

}  // namespace tw::cuda
