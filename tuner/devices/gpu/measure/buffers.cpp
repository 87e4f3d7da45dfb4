#include "devices/gpu/measure/buffers.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/digest.h"
#include "core/plan/plan_cbor.h"

namespace tw::gpu {
namespace {

std::int64_t round_up(std::int64_t value, std::int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

std::int64_t bytes_of(const PlanTensor& tensor) {
  return tensor.layout.elements * size_of(tensor.dtype);
}

// Returns the array of pointers of a tensor that is passed by pointers.
DeviceMemory slices_of(Runtime& runtime, const PlanTensor& tensor, Address data) {
  std::vector<Address> addresses;
  for (const std::int64_t offset : slice_offsets(tensor)) {
    addresses.push_back(data + static_cast<Address>(offset * size_of(tensor.dtype)));
  }
  const std::size_t bytes = addresses.size() * sizeof(Address);
  DeviceMemory array(runtime, static_cast<std::int64_t>(bytes));
  runtime.copy_to_device(array.address(), addresses.data(), bytes, "listing matrices");
  return array;
}

}  // namespace

GuardedBuffer::GuardedBuffer(const VerifyKernels& kernels, std::int64_t bytes, std::int64_t align)
    : kernels_(&kernels),
      bytes_(bytes),
      begin_(kernels.guard_bytes() + (align < 16 ? align : 0)),
      // Without guards the allocation ends where the data ends, so that a tool sees an access to
      // the first byte beyond.
      memory_(kernels.runtime(), kernels.guard_bytes() == 0
                                     ? std::max<std::int64_t>(begin_ + bytes, 1)
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

Buffers::Buffers(Runtime& runtime, const VerifyKernels& kernels, const ProblemPlan& plan,
                 std::uint64_t seed)
    : runtime_(runtime),
      kernels_(kernels),
      plan_tensors_(plan.tensors),
      storage_(plan.storage),
      has_second_set_(plan.has_second_set()),
      seed_(seed) {
  for (const PlanTensor& tensor : plan.tensors) {
    const std::int64_t bytes = bytes_of(tensor);
    tensors_.push_back({GuardedBuffer(kernels, bytes, plan.align), {}, {}, {}, {}});
    Tensor& made = tensors_.back();
    if (tensor.by_pointers) made.slices = slices_of(runtime, tensor, made.buffer.data());
    if (tensor.role == Role::in) continue;
    if (tensor.is_restored()) made.before = DeviceMemory(runtime, bytes);
    for (Oracle& oracle : made.oracles) {
      const std::int64_t oracle_bytes = round_up(tensor.layout.elements, 2) * 8;
      oracle.expected = DeviceMemory(runtime, oracle_bytes);
      oracle.magnitude = DeviceMemory(runtime, oracle_bytes);
      kernels.poison(oracle.expected.address(), oracle_bytes);
      kernels.poison(oracle.magnitude.address(), oracle_bytes);
    }
  }
  for (const std::int64_t extent : plan.epilogue_extents) {
    epilogue_tensors_.emplace_back(kernels, extent * size_of(storage_), plan.align);
  }
  select(Inputs::first);
  poison_outputs();
  runtime.synchronise();
}

void Buffers::fill(Address data, const PlanTensor& tensor, std::size_t index) const {
  const std::vector<std::byte> stored = given_values(tensor, tensor.values);
  if (!stored.empty()) {
    runtime_.copy_to_device(data, stored.data(), stored.size(), "copying values");
    return;
  }
  const bool is_second = inputs_ == Inputs::second && has_second_set_;
  kernels_.fill(data, tensor, verify::stream_of(seed_, index, is_second), is_second);
}

void Buffers::select(Inputs inputs) {
  if (inputs == inputs_) return;
  inputs_ = inputs;
  const auto set = static_cast<std::size_t>(inputs);
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const PlanTensor& tensor = plan_tensors_[i];
    Tensor& made = tensors_[i];
    const bool is_input = tensor.role == Role::in;
    if (tensor.role == Role::out || (!tensor.is_read && !is_input)) continue;
    if (tensor.is_read) {
      fill(made.buffer.data(), tensor, i);
    }
    if (is_input) {
      if (made.hashes[set] == 0) made.hashes[set] = made.buffer.hash();
      continue;
    }
    runtime_.copy(made.before.address(), made.buffer.data(),
                  static_cast<std::size_t>(made.buffer.bytes()), "keeping a copy");
  }
  std::vector<std::uint64_t>& hashes = epilogue_hashes_[set];
  for (std::size_t i = 0; i < epilogue_tensors_.size(); ++i) {
    const GuardedBuffer& buffer = epilogue_tensors_[i];
    PlanTensor tensor;
    tensor.dtype = storage_;
    tensor.layout.elements = buffer.bytes() / size_of(storage_);
    tensor.second = epilogue_fill;
    fill(buffer.data(), tensor, tensors_.size() + i);
    if (hashes.size() == i) hashes.push_back(buffer.hash());
  }
}

std::uint64_t Buffers::hash_of(const Oracle& oracle) const {
  return kernels_.hash(oracle.expected.address(), oracle.expected.bytes()) ^
         (3 * kernels_.hash(oracle.magnitude.address(), oracle.magnitude.bytes()));
}

void Buffers::seal() {
  for (Tensor& tensor : tensors_) {
    Oracle& oracle = tensor.oracles[static_cast<std::size_t>(inputs_)];
    if (oracle.expected.bytes() != 0) oracle.hash = hash_of(oracle);
  }
}

void Buffers::poison_outputs() const {
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    if (is_input(i) || tensors_[i].before.bytes() != 0) continue;
    kernels_.poison(tensors_[i].buffer.data(), tensors_[i].buffer.bytes(),
                    poison_word(plan_tensors_[i]));
  }
}

void Buffers::restore_inout() const {
  for (const Tensor& tensor : tensors_) {
    if (tensor.before.bytes() == 0) continue;
    runtime_.copy(tensor.buffer.data(), tensor.before.address(),
                  static_cast<std::size_t>(tensor.buffer.bytes()), "restoring an inout tensor");
  }
}

std::string Buffers::damage() const {
  const auto set = static_cast<std::size_t>(inputs_);
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const std::string& name = plan_tensors_[i].name;
    if (const std::string damage = tensors_[i].buffer.damage(); !damage.empty()) {
      return fmt::format("it writes outside of {}: {}", name, damage);
    }
    const Oracle& expected = oracle(i);
    if (is_input(i)) {
      if (tensors_[i].buffer.hash() != tensors_[i].hashes[set]) {
        return fmt::format("it writes to its input {}", name);
      }
    } else if (expected.hash != 0 && hash_of(expected) != expected.hash) {
      return fmt::format("it writes far outside of its tensors, to the oracle's results for {}",
                         name);
    }
  }
  for (std::size_t i = 0; i < epilogue_tensors_.size(); ++i) {
    if (epilogue_tensors_[i].hash() != epilogue_hashes_[set][i]) {
      return fmt::format("it writes to or around tensor {} of the epilogue", i);
    }
  }
  return "";
}

std::string buffers_key(const ProblemPlan& plan, std::uint64_t seed, const Module& oracle) {
  PartsSent parts;
  return digest(fmt::format("{} ", seed) + encoded(plan, parts) + oracle.cubin);
}

}  // namespace tw::gpu
