#include "devices/gpu/measure/variant.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "core/plan/encode_tensor_map.h"
#include "core/spec/kernel_name.h"

namespace tw::cuda {
namespace {

constexpr std::int64_t default_smem_bytes = 48 * 1024;  // a launch must request more
// in blocks; larger clusters must be allowed explicitly
constexpr std::int64_t portable_cluster = 8;

int attribute(CUfunction function, CUfunction_attribute which) {
  int value = 0;
  check(driver().cuFuncGetAttribute(&value, which, function), "reading a kernel's attribute");
  return value;
}

// The layout is struct { const void* tensor[max(1, tensors)]; float scalar[max(1, scalars)]; }.
std::vector<std::byte> epilogue_bytes(const Plan& plan, const Buffers& buffers) {
  const std::size_t tensors = std::max<std::size_t>(1, buffers.epilogue_tensors().size());
  const std::size_t scalars = std::max<std::size_t>(1, plan.epilogue_scalars.size());
  std::vector<std::byte> bytes(8 * tensors + (4 * scalars + 7) / 8 * 8);
  for (std::size_t i = 0; i < buffers.epilogue_tensors().size(); ++i) {
    const CUdeviceptr address = buffers.epilogue_tensors()[i].data();
    std::memcpy(bytes.data() + 8 * i, &address, sizeof address);
  }
  for (std::size_t i = 0; i < plan.epilogue_scalars.size(); ++i) {
    std::memcpy(bytes.data() + 8 * tensors + 4 * i, &plan.epilogue_scalars[i], sizeof(float));
  }
  return bytes;
}

CUlaunchConfig config_of(const PlanLaunch& launch, CUstream stream) {
  CUlaunchConfig config{};
  config.gridDimX = static_cast<unsigned>(launch.grid[0]);
  config.gridDimY = static_cast<unsigned>(launch.grid[1]);
  config.gridDimZ = static_cast<unsigned>(launch.grid[2]);
  config.blockDimX = static_cast<unsigned>(launch.block[0]);
  config.blockDimY = static_cast<unsigned>(launch.block[1]);
  config.blockDimZ = static_cast<unsigned>(launch.block[2]);
  config.sharedMemBytes = static_cast<unsigned>(launch.smem_bytes);
  config.hStream = stream;
  return config;
}

void raise_shared_memory(CUfunction function, std::int64_t smem_bytes, const DeviceInfo& info) {
  const int fixed = attribute(function, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES);
  if (smem_bytes + fixed <= default_smem_bytes) return;
  check(driver().cuFuncSetAttribute(function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                                    static_cast<int>(smem_bytes)),
        fmt::format("asking for {} bytes of shared memory in addition to {} static ones, where a "
                    "block can have {}",
                    smem_bytes, fixed, info.smem_optin));
}

CUtensorMap tensor_map(const TensorMapShape& shape, CUdeviceptr data) {
  CUtensorMap map{};
  check(encode_tensor_map(driver().cuTensorMapEncodeTiled, driver().cuTensorMapEncodeIm2col, shape,
                          reinterpret_cast<const void*>(data), map),
        "encoding a tensor map");
  return map;
}

}  // namespace

LoadedModule::LoadedModule(const Module& module) {
  check(driver().cuModuleLoadData(&module_, module.cubin.data()), "loading the module");
  for (const std::string& name : module.names) {
    CUfunction function = nullptr;
    check(driver().cuModuleGetFunction(&function, module_, name.c_str()),
          "finding the entry " + name);
    functions_.push_back(function);
  }
}

LoadedModule::~LoadedModule() { driver().cuModuleUnload(module_); }

template <class T>
void LaunchArguments::add(const T& value) {
  std::vector<std::byte>& bytes = values_.emplace_back(sizeof value);
  std::memcpy(bytes.data(), &value, sizeof value);
}

LaunchArguments::LaunchArguments(const PlanLaunch& launch, const Plan& plan, const Buffers& buffers,
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
        add(tensor_map(arg.map, buffers.tensors()[index].buffer.data()));
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
    }
  }
  for (std::vector<std::byte>& value : values_) pointers_.push_back(value.data());
}

void LaunchArguments::check_against(CUfunction function) const {
  if (!driver().cuFuncGetParamInfo) return;       // MeasuringSession reports this
  constexpr std::size_t most_parameters = 32764;  // in bytes; the limit of CUDA 12.1 and later
  std::vector<std::size_t> taken, passed;
  for (const std::vector<std::byte>& value : values_) passed.push_back(value.size());
  while (taken.size() < most_parameters) {
    std::size_t offset = 0, bytes = 0;
    const CUresult result = driver().cuFuncGetParamInfo(function, taken.size(), &offset, &bytes);
    if (result == CUDA_ERROR_INVALID_VALUE) break;  // beyond the last parameter
    check(result, "reading a kernel's parameters");
    taken.push_back(bytes);
  }
  const std::string mismatch = parameter_mismatch(taken, passed);
  if (!mismatch.empty()) throw CudaFailure{CUDA_ERROR_INVALID_VALUE, mismatch};
}

