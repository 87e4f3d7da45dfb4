#include "devices/cuda/runtime/cuda_runtime.h"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/base/error.h"
#include "core/plan/encode_tensor_map.h"
#include "devices/cuda/baselines/adaptors.h"
#include "devices/cuda/driver/context.h"
#include "devices/cuda/driver/counters.h"
#include "devices/cuda/driver/telemetry.h"
#include "devices/cuda/runtime/timers.h"

namespace tw::cuda {
namespace {

using gpu::Address;
using gpu::Kernel;
using gpu::LoadedCode;

CUmodule module_of(LoadedCode code) { return reinterpret_cast<CUmodule>(code); }
CUfunction function_of(Kernel kernel) { return reinterpret_cast<CUfunction>(kernel); }

int attribute(Kernel kernel, CUfunction_attribute which) {
  int value = 0;
  check(driver().cuFuncGetAttribute(&value, which, function_of(kernel)),
        "reading a kernel's attribute");
  return value;
}

std::unique_ptr<CuptiTimer> open_cupti(std::vector<std::string>& notices) {
  const char* wanted = std::getenv("TILEWRIGHT_TIMER");
  if (wanted && wanted == std::string_view("events")) {
    notices.emplace_back("timed by events, because TILEWRIGHT_TIMER says so");
    return nullptr;
  }
  try {
    return std::make_unique<CuptiTimer>();
  } catch (const Error& error) {
    notices.push_back(fmt::format("timed by events, which include some microseconds of launch: {}",
                                  error.what()));
    return nullptr;
  }
}

class CudaRuntime final : public gpu::Runtime {
 public:
  CudaRuntime(int ordinal, gpu::Use use)
      : ordinal_(ordinal),
        cupti_timer_(use == gpu::Use::time ? open_cupti(notices_) : nullptr),
        context_(ordinal),
        event_timer_(context_),
        telemetry_(context_.info().uuid) {
    if (driver().cuFuncGetParamInfo) return;
    notices_.emplace_back(
        "the parameters of kernels are not checked before a launch: the NVIDIA driver is older "
        "than CUDA 12.4");
  }

  const DeviceInfo& info() const override { return context_.info(); }
  std::vector<std::string> take_notices() override { return std::exchange(notices_, {}); }

  Address allocate(std::int64_t bytes) override {
    CUdeviceptr address = 0;
    check(driver().cuMemAlloc(&address, static_cast<std::size_t>(bytes)),
          fmt::format("allocating {} bytes", bytes));
    return address;
  }
  void free(Address address) noexcept override { driver().cuMemFree(address); }
  void copy_to_host(void* to, Address from, std::size_t bytes, std::string_view doing) override {
    check(driver().cuMemcpyDtoH(to, from, bytes), doing);
  }
  void copy_to_device(Address to, const void* from, std::size_t bytes,
                      std::string_view doing) override {
    check(driver().cuMemcpyHtoD(to, from, bytes), doing);
  }
  void copy(Address to, Address from, std::size_t bytes, std::string_view doing) override {
    check(driver().cuMemcpyDtoDAsync(to, from, bytes, context_.stream()), doing);
  }
  void fill_bytes(Address to, std::uint8_t byte, std::size_t bytes,
                  std::string_view doing) override {
    check(driver().cuMemsetD8Async(to, byte, bytes, context_.stream()), doing);
  }
  void fill_words(Address to, std::uint16_t word, std::size_t count,
                  std::string_view doing) override {
    check(driver().cuMemsetD16Async(to, word, count, context_.stream()), doing);
  }

  LoadedCode load(const std::string& image, std::string_view doing) override;
  void unload(LoadedCode code) noexcept override { driver().cuModuleUnload(module_of(code)); }
  Kernel find(LoadedCode code, const std::string& name, std::string_view doing) override;
  gpu::Symbol find_symbol(LoadedCode code, const std::string& name,
                          std::string_view doing) override;
  gpu::KernelAttributes attributes(Kernel kernel) override;
  std::optional<std::vector<std::size_t>> parameter_bytes(Kernel kernel) override;
  int blocks_per_sm(Kernel kernel, int threads, std::int64_t smem_bytes) override;
  void allow_shared_memory(Kernel kernel, std::int64_t smem_bytes,
                           std::string_view doing) override {
    check(driver().cuFuncSetAttribute(function_of(kernel),
                                      CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                                      static_cast<int>(smem_bytes)),
          doing);
  }
  void allow_large_cluster(Kernel kernel, std::string_view doing) override {
    check(driver().cuFuncSetAttribute(function_of(kernel),
                                      CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED, 1),
          doing);
  }
  gpu::TensorMapBytes encode_tensor_map(const TensorMapShape& shape, Address data) override;
  void launch(Kernel kernel, const gpu::LaunchShape& shape, void** arguments,
              std::string_view doing) override;

  void synchronise() override { context_.synchronise(); }
  void synchronise_device(std::string_view doing) override {
    check(driver().cuCtxSynchronize(), doing);
  }

  gpu::Timer& timer() override {
    return cupti_timer_ ? static_cast<gpu::Timer&>(*cupti_timer_) : event_timer_;
  }
  gpu::Timer& fallback_timer() override { return event_timer_; }
  gpu::Counters& counters() override {
    if (!counters_) counters_.emplace(ordinal_, context_);
    return *counters_;
  }

