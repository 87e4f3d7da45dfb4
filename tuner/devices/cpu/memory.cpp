#include "devices/cpu/memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "core/spec/kernel_name.h"
#include "devices/comparison.h"
#include "devices/cpu/shim/abi.h"
#include "devices/cpu/values.h"

namespace tw::cpu {
namespace {

constexpr std::size_t workspace_alignment = 256;  // as cudaMalloc aligns

template <class T>
void append(std::vector<std::byte>& bytes, const T& value) {
  const auto* begin = reinterpret_cast<const std::byte*>(&value);
  bytes.insert(bytes.end(), begin, begin + sizeof value);
}

template <class T>
std::vector<std::byte> bytes_of(const T& value) {
  std::vector<std::byte> bytes;
  append(bytes, value);
  return bytes;
}

// Returns a tensor argument of the epilogue.
PlanTensor epilogue_tensor(const ProblemPlan& plan, std::size_t index, std::int64_t extent) {
  PlanTensor tensor;
  tensor.name = fmt::format("the epilogue's tensor {}", index);
  tensor.dtype = plan.storage;
  tensor.layout = {{extent}, {1}, extent};
  tensor.second = epilogue_fill;
  return tensor;
}

tw_cpu::TensorMap tensor_map(const TensorMapShape& shape, const void* data) {
  tw_cpu::TensorMap map{};
  map.data = data;
  for (int i = 0; i < shape.rank; ++i) {
    map.strides[i] = shape.strides[i];
    map.extents[i] = static_cast<unsigned>(std::min<std::int64_t>(shape.extents[i], UINT32_MAX));
    map.box[i] = static_cast<unsigned short>(shape.box[i]);
  }
  map.rank = static_cast<unsigned char>(shape.rank);
  map.element_bytes = static_cast<unsigned char>(shape.element_bytes);
  map.swizzle = static_cast<unsigned char>(shape.swizzle);
  map.tf32 = shape.tf32;
  map.im2col = shape.im2col;
  for (int i = 0; i < 2; ++i) {
    map.lower[i] = static_cast<signed char>(shape.lower[i]);
    map.upper[i] = static_cast<signed char>(shape.upper[i]);
    map.steps[i] = static_cast<unsigned char>(shape.steps[i]);
  }
  return map;
}

}  // namespace

PlanMemory::PlanMemory(const Plan& plan, std::uint64_t seed, Inputs inputs) : plan_(plan) {
  const ProblemPlan& problem = *plan.problem;
  const bool second = inputs == Inputs::second;
  const Placement placement = second ? Placement::at_begin : Placement::at_end;
  std::uint64_t tensor_index = 0;
  const auto alignment = static_cast<std::size_t>(problem.align);
  const auto allocate = [&](const PlanTensor& tensor) {
    Guarded buffer(static_cast<std::size_t>(tensor.layout.elements) *
                       static_cast<std::size_t>(size_of(tensor.dtype)),
                   alignment, placement, tensor.name);
    const std::uint64_t stream =
        verify::stream_of(seed, tensor_index++, second && problem.has_second_set());
    if (is_integer(tensor.dtype))
      buffer.fill(verify::poison_of(static_cast<int>(tensor.dtype), second));
    if (tensor.role == Role::in || tensor.is_restored()) {
      fill_inputs(tensor, buffer.data(), stream, second && problem.has_second_set());
    }
    return buffer;
  };
  for (const PlanTensor& tensor : problem.tensors) {
    tensors_.push_back(allocate(tensor));
    const Guarded& buffer = tensors_.back();
    before_.emplace_back(buffer.data(), buffer.data() + buffer.size());
    slices_.emplace_back();
    if (!tensor.by_pointers) continue;
    for (const std::int64_t offset : slice_offsets(tensor)) {
      slices_.back().push_back(buffer.data() + offset * size_of(tensor.dtype));
    }
  }
  for (const PlanWorkspace& workspace : plan.workspaces) {
    workspaces_.emplace_back(static_cast<std::size_t>(workspace.bytes), workspace_alignment,
                             placement, fmt::format("workspace {}", workspaces_.size()));
  }
  for (const std::int64_t extent : problem.epilogue_extents) {
    epilogue_tensors_.push_back(
        allocate(epilogue_tensor(problem, epilogue_tensors_.size(), extent)));
    append(epilogue_, epilogue_tensors_.back().data());
  }
  if (epilogue_tensors_.empty()) append<void*>(epilogue_, nullptr);
  for (const float scalar : problem.epilogue_scalars) append(epilogue_, scalar);
  if (problem.epilogue_scalars.empty()) append(epilogue_, 0.0f);
  while (epilogue_.size() % alignof(void*) != 0) epilogue_.push_back(std::byte{0});
  zero_workspaces(WorkspaceSpec::Init::zero_once);
}

void PlanMemory::restore_outputs() {
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    if (plan_.problem->tensors[i].role != Role::in) {
      std::memcpy(tensors_[i].data(), before_[i].data(), before_[i].size());
    }
  }
}