Variant::Variant(const Context& context, const VerifyKernels& kernels, const Buffers& buffers,
                 const Plan& plan, const Module& module)
    : context_(context), kernels_(kernels), plan_(plan), module_(module) {
  prepare_workspaces(kernels, plan);
  for (const PlanLaunch& launch : plan.launches) add_pass(launch, buffers);
}

// Sizes are rounded up to the granularity of tw_zero. Workspaces that need not be zero are
// poisoned.
void Variant::prepare_workspaces(const VerifyKernels& kernels, const Plan& plan) {
  for (const PlanWorkspace& workspace : plan.workspaces) {
    const std::int64_t bytes = (workspace.bytes + 15) / 16 * 16;
    workspaces_.emplace_back(kernels, bytes, 16);
    if (bytes == 0) continue;
    const unsigned char value = workspace.init == WorkspaceSpec::Init::zero_once ? 0 : 0xff;
    check(driver().cuMemsetD8Async(workspaces_.back().data(), value,
                                   static_cast<std::size_t>(bytes), context_.stream()),
          "initialising a workspace");
  }
}

void Variant::add_pass(const PlanLaunch& launch, const Buffers& buffers) {
  const CUfunction function = module_.function(launch.entry);
  raise_shared_memory(function, launch.smem_bytes, context_.info());
  Pass& pass = passes_.emplace_back(Pass{function,
                                         config_of(launch, context_.stream()),
                                         {},
                                         LaunchArguments(launch, plan_, buffers, workspaces_)});
  pass.arguments.check_against(function);
  const std::int64_t cluster = launch.cluster[0] * launch.cluster[1] * launch.cluster[2];
  if (cluster == 1) return;
  if (cluster > portable_cluster) {
    check(driver().cuFuncSetAttribute(function, CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED,
                                      1),
          fmt::format("asking for clusters of {} blocks", cluster));
  }
  pass.cluster.id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
  pass.cluster.value.clusterDim.x = static_cast<unsigned>(launch.cluster[0]);
  pass.cluster.value.clusterDim.y = static_cast<unsigned>(launch.cluster[1]);
  pass.cluster.value.clusterDim.z = static_cast<unsigned>(launch.cluster[2]);
  pass.config.attrs = &pass.cluster;
  pass.config.numAttrs = 1;
}

void Variant::launch() {
  for (std::size_t i = 0; i < workspaces_.size(); ++i) {
    if (plan_.workspaces[i].init == WorkspaceSpec::Init::zero_each && workspaces_[i].bytes() > 0) {
      kernels_.zero(workspaces_[i].data(), workspaces_[i].bytes());
    }
  }
  for (std::size_t i = 0; i < passes_.size(); ++i) {
    Pass& pass = passes_[i];
    check(
        driver().cuLaunchKernelEx(&pass.config, pass.function, pass.arguments.pointers(), nullptr),
        fmt::format("launching pass {} ({} x {} x {} blocks of {} x {} x {} threads, {} bytes of "
                    "shared memory)",
                    i + 1, pass.config.gridDimX, pass.config.gridDimY, pass.config.gridDimZ,
                    pass.config.blockDimX, pass.config.blockDimY, pass.config.blockDimZ,
                    pass.config.sharedMemBytes));
  }
}

void Variant::describe(Measurement& measurement) const {
  for (const Pass& pass : passes_) {
    const auto value = [&](CUfunction_attribute which) { return attribute(pass.function, which); };
    const std::int64_t spill_bytes = value(CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES);
    const std::int64_t smem_bytes =
        value(CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES) + std::int64_t{pass.config.sharedMemBytes};
    const unsigned threads = pass.config.blockDimX * pass.config.blockDimY * pass.config.blockDimZ;
    int blocks = 0;
    check(driver().cuOccupancyMaxActiveBlocksPerMultiprocessor(
              &blocks, pass.function, static_cast<int>(threads), pass.config.sharedMemBytes),
          "asking for the occupancy");
    Measurement& m = measurement;
    m.registers = std::max(m.registers, value(CU_FUNC_ATTRIBUTE_NUM_REGS));
    m.spill_bytes = std::max(m.spill_bytes, spill_bytes);
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

void run_oracle(const Context& context, const VerifyKernels& kernels, const Buffers& buffers,
                const Plan& plan, const Module& module) {
  const Plan own = plan_of_oracle(plan);
  Variant variant(context, kernels, buffers, own, module);
  buffers.poison_outputs();
  buffers.restore_inout();
  variant.launch();
  context.synchronise();
  if (plan.oracle.kind != OraclePlan::Kind::configuration) return;
  for (std::size_t i = 0; i < plan.tensors.size(); ++i) {
    const PlanTensor& tensor = plan.tensors[i];
    if (tensor.role == Role::in) continue;
    kernels.expect(buffers.tensors()[i].buffer.data(), tensor, buffers.poison_word(tensor), 0,
                   buffers.oracle(i).expected.address(), buffers.oracle(i).magnitude.address());
  }
}

}  // namespace tw::cuda
