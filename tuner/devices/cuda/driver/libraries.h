// The CUDA libraries, which are loaded on first use. The executable links none of them, so that it
// starts on machines that lack them. Each library has one table of entry points; the types come
// from the toolkit's headers.
#pragma once
#include <cuda.h>
#include <cupti.h>
#include <cupti_profiler_host.h>
#include <cupti_profiler_target.h>
#include <cupti_range_profiler.h>
#include <cupti_target.h>
#include <nvrtc.h>

#include <span>
#include <string>

namespace tw::cuda {

// Opens the first library of `names` that is found on the loader's path, or else in the usual
// places of toolkits (CUDA_PATH, CUDA_HOME, /usr/local/cuda). Returns nullptr if there is none;
// `tried` then says why.
void* open_library(std::span<const char* const> names, std::string& tried);
// Returns the symbol, or nullptr.
void* find_symbol(void* library, const char* name);
// Returns the file of the library that contains an address, with symbolic links resolved.
std::string path_of_library(const void* address);

// The names go through the headers' own macros (cuMemAlloc is cuMemAlloc_v2), so the table asks for
// the versions whose types it holds.
// clang-format off
#define TW_DRIVER_FUNCTIONS(X)                                                                 \
  X(cuInit) X(cuGetErrorName) X(cuGetErrorString) X(cuDriverGetVersion) X(cuDeviceGetCount)    \
  X(cuDeviceGet) X(cuDeviceGetName) X(cuDeviceGetUuid) X(cuDeviceGetAttribute)                 \
  X(cuDeviceTotalMem) X(cuDevicePrimaryCtxRetain) X(cuCtxSetCurrent) X(cuCtxGetCurrent)        \
  X(cuCtxSynchronize) X(cuStreamCreate)                                                        \
  X(cuStreamSynchronize) X(cuModuleLoadData) X(cuModuleUnload) X(cuModuleGetFunction)          \
  X(cuModuleGetGlobal_v2)                                                                       \
  X(cuFuncGetAttribute) X(cuFuncSetAttribute) X(cuOccupancyMaxActiveBlocksPerMultiprocessor)   \
  X(cuLaunchKernelEx) X(cuMemAlloc) X(cuMemFree) X(cuMemcpyDtoH) X(cuMemcpyHtoD)               \
  X(cuMemcpyDtoDAsync) X(cuMemsetD8Async) X(cuMemsetD16Async) X(cuEventCreate)                 \
  X(cuEventRecord) X(cuEventElapsedTime) X(cuTensorMapEncodeTiled) X(cuTensorMapEncodeIm2col)

#define TW_NVRTC_FUNCTIONS(X)                                                                  \
  X(nvrtcVersion) X(nvrtcGetErrorString) X(nvrtcCreateProgram) X(nvrtcDestroyProgram)          \
  X(nvrtcCompileProgram) X(nvrtcAddNameExpression) X(nvrtcGetLoweredName) X(nvrtcGetCUBINSize) \
  X(nvrtcGetCUBIN) X(nvrtcGetProgramLogSize) X(nvrtcGetProgramLog)

#define TW_CUPTI_FUNCTIONS(X)                                                                  \
  X(cuptiGetVersion) X(cuptiGetResultString) X(cuptiActivityRegisterCallbacks)                 \
  X(cuptiActivityEnable) X(cuptiActivityDisable) X(cuptiActivityFlushAll)                      \
  X(cuptiActivityGetNextRecord)

// CUPTI has these functions since CUDA 12.6.
#define TW_PROFILER_FUNCTIONS(X)                                                               \
  X(cuptiProfilerInitialize) X(cuptiDeviceGetChipName) X(cuptiProfilerGetCounterAvailability)  \
  X(cuptiProfilerHostInitialize) X(cuptiProfilerHostDeinitialize)                              \
  X(cuptiProfilerHostGetBaseMetrics) X(cuptiProfilerHostConfigAddMetrics)                      \
  X(cuptiProfilerHostGetConfigImageSize) X(cuptiProfilerHostGetConfigImage)                    \
  X(cuptiProfilerHostEvaluateToGpuValues) X(cuptiRangeProfilerEnable)                          \
  X(cuptiRangeProfilerDisable) X(cuptiRangeProfilerGetCounterDataSize)                         \
  X(cuptiRangeProfilerCounterDataImageInitialize) X(cuptiRangeProfilerSetConfig)               \
  X(cuptiRangeProfilerStart) X(cuptiRangeProfilerStop)                                         \
  X(cuptiRangeProfilerDecodeData) X(cuptiRangeProfilerGetCounterDataInfo)
// clang-format on

// TW_ENTRY_MEMBER declares a member of a table. TW_ENTRY_LOAD fills the table `loaded` from
// `library` and stores the first missing entry point in `missing`.
#define TW_ENTRY_MEMBER(name) decltype(&::name) name = nullptr;
#define TW_ENTRY_LOAD(name) TW_ENTRY_LOAD_EXPANDED(name)
#define TW_ENTRY_LOAD_EXPANDED(name)                                                  \
  loaded.name = reinterpret_cast<decltype(loaded.name)>(find_symbol(library, #name)); \
  if (!loaded.name && missing.empty()) missing = #name;

struct Driver {
  TW_DRIVER_FUNCTIONS(TW_ENTRY_MEMBER)
  // Drivers have this function since CUDA 12.4; nullptr if the driver is older. The type is
  // declared here, so that old headers work too.
  CUresult (*cuFuncGetParamInfo)(CUfunction, std::size_t index, std::size_t* offset,
                                 std::size_t* bytes) = nullptr;
};
struct Nvrtc {
  TW_NVRTC_FUNCTIONS(TW_ENTRY_MEMBER)
};
struct Cupti {
  TW_CUPTI_FUNCTIONS(TW_ENTRY_MEMBER)
};
struct Profiler {
  TW_PROFILER_FUNCTIONS(TW_ENTRY_MEMBER)
};

// Return the tables; the first call loads the library. They throw Error that names what is missing
// and what to do.
const Driver& driver();
const Nvrtc& nvrtc();
const Cupti& cupti();
const Profiler& profiler();

}  // namespace tw::cuda
