// Emitted code with its loader, compiled by the host compiler and linked against a fake of the
// driver: what is loaded, and what each launch gets.
#include <cuda.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "cubin/numbers/numbers.h"
#include "cubin/smooth/smooth.h"
#include "cubin/softmax/softmax.h"

namespace {

// The requests that the driver got.
struct Function {
  std::string code, name;
};
struct Launched {
  const Function* function = nullptr;
  CUlaunchConfig config{};
  unsigned cluster = 1;
  void** arguments = nullptr;
};
struct Copied {
  CUdeviceptr to = 0, from = 0;
  std::size_t bytes = 0;
};

int cc = 90, loads = 0;
unsigned long long context = 7;
const char* gpu_name = "NVIDIA H200";
CUresult has_context = CUDA_SUCCESS;
std::vector<std::pair<std::string, int>> allowed;  // dynamic shared memory, by function
std::vector<Copied> copies;
Launched last;
std::vector<std::vector<unsigned char>> passed;  // the bytes of each argument
std::vector<std::size_t> sizes;                  // of the arguments to come

// Returns an argument of the last launch.
template <class T>
T argument(std::size_t index) {
  T value{};
  std::memcpy(&value, passed.at(index).data(), sizeof(T));
  return value;
}

class CubinRun : public testing::Test {
 protected:
  CubinRun() {
    // Each thread keeps its device, and the tests run in one process: another ordinal, another GPU.
    ++ordinal;
    cc = 90;
    gpu_name = "NVIDIA H200";
    has_context = CUDA_SUCCESS;
    ++context;
    loads = 0;
    allowed.clear();
    copies.clear();
    passed.clear();
    last = {};
  }

 public:
  static inline int ordinal = 0;
};

}  // namespace

extern "C" {

CUresult cuThreadExchangeStreamCaptureMode(CUstreamCaptureMode*) { return CUDA_SUCCESS; }
CUresult cuCtxGetId(CUcontext, unsigned long long* id) {
  *id = context;
  return has_context;
}
CUresult cuCtxGetDevice(CUdevice* device) {
  *device = CubinRun::ordinal;
  return has_context;
}
CUresult cuDeviceGetName(char* name, int bytes, CUdevice) {
  std::strncpy(name, gpu_name, static_cast<std::size_t>(bytes) - 1);
  return CUDA_SUCCESS;
}
CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute which, CUdevice) {
  const std::map<CUdevice_attribute, int> values{
      {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, cc / 10},
      {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, cc % 10},
      {CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, 132},
      {CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, 232448},
      {CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR, 65536}};
  const auto at = values.find(which);
  *value = at == values.end() ? 1024 : at->second;
  return CUDA_SUCCESS;
}
CUresult cuDeviceTotalMem(std::size_t* bytes, CUdevice) {
  *bytes = std::size_t{1} << 33;
  return CUDA_SUCCESS;
}
CUresult cuModuleLoadData(CUmodule* module, const void* image) {
  ++loads;
  *module = reinterpret_cast<CUmodule>(const_cast<void*>(image));
  return CUDA_SUCCESS;
}
CUresult cuModuleGetFunction(CUfunction* function, CUmodule module, const char* name) {
  static std::vector<Function*> all;  // as long as the program
  all.push_back(new Function{reinterpret_cast<const char*>(module), name});
  *function = reinterpret_cast<CUfunction>(all.back());
  return CUDA_SUCCESS;
}
CUresult cuModuleGetGlobal(CUdeviceptr* address, std::size_t* bytes, CUmodule, const char* name) {
  *address = std::string(name) == "of_taps" ? 0x5000 : 0;
  *bytes = 5 * sizeof(float);
  return *address == 0 ? CUDA_ERROR_NOT_FOUND : CUDA_SUCCESS;
}
CUresult cuFuncGetAttribute(int* value, CUfunction_attribute, CUfunction) {
  *value = 1000;  // bytes of static shared memory
  return CUDA_SUCCESS;
}
CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute which, int value) {
  EXPECT_EQ(which, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
  allowed.emplace_back(reinterpret_cast<const Function*>(function)->name, value);
  return CUDA_SUCCESS;
}
CUresult cuMemcpyDtoDAsync(CUdeviceptr to, CUdeviceptr from, std::size_t bytes, CUstream) {
  copies.push_back({to, from, bytes});
  return CUDA_SUCCESS;
}
CUresult cuLaunchKernelEx(const CUlaunchConfig* config, CUfunction function, void** arguments,
                          void** extra) {
  EXPECT_EQ(extra, nullptr);
  last = {reinterpret_cast<const Function*>(function), *config, 1, arguments};
  if (config->numAttrs > 0) last.cluster = config->attrs[0].value.clusterDim.x;
  passed.clear();
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto* bytes = static_cast<const unsigned char*>(arguments[i]);
    passed.emplace_back(bytes, bytes + sizes[i]);
  }
  return CUDA_SUCCESS;
}

}  // extern "C"