  double sm_clock_mhz() override { return telemetry_.sm_clock_mhz(); }
  bool is_throttled() override { return telemetry_.is_throttled(); }
  void add_telemetry(std::map<std::string, double>& metrics) override {
    telemetry_.add_metrics(metrics);
  }
  std::optional<double> energy_mj() override { return telemetry_.energy_mj(); }

  std::unique_ptr<gpu::Baseline> baseline(const std::string& library,
                                          const gpu::BaselineCall& call) override {
    return make_baseline(library, call, *this, context_.stream());
  }

 private:
  int ordinal_;
  std::vector<std::string> notices_;
  // made before the context; making it may leave a notice
  std::unique_ptr<CuptiTimer> cupti_timer_;
  Context context_;
  EventTimer event_timer_;
  Telemetry telemetry_;
  std::optional<RangeCounters> counters_;
};

LoadedCode CudaRuntime::load(const std::string& image, std::string_view doing) {
  CUmodule module = nullptr;
  check(driver().cuModuleLoadData(&module, image.data()), doing);
  return static_cast<LoadedCode>(reinterpret_cast<std::uintptr_t>(module));
}

Kernel CudaRuntime::find(LoadedCode code, const std::string& name, std::string_view doing) {
  CUfunction function = nullptr;
  check(driver().cuModuleGetFunction(&function, module_of(code), name.c_str()), doing);
  return static_cast<Kernel>(reinterpret_cast<std::uintptr_t>(function));
}

gpu::Symbol CudaRuntime::find_symbol(LoadedCode code, const std::string& name,
                                     std::string_view doing) {
  CUdeviceptr address = 0;
  std::size_t bytes = 0;
  check(driver().cuModuleGetGlobal_v2(&address, &bytes, module_of(code), name.c_str()), doing);
  return {static_cast<Address>(address), static_cast<std::int64_t>(bytes)};
}

gpu::KernelAttributes CudaRuntime::attributes(Kernel kernel) {
  return {.registers = attribute(kernel, CU_FUNC_ATTRIBUTE_NUM_REGS),
          .local_bytes = attribute(kernel, CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES),
          .static_smem_bytes = attribute(kernel, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES)};
}

std::optional<std::vector<std::size_t>> CudaRuntime::parameter_bytes(Kernel kernel) {
  if (!driver().cuFuncGetParamInfo) return std::nullopt;  // the constructor left a notice
  constexpr std::size_t most_parameters = 32764;  // in bytes; the limit of CUDA 12.1 and later
  std::vector<std::size_t> sizes;
  while (sizes.size() < most_parameters) {
    std::size_t offset = 0, bytes = 0;
    const CUresult result =
        driver().cuFuncGetParamInfo(function_of(kernel), sizes.size(), &offset, &bytes);
    if (result == CUDA_ERROR_INVALID_VALUE) break;  // beyond the last parameter
    check(result, "reading a kernel's parameters");
    sizes.push_back(bytes);
  }
  return sizes;
}

int CudaRuntime::blocks_per_sm(Kernel kernel, int threads, std::int64_t smem_bytes) {
  int blocks = 0;
  check(driver().cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, function_of(kernel), threads,
                                                             static_cast<std::size_t>(smem_bytes)),
        "asking for the occupancy");
  return blocks;
}

gpu::TensorMapBytes CudaRuntime::encode_tensor_map(const TensorMapShape& shape, Address data) {
  CUtensorMap map{};
  check(tw::encode_tensor_map(driver().cuTensorMapEncodeTiled, driver().cuTensorMapEncodeIm2col,
                              shape, reinterpret_cast<const void*>(data), map),
        "encoding a tensor map");
  gpu::TensorMapBytes bytes;
  static_assert(sizeof bytes == sizeof map);
  std::memcpy(bytes.data(), &map, sizeof map);
  return bytes;
}

void CudaRuntime::launch(Kernel kernel, const gpu::LaunchShape& shape, void** arguments,
                         std::string_view doing) {
  CUlaunchConfig config{};
  config.gridDimX = shape.grid[0];
  config.gridDimY = shape.grid[1];
  config.gridDimZ = shape.grid[2];
  config.blockDimX = shape.block[0];
  config.blockDimY = shape.block[1];
  config.blockDimZ = shape.block[2];
  config.sharedMemBytes = shape.smem_bytes;
  config.hStream = context_.stream();
  CUlaunchAttribute cluster{};
  if (shape.cluster[0] * shape.cluster[1] * shape.cluster[2] != 1) {
    cluster.id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
    cluster.value.clusterDim.x = shape.cluster[0];
    cluster.value.clusterDim.y = shape.cluster[1];
    cluster.value.clusterDim.z = shape.cluster[2];
    config.attrs = &cluster;
    config.numAttrs = 1;
  }
  check(driver().cuLaunchKernelEx(&config, function_of(kernel), arguments, nullptr), doing);
}

}  // namespace

std::unique_ptr<gpu::Runtime> open_runtime(int ordinal, gpu::Use use) {
  return std::make_unique<CudaRuntime>(ordinal, use);
}

}  // namespace tw::cuda
