// The tensors of a problem on the device, between guard zones, with the oracle's results: made once
// a problem, used by every job on it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "job.h"
#include "plan.h"
#include "verify_kernels.h"

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

class Buffers {
 public:
  struct Tensor {
    GuardedBuffer buffer;
    DeviceMemory before;  // of an inout tensor that is read: what it is restored from
    DeviceMemory expected,
        magnitude;           // of an output: fp64, in its layout; empty without a reference
    DeviceMemory slices;     // of a tensor by pointers: the array of them
    std::uint64_t hash = 0;  // of `buffer` if it is an input, else of the oracle's results
  };

  // Allocates, and fills what kernels read with uniform values in (-1, 1) of the seed. Throws
  // CudaFailure.
  Buffers(const Context& context, const VerifyKernels& kernels, const Plan& plan,
          std::uint64_t seed);
  // After the reference has written expected and magnitude: from now on they must not change.
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
  std::uint64_t oracle_hash(const Tensor& tensor) const;
  const Context& context_;
  const VerifyKernels& kernels_;
  std::vector<PlanTensor> plan_tensors_;
  std::vector<Tensor> tensors_;
  std::vector<GuardedBuffer> epilogue_tensors_;
  std::vector<std::uint64_t> epilogue_hashes_;
};

// Jobs with equal keys can share Buffers: same tensors, values and oracle.
std::string buffers_key(const Job& job, const Module& reference);

}  // namespace tw::cuda
