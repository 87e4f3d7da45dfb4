#include "buffers.h"

#include <fmt/format.h>

#include <algorithm>

#include "digest.h"

namespace tw::cuda {
namespace {

std::int64_t round_up(std::int64_t value, std::int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

std::int64_t bytes_of(const PlanTensor& tensor) {
  return tensor.layout.elements * size_of(tensor.dtype);
}

// The array of a tensor by pointers.
DeviceMemory slices_of(const PlanTensor& tensor, CUdeviceptr data) {
  std::vector<CUdeviceptr> addresses;
  for (const std::int64_t offset : slice_offsets(tensor)) {
    addresses.push_back(data + static_cast<CUdeviceptr>(offset * size_of(tensor.dtype)));
  }
  const std::size_t bytes = addresses.size() * sizeof(CUdeviceptr);
  DeviceMemory array(static_cast<std::int64_t>(bytes));
  check(driver().cuMemcpyHtoD(array.address(), addresses.data(), bytes), "listing matrices");
  return array;
}

// Tensors of one seed differ from each other.
std::uint64_t seed_of(std::uint64_t seed, std::size_t index) {
  return seed * 0x9e3779b97f4a7c15u + index * 0xd1b54a32d192ed03u + 1;
}

}  // namespace

GuardedBuffer::GuardedBuffer(const VerifyKernels& kernels, std::int64_t bytes, std::int64_t align)
    : kernels_(&kernels),
      bytes_(bytes),
      begin_(kernels.guard_bytes() + (align < 16 ? align : 0)),
      // Without guards it ends where the data does, so that a tool sees the first byte beyond.
      memory_(kernels.guard_bytes() == 0 ? std::max<std::int64_t>(begin_ + bytes, 1)
                                         : round_up(begin_ + bytes + kernels.guard_bytes(), 16)) {
  kernels.write_guards(memory_.address(), begin_, begin_ + bytes_, memory_.bytes());
}

std::string GuardedBuffer::damage() const {
  const auto [before, after] =
      kernels_->check_guards(memory_.address(), begin_, begin_ + bytes_, memory_.bytes());
  if (before == 0 && after == 0) return "";
  if (after == 0) return fmt::format("{} bytes before it were written", before);
  if (before == 0) return fmt::format("{} bytes after its end were written", after);
  return fmt::format("{} bytes before it and {} bytes after its end were written", before, after);
}

std::uint64_t GuardedBuffer::hash() const {
  return kernels_->hash(memory_.address(), memory_.bytes());
}

Buffers::Buffers(const Context& context, const VerifyKernels& kernels, const Plan& plan,
                 std::uint64_t seed)
    : context_(context), kernels_(kernels), plan_tensors_(plan.tensors) {
  for (std::size_t i = 0; i < plan.tensors.size(); ++i) {
    const PlanTensor& tensor = plan.tensors[i];
    const std::int64_t bytes = bytes_of(tensor);
    tensors_.push_back({GuardedBuffer(kernels, bytes, plan.align), {}, {}, {}, {}, 0});
    Tensor& made = tensors_.back();
    if (tensor.by_pointers) made.slices = slices_of(tensor, made.buffer.data());
    if (tensor.is_read && tensor.role != Role::out) {
      kernels.fill(made.buffer.data(), tensor.layout.elements, tensor.dtype, seed_of(seed, i));
    }
    if (tensor.role == Role::in) {
      made.hash = made.buffer.hash();
      continue;
    }
    if (tensor.role == Role::inout && tensor.is_read) {
      made.before = DeviceMemory(bytes);
      check(driver().cuMemcpyDtoDAsync(made.before.address(), made.buffer.data(),
                                       static_cast<std::size_t>(bytes), context.stream()),
            "keeping a copy");
    }
    if (plan.has_reference) {
      const std::int64_t oracle_bytes = round_up(tensor.layout.elements, 2) * 8;
      made.expected = DeviceMemory(oracle_bytes);
      made.magnitude = DeviceMemory(oracle_bytes);
    }
  }
  const DType dtype = plan.tensors.empty() ? DType::f32 : plan.tensors.front().dtype;
  for (const std::int64_t extent : plan.epilogue_extents) {
    epilogue_tensors_.emplace_back(kernels, extent * size_of(dtype), plan.align);
    kernels.fill(epilogue_tensors_.back().data(), extent, dtype,
                 seed_of(seed, tensors_.size() + epilogue_tensors_.size()));
    epilogue_hashes_.push_back(epilogue_tensors_.back().hash());
  }
  poison_outputs();
  context.synchronise();
}

std::uint64_t Buffers::oracle_hash(const Tensor& tensor) const {
  return kernels_.hash(tensor.expected.address(), tensor.expected.bytes()) ^
         (3 * kernels_.hash(tensor.magnitude.address(), tensor.magnitude.bytes()));
}

void Buffers::seal() {
  for (Tensor& tensor : tensors_) {
    if (tensor.expected.bytes() == 0) continue;
    tensor.hash = oracle_hash(tensor);
  }
}

void Buffers::poison_outputs() const {
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    if (is_input(i) || tensors_[i].before.bytes() != 0) continue;
    check(driver().cuMemsetD8Async(tensors_[i].buffer.data(), 0xff,
                                   static_cast<std::size_t>(tensors_[i].buffer.bytes()),
                                   context_.stream()),
          "poisoning an output");
  }
}

void Buffers::restore_inout() const {
  for (const Tensor& tensor : tensors_) {
    if (tensor.before.bytes() == 0) continue;
    check(driver().cuMemcpyDtoDAsync(tensor.buffer.data(), tensor.before.address(),
                                     static_cast<std::size_t>(tensor.buffer.bytes()),
                                     context_.stream()),
          "restoring an inout tensor");
  }
}

std::string Buffers::damage() const {
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const std::string& name = plan_tensors_[i].name;
    if (const std::string damage = tensors_[i].buffer.damage(); !damage.empty()) {
      return fmt::format("it writes outside of {}: {}", name, damage);
    }
    if (is_input(i)) {
      if (tensors_[i].buffer.hash() != tensors_[i].hash) {
        return fmt::format("it writes to its input {}", name);
      }
    } else if (tensors_[i].expected.bytes() != 0) {
      if (oracle_hash(tensors_[i]) != tensors_[i].hash) {
        return fmt::format("it writes far outside of its tensors, to the oracle's results for {}",
                           name);
      }
    }
  }
  for (std::size_t i = 0; i < epilogue_tensors_.size(); ++i) {
    if (epilogue_tensors_[i].hash() != epilogue_hashes_[i]) {
      return fmt::format("it writes to or around tensor {} of the epilogue", i);
    }
  }
  return "";
}

std::string buffers_key(const Job& job, const Module& reference) {
  Job shared;
  shared.plan = job.plan;
  shared.plan.program = {};
  shared.plan.reference = {};
  shared.plan.launches.clear();
  shared.plan.workspaces.clear();
  shared.seed = job.seed;
  return digest(serialise(shared) + reference.cubin);
}

}  // namespace tw::cuda