void PlanMemory::poison_workspaces() {
  for (std::size_t i = 0; i < workspaces_.size(); ++i) {
    if (plan_.workspaces[i].init == WorkspaceSpec::Init::none) workspaces_[i].poison_all();
  }
}

void PlanMemory::zero_workspaces(WorkspaceSpec::Init init) {
  for (std::size_t i = 0; i < workspaces_.size(); ++i) {
    if (plan_.workspaces[i].init == init) {
      std::memset(workspaces_[i].data(), 0, workspaces_[i].size());
    }
  }
}

void PlanMemory::copy_constants(const tw_cpu::Module& module) const {
  for (std::size_t i = 0; i < plan_.constants.size(); ++i) {
    const Guarded& from = tensors_[static_cast<std::size_t>(plan_.constants[i])];
    std::memcpy(module.symbols[i].data, from.data(), from.size());
  }
}

std::string PlanMemory::constant_mismatch(const tw_cpu::Module& module) const {
  for (std::size_t i = 0; i < plan_.constants.size(); ++i) {
    const auto tensor = static_cast<std::size_t>(plan_.constants[i]);
    std::string mismatch = tw::constant_mismatch(
        plan_.problem->tensors[tensor].name, static_cast<std::int64_t>(tensors_[tensor].size()),
        static_cast<std::int64_t>(module.symbols[i].bytes));
    if (!mismatch.empty()) return mismatch;
  }
  return "";
}

std::string PlanMemory::damage() const {
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const PlanTensor& tensor = plan_.problem->tensors[i];
    if (const std::string zones = tensors_[i].damage(); !zones.empty()) {
      return fmt::format("wrote outside of {}, {}", tensor.name, zones);
    }
    if (tensor.role == Role::in &&
        std::memcmp(tensors_[i].data(), before_[i].data(), before_[i].size()) != 0) {
      return fmt::format("wrote to the input {}", tensor.name);
    }
  }
  for (std::size_t i = 0; i < workspaces_.size(); ++i) {
    if (const std::string zones = workspaces_[i].damage(); !zones.empty()) {
      return fmt::format("wrote outside of workspace {}, {}", i, zones);
    }
  }
  for (std::size_t i = 0; i < epilogue_tensors_.size(); ++i) {
    if (const std::string zones = epilogue_tensors_[i].damage(); !zones.empty()) {
      return fmt::format("wrote outside of the epilogue's tensor {}, {}", i, zones);
    }
  }
  return "";
}

PlanMemory::KernelArguments::KernelArguments(const PlanMemory& memory, const PlanLaunch& launch,
                                             const std::vector<Guarded>& expected,
                                             const std::vector<Guarded>& magnitude) {
  for (const PlanArg& arg : launch.args) {
    const auto index = static_cast<std::size_t>(arg.index);
    switch (arg.kind) {
      case ArgSpec::Kind::tensor:
        values_.push_back(bytes_of(memory.tensors_[index].data()));
        break;
      case ArgSpec::Kind::expected:
        values_.push_back(bytes_of(expected.at(index).data()));
        break;
      case ArgSpec::Kind::magnitude:
        values_.push_back(bytes_of(magnitude.at(index).data()));
        break;
      case ArgSpec::Kind::workspace:
        values_.push_back(bytes_of(memory.workspaces_[index].data()));
        break;
      case ArgSpec::Kind::scalar:
        values_.push_back(bytes_of(static_cast<float>(arg.scalar)));
        break;
      case ArgSpec::Kind::tolerance:
        values_.push_back(bytes_of(arg.scalar));
        break;
      case ArgSpec::Kind::tensor_map:
        values_.push_back(bytes_of(tensor_map(arg.map, memory.tensors_[index].data())));
        break;
      case ArgSpec::Kind::pointers:
        values_.push_back(bytes_of(memory.slices_[index].data()));
        break;
      case ArgSpec::Kind::epilogue:
        values_.push_back(memory.epilogue_);
        break;
      case ArgSpec::Kind::int32:
        values_.push_back(bytes_of(static_cast<std::int32_t>(arg.value)));
        break;
      case ArgSpec::Kind::int64:
        values_.push_back(bytes_of(arg.value));
        break;
      case ArgSpec::Kind::number:
        values_.push_back(number_bytes(arg));
        break;
    }
  }
  values_ = parameters_of(launch.args, values_);
  for (auto& value : values_) pointers_.push_back(value.data());
}

std::string PlanMemory::KernelArguments::mismatch(int arg_count, const unsigned* arg_bytes) const {
  const std::vector<std::size_t> taken(arg_bytes, arg_bytes + arg_count);
  std::vector<std::size_t> passed;
  for (const auto& value : values_) passed.push_back(value.size());
  return parameter_mismatch(taken, passed);
}

}  // namespace tw::cpu
