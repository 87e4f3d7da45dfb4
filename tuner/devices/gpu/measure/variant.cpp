#include "devices/gpu/measure/variant.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

#include "core/spec/kernel_name.h"
#include "devices/comparison.h"

namespace tw::gpu {
namespace {

constexpr std::int64_t default_smem_bytes = 48 * 1024;  // a launch must request more
// in blocks; larger clusters must be allowed explicitly
constexpr std::int64_t portable_cluster = 8;

// The layout is struct { const void* tensor[max(1, tensors)]; float scalar[max(1, scalars)]; }.
std::vector<std::byte> epilogue_bytes(const Plan& plan, const Buffers& buffers) {
  const std::size_t tensors = std::max<std::size_t>(1, buffers.epilogue_tensors().size());
  const std::size_t scalars = std::max<std::size_t>(1, plan.problem->epilogue_scalars.size());
  std::vector<std::byte> bytes(8 * tensors + (4 * scalars + 7) / 8 * 8);
  for (std::size_t i = 0; i < buffers.epilogue_tensors().size(); ++i) {
    const Address address = buffers.epilogue_tensors()[i].data();
    std::memcpy(bytes.data() + 8 * i, &address, sizeof address);
  }
  for (std::size_t i = 0; i < plan.problem->epilogue_scalars.size(); ++i) {
    std::memcpy(bytes.data() + 8 * tensors + 4 * i, &plan.problem->epilogue_scalars[i],
                sizeof(float));
  }
  return bytes;
}

LaunchShape shape_of(const PlanLaunch& launch) {
  LaunchShape shape;
  for (std::size_t i = 0; i < 3; ++i) {
    shape.grid[i] = static_cast<unsigned>(launch.grid[i]);
    shape.block[i] = static_cast<unsigned>(launch.block[i]);
    shape.cluster[i] = static_cast<unsigned>(launch.cluster[i]);
  }
  shape.smem_bytes = static_cast<unsigned>(launch.smem_bytes);
  return shape;
}

void raise_shared_memory(Runtime& runtime, Kernel kernel, std::int64_t smem_bytes) {
  const std::int64_t fixed = runtime.attributes(kernel).static_smem_bytes;
  if (smem_bytes + fixed <= default_smem_bytes) return;
  runtime.allow_shared_memory(
      kernel, smem_bytes,
      fmt::format("asking for {} bytes of shared memory in addition to {} static ones, where a "
                  "block can have {}",
                  smem_bytes, fixed, runtime.info().smem_optin));
}

}  // namespace

LoadedModule::LoadedModule(Runtime& runtime, const Module& module)
    : runtime_(runtime),
      code_(runtime.load(module.cubin, "loading the module")),
      names_(module.names) {}

Kernel LoadedModule::kernel(int entry) const {
  const std::string& name = names_.at(static_cast<std::size_t>(entry));
  return runtime_.find(code_, name, "finding the entry " + name);
}

// The names of the symbols are the last ones.
Symbol LoadedModule::symbol(std::size_t symbol, std::size_t symbols) const {
  const std::string& name = names_.at(names_.size() - symbols + symbol);
  return runtime_.find_symbol(code_, name, "finding the array " + name);
}

LoadedModule::~LoadedModule() { runtime_.unload(code_); }

template <class T>
void LaunchArguments::add(const T& value) {
  std::vector<std::byte>& bytes = values_.emplace_back(sizeof value);
  std::memcpy(bytes.data(), &value, sizeof value);
}

LaunchArguments::LaunchArguments(Runtime& runtime, const PlanLaunch& launch, const Plan& plan,
                                 const Buffers& buffers,
                                 const std::vector<GuardedBuffer>& workspaces) {
  for (const PlanArg& arg : launch.args) {
    const auto index = static_cast<std::size_t>(arg.index);
    switch (arg.kind) {
      case ArgSpec::Kind::tensor:
        add(buffers.tensors()[index].buffer.data());
        break;
      case ArgSpec::Kind::expected:
        add(buffers.oracle(index).expected.address());
        break;
      case ArgSpec::Kind::magnitude:
        add(buffers.oracle(index).magnitude.address());
        break;
      case ArgSpec::Kind::workspace:
        add(workspaces[index].data());
        break;
      case ArgSpec::Kind::scalar:
        add(static_cast<float>(arg.scalar));
        break;
      case ArgSpec::Kind::tolerance:
        add(arg.scalar);
        break;
      case ArgSpec::Kind::tensor_map:
        add(runtime.encode_tensor_map(arg.map, buffers.tensors()[index].buffer.data()));
        break;
      case ArgSpec::Kind::pointers:
        add(buffers.tensors()[index].slices.address());
        break;
      case ArgSpec::Kind::epilogue:
        values_.push_back(epilogue_bytes(plan, buffers));
        break;
      case ArgSpec::Kind::int32:
        add(static_cast<std::int32_t>(arg.value));
        break;
      case ArgSpec::Kind::int64:
        add(arg.value);
        break;
      case ArgSpec::Kind::number:
        values_.push_back(number_bytes(arg));
        break;
    }
  }
  values_ = parameters_of(launch.args, values_);
  for (std::vector<std::byte>& value : values_) pointers_.push_back(value.data());
}

void LaunchArguments::check_against(Runtime& runtime, Kernel kernel) const {
  const std::optional<std::vector<std::size_t>> taken = runtime.parameter_bytes(kernel);
  if (!taken) return;
  std::vector<std::size_t> passed;
  for (const std::vector<std::byte>& value : values_) passed.push_back(value.size());
  const std::string mismatch = parameter_mismatch(*taken, passed);
  if (!mismatch.empty()) throw Failure{Failure::Kind::refused, mismatch};
}

Variant::Variant(Runtime& runtime, const VerifyKernels& kernels, const Buffers& buffers,
                 const Plan& plan, const Module& module)
    : runtime_(runtime), kernels_(kernels), plan_(plan), module_(runtime, module) {
  prepare_workspaces(kernels, plan);
  for (const PlanLaunch& launch : plan.launches) add_pass(launch, buffers);
  add_constants(buffers);
  copy_constants();
}

void Variant::add_constants(const Buffers& buffers) {
  for (std::size_t i = 0; i < plan_.constants.size(); ++i) {
    const auto tensor = static_cast<std::size_t>(plan_.constants[i]);
    const GuardedBuffer& from = buffers.tensors()[tensor].buffer;
    const Symbol to = module_.symbol(i, plan_.constants.size());
    const std::string mismatch =
        constant_mismatch(plan_.problem->tensors[tensor].name, from.bytes(), to.bytes);
    if (!mismatch.empty()) throw Failure{Failure::Kind::refused, mismatch};
    constants_.push_back({to.address, &from});
  }
}

void Variant::copy_constants() const {
  for (const Constant& constant : constants_) {
    runtime_.copy(constant.to, constant.from->data(),
                  static_cast<std::size_t>(constant.from->bytes()), "copying to an array");
  }
}

// Sizes are rounded up to the granularity of tw_zero. Workspaces that need not be zero are
// poisoned.
void Variant::prepare_workspaces(const VerifyKernels& kernels, const Plan& plan) {
  for (const PlanWorkspace& workspace : plan.workspaces) {
    const std::int64_t bytes = (workspace.bytes + 15) / 16 * 16;
    workspaces_.emplace_back(kernels, bytes, 16);
    if (bytes == 0) continue;
    const std::uint8_t value = workspace.init == WorkspaceSpec::Init::zero_once ? 0 : 0xff;
    runtime_.fill_bytes(workspaces_.back().data(), value, static_cast<std::size_t>(bytes),
                        "initialising a workspace");
  }
}

void Variant::add_pass(const PlanLaunch& launch, const Buffers& buffers) {
  const Kernel kernel = module_.kernel(launch.entry);
  raise_shared_memory(runtime_, kernel, launch.smem_bytes);
  const LaunchShape shape = shape_of(launch);
  const Pass& pass = passes_.emplace_back(Pass{
      kernel, shape, LaunchArguments(runtime_, launch, plan_, buffers, workspaces_),
      fmt::format("launching pass {} ({} x {} x {} blocks of {} x {} x {} threads, {} bytes of "
                  "shared memory)",
                  passes_.size() + 1, shape.grid[0], shape.grid[1], shape.grid[2], shape.block[0],
                  shape.block[1], shape.block[2], shape.smem_bytes)});
  pass.arguments.check_against(runtime_, kernel);
  const std::int64_t cluster = launch.cluster[0] * launch.cluster[1] * launch.cluster[2];
  if (cluster <= portable_cluster) return;
  runtime_.allow_large_cluster(kernel, fmt::format("asking for clusters of {} blocks", cluster));
}

void Variant::launch() {
  for (std::size_t i = 0; i < workspaces_.size(); ++i) {
    if (plan_.workspaces[i].init == WorkspaceSpec::Init::zero_each && workspaces_[i].bytes() > 0) {
      kernels_.zero(workspaces_[i].data(), workspaces_[i].bytes());
    }
  }
  for (Pass& pass : passes_) {
    runtime_.launch(pass.kernel, pass.shape, pass.arguments.pointers(), pass.doing);
  }
}

void Variant::describe(Measurement& measurement) const {
  Measurement& m = measurement;
  for (const Pass& pass : passes_) {
    const KernelAttributes attributes = runtime_.attributes(pass.kernel);
    const std::int64_t smem_bytes =
        attributes.static_smem_bytes + std::int64_t{pass.shape.smem_bytes};
    const unsigned threads = pass.shape.block[0] * pass.shape.block[1] * pass.shape.block[2];
    const int blocks =
        runtime_.blocks_per_sm(pass.kernel, static_cast<int>(threads), pass.shape.smem_bytes);
    m.registers = std::max(m.registers, attributes.registers);
    m.spill_bytes = std::max(m.spill_bytes, attributes.local_bytes);
    m.smem_bytes = std::max(m.smem_bytes, smem_bytes);
    m.blocks_per_sm = &pass == &passes_.front() ? blocks : std::min(m.blocks_per_sm, blocks);
  }
}

std::string Variant::damage() const {
  for (std::size_t i = 0; i < workspaces_.size(); ++i) {
    if (const std::string damage = workspaces_[i].damage(); !damage.empty()) {
      return fmt::format("it writes outside of workspace {}: {}", i, damage);
    }
  }
  return "";
}

namespace {

// Copies the results that the op gives into the outputs.
void copy_expected(Runtime& runtime, const Buffers& buffers, const ProblemPlan& problem) {
  for (std::size_t i = 0; i < problem.tensors.size(); ++i) {
    const PlanTensor& tensor = problem.tensors[i];
    if (!tensor.expected) continue;
    const std::vector<std::byte> stored = given_values(tensor, *tensor.expected);
    runtime.copy_to_device(buffers.tensors()[i].buffer.data(), stored.data(), stored.size(),
                           "copying expected results");
  }
}

}  // namespace

void run_oracle(Runtime& runtime, const VerifyKernels& kernels, const Buffers& buffers,
                const std::shared_ptr<const ProblemPlan>& problem, const Module& module) {
  if (problem->oracle.has_program()) {
    const Plan own = plan_of_oracle(problem);
    Variant variant(runtime, kernels, buffers, own, module);
    buffers.poison_outputs();
    buffers.restore_inout();
    variant.launch();
    runtime.synchronise();
  } else {
    copy_expected(runtime, buffers, *problem);
  }
  if (!problem->oracle.gives_results()) return;
  for (std::size_t i = 0; i < problem->tensors.size(); ++i) {
    const PlanTensor& tensor = problem->tensors[i];
    if (tensor.role == Role::in) continue;
    kernels.expect(buffers.tensors()[i].buffer.data(), tensor, buffers.poison_word(tensor), 0,
                   buffers.oracle(i).expected.address(), buffers.oracle(i).magnitude.address());
  }
}

}  // namespace tw::gpu