namespace {

template <class T>
T* address(std::size_t value) {
  return reinterpret_cast<T*>(value);
}

tuned::smooth::Args smooth_args(std::int64_t n) {
  tuned::smooth::Args args;
  args.n = n;
  args.x = address<const float>(0x1000);
  args.taps = address<const float>(0x2000);
  args.y = address<float>(0x3000);
  return args;
}

const auto stream = reinterpret_cast<CUstream>(0x42);

TEST_F(CubinRun, LaunchesTheWinnerWithTheAuthorsArguments) {
  tuned::smooth::Args args = smooth_args(2000);
  args.scale = 0.25;
  args.shift = 9;
  sizes = {8, 8, 8, 1, 8};
  ASSERT_EQ(tuned::smooth::launch(args, stream), CUDA_SUCCESS);
  EXPECT_EQ(last.function->name, "of_any");
  EXPECT_TRUE(last.function->code.starts_with("sm_90a ")) << last.function->code;
  EXPECT_NE(last.function->code.find(" BLOCK=128"), std::string::npos) << last.function->code;
  EXPECT_EQ(last.config.gridDimX, 16u);
  EXPECT_EQ(last.config.gridDimY, 1u);
  EXPECT_EQ(last.config.blockDimX, 128u);
  EXPECT_EQ(last.config.sharedMemBytes, 132u * 4);
  EXPECT_EQ(last.config.hStream, stream);
  EXPECT_EQ(last.cluster, 1u);
  EXPECT_EQ(argument<std::size_t>(0), 0x1000u);
  EXPECT_EQ(argument<std::size_t>(1), 0x3000u);
  EXPECT_EQ(argument<double>(2), 0.25);
  EXPECT_EQ(argument<unsigned char>(3), 9);
  EXPECT_EQ(argument<long long>(4), 2000);
  ASSERT_EQ(copies.size(), 1u);
  EXPECT_EQ(copies[0].to, 0x5000u);
  EXPECT_EQ(copies[0].from, 0x2000u);
  EXPECT_EQ(copies[0].bytes, 5 * sizeof(float));
  ASSERT_EQ(allowed.size(), 1u);
  EXPECT_EQ(allowed[0].second, 232448 - 1000);
  const auto selected = tuned::smooth::select(args);
  EXPECT_STREQ(selected.configuration, "BLOCK=128 SUM=float");
  EXPECT_STREQ(selected.tuned_problem, "smooth f32 n=2000");
  EXPECT_TRUE(selected.is_exact);
}

TEST_F(CubinRun, LoadsOnceInEachContext) {
  sizes = {};
  for (const int count : {1, 1}) {
    ASSERT_EQ(tuned::smooth::launch(smooth_args(2000), stream), CUDA_SUCCESS);
    EXPECT_EQ(loads, count);
  }
  ++context;
  ASSERT_EQ(tuned::smooth::launch(smooth_args(2000), stream), CUDA_SUCCESS);
  EXPECT_EQ(loads, 2);
}

TEST_F(CubinRun, AnotherGpuHasItsOwnCode) {
  cc = 80;
  gpu_name = "NVIDIA A100";
  sizes = {};
  ASSERT_EQ(tuned::smooth::launch(smooth_args(2000), stream), CUDA_SUCCESS);
  EXPECT_TRUE(last.function->code.starts_with("sm_80 ")) << last.function->code;
  EXPECT_EQ(last.config.blockDimX, 64u);
  const auto selected = tuned::smooth::select(smooth_args(2000));
  EXPECT_STREQ(selected.tuned_problem, "smooth f32 n=3000");
  EXPECT_FALSE(selected.is_exact);
}

TEST_F(CubinRun, RefusesWhatItCannotRun) {
  tuned::smooth::Args args = smooth_args(2000);
  args.y = nullptr;
  EXPECT_EQ(tuned::smooth::launch(args, stream), CUDA_ERROR_INVALID_VALUE);
  EXPECT_STREQ(tuned::smooth::select(args).reason, "y is null");
  cc = 75;
  ++ordinal;
  EXPECT_EQ(tuned::smooth::launch(smooth_args(2000), stream), CUDA_ERROR_NO_BINARY_FOR_GPU);
  has_context = CUDA_ERROR_INVALID_CONTEXT;
  EXPECT_EQ(tuned::smooth::launch(smooth_args(2000), stream), CUDA_ERROR_INVALID_CONTEXT);
  EXPECT_EQ(last.function, nullptr);
}

TEST_F(CubinRun, PassesNumbersOfEveryTypeAndClusters) {
  my::kernels::numbers::Args args;
  args.n = 2048;
  args.y = address<float>(0x3000);
  args.half_factor = 1.5f;
  sizes = {8, 2, 2, 1, 8, 4, 4};
  ASSERT_EQ(my::kernels::numbers::launch(args, stream), CUDA_SUCCESS);
  EXPECT_EQ(argument<std::uint16_t>(1), 0x3e00);  // 1.5 as f16
  EXPECT_EQ(argument<std::uint16_t>(2), 0x4500);  // 2048 as bf16
  EXPECT_EQ(argument<signed char>(3), -3);
  EXPECT_EQ(argument<unsigned long long>(4), 4096u);
  EXPECT_EQ(argument<float>(5), 2.5f);
  EXPECT_EQ(argument<int>(6), 2048);
  EXPECT_EQ(last.cluster, 2u);
  EXPECT_EQ(last.config.gridDimX, 32u);
  EXPECT_EQ(last.config.sharedMemBytes, 65536u);
  args.n = 2047;
  EXPECT_EQ(my::kernels::numbers::launch(args, stream), CUDA_ERROR_NOT_SUPPORTED);
}

TEST_F(CubinRun, ShippedKernelsAreServedToo) {
  tuned::softmax::ArgsBf16 args;
  args.rows = 64;
  args.columns = 4096;
  args.x = address<const std::remove_pointer_t<decltype(args.y)>>(0x1000);
  args.y = address<std::remove_pointer_t<decltype(args.y)>>(0x2000);
  sizes = {8, 8, 4, 4, 8, 8};
  ASSERT_EQ(tuned::softmax::launch(args, stream), CUDA_SUCCESS);
  EXPECT_NE(last.function->name.find("tw::softmax::registers::kernel<tw::bf16, v0"),
            std::string::npos)
      << last.function->name;
  EXPECT_EQ(argument<int>(3), 4096);
  EXPECT_EQ(argument<long long>(4), 4096);
  EXPECT_EQ(allowed.size(), 0u);
}

}  // namespace
