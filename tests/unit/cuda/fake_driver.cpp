// A libcuda.so.1 for tests of the cuda device's processes without a GPU. Memory is host memory,
// kernels compute nothing, and the kernels of tests/data/fake_driver do what their names say. Every
// sample takes 10 us.
#include <cuda.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

CUresult pending = CUDA_SUCCESS, sticky = CUDA_SUCCESS;  // a fault shows at the next wait

template <class T>
CUresult put(T* target, T value) {
  *target = value;
  return sticky;
}

}  // namespace

extern "C" {

unsigned long long tw_fake_launches = 0;  // which the fake NVML reads

CUresult cuInit(unsigned) { return CUDA_SUCCESS; }
CUresult cuGetErrorName(CUresult, const char** text) { return put(text, "CUDA_ERROR_FAKE"); }
CUresult cuGetErrorString(CUresult, const char** text) { return put(text, "as the test wants"); }
CUresult cuDriverGetVersion(int* version) { return put(version, 13000); }
CUresult cuDeviceGetCount(int* count) { return put(count, 1); }
CUresult cuDeviceGet(CUdevice* device, int) { return put(device, 0); }
CUresult cuDeviceGetName(char* name, int, CUdevice) {
  std::strcpy(name, "fake GPU");
  return CUDA_SUCCESS;
}
CUresult cuDeviceGetUuid_v2(CUuuid* uuid, CUdevice) { return put(uuid, CUuuid{}); }
CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute which, CUdevice) {
  switch (which) {
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR:
      return put(value, 9);
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR:
      return put(value, 0);
    case CU_DEVICE_ATTRIBUTE_CLOCK_RATE:
      return put(value, 1980000);
    case CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE:
      return put(value, 1 << 20);
    default:
      return put(value, 1024);
  }
}
CUresult cuDeviceTotalMem_v2(std::size_t* bytes, CUdevice) {
  return put(bytes, std::size_t{1} << 33);
}
CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice) {
  return put(context, static_cast<CUcontext>(nullptr));
}
CUresult cuCtxSetCurrent(CUcontext) { return CUDA_SUCCESS; }
CUresult cuCtxGetCurrent(CUcontext* context) {
  return put(context, static_cast<CUcontext>(nullptr));
}
CUresult cuCtxSynchronize() { return sticky = pending; }
CUresult cuStreamCreate(CUstream* stream, unsigned) {
  return put(stream, static_cast<CUstream>(nullptr));
}
CUresult cuStreamSynchronize(CUstream) { return sticky = pending; }
CUresult cuModuleLoadData(CUmodule* module, const void*) {
  return put(module, static_cast<CUmodule>(nullptr));
}
CUresult cuModuleUnload(CUmodule) { return sticky; }
CUresult cuModuleGetGlobal_v2(CUdeviceptr*, std::size_t*, CUmodule, const char*) {
  return CUDA_ERROR_NOT_FOUND;  // no fake module has an array
}
CUresult cuModuleGetFunction(CUfunction* function, CUmodule, const char* name) {
  return put(function, reinterpret_cast<CUfunction>(new std::string(name)));
}
CUresult cuFuncGetAttribute(int* value, CUfunction_attribute, CUfunction) { return put(value, 0); }
// Two pointers, unless the name says otherwise.
CUresult cuFuncGetParamInfo(CUfunction function, std::size_t index, std::size_t* offset,
                            std::size_t* bytes) {
  const std::string& name = *reinterpret_cast<const std::string*>(function);
  const std::size_t count = name == "takes_one" ? 1 : name == "takes_three" ? 3 : 2;
  if (index >= count) return CUDA_ERROR_INVALID_VALUE;
  *offset = 8 * index;
  return put(bytes, std::size_t{name == "takes_narrow" && index == 1 ? 4u : 8u});
}
CUresult cuFuncSetAttribute(CUfunction, CUfunction_attribute, int) { return sticky; }
CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, CUfunction, int, std::size_t) {
  return put(blocks, 1);
}
CUresult cuLaunchKernelEx(const CUlaunchConfig*, CUfunction function, void**, void**) {
  const std::string& name = *reinterpret_cast<const std::string*>(function);
  ++tw_fake_launches;
  if (name == "crashes") std::abort();
  while (name == "hangs") ::pause();
  if (name == "naps") ::usleep(2000);  // the events do not include this time
  if (name == "refuses") return CUDA_ERROR_INVALID_VALUE;
  if (name == "faults") pending = CUDA_ERROR_ILLEGAL_ADDRESS;
  return CUDA_SUCCESS;
}
CUresult cuMemAlloc_v2(CUdeviceptr* address, std::size_t bytes) {
  return put(address, reinterpret_cast<CUdeviceptr>(std::calloc(bytes, 1)));
}
CUresult cuMemFree_v2(CUdeviceptr address) {
  std::free(reinterpret_cast<void*>(address));
  return sticky;
}
CUresult cuMemcpyDtoH_v2(void* to, CUdeviceptr from, std::size_t bytes) {
  std::memcpy(to, reinterpret_cast<const void*>(from), bytes);
  return sticky;
}
CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void* from, std::size_t bytes) {
  std::memcpy(reinterpret_cast<void*>(to), from, bytes);
  return sticky;
}
CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, std::size_t bytes, CUstream) {
  std::memcpy(reinterpret_cast<void*>(to), reinterpret_cast<const void*>(from), bytes);
  return sticky;
}
CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, std::size_t bytes, CUstream) {
  std::memset(reinterpret_cast<void*>(to), value, bytes);
  return sticky;
}
CUresult cuMemsetD16Async(CUdeviceptr to, unsigned short value, std::size_t count, CUstream) {
  auto* const words = reinterpret_cast<unsigned short*>(to);
  std::fill(words, words + count, value);
  return sticky;
}
CUresult cuEventCreate(CUevent* event, unsigned) {
  return put(event, static_cast<CUevent>(nullptr));
}
CUresult cuEventRecord(CUevent, CUstream) { return sticky; }
CUresult cuEventElapsedTime_v2(float* milliseconds, CUevent, CUevent) {
  return put(milliseconds, 0.01f);
}
// The fake driver's kernels take no tensor maps.
CUresult cuTensorMapEncodeTiled(CUtensorMap*, CUtensorMapDataType, cuuint32_t, void*,
                                const cuuint64_t*, const cuuint64_t*, const cuuint32_t*,
                                const cuuint32_t*, CUtensorMapInterleave, CUtensorMapSwizzle,
                                CUtensorMapL2promotion, CUtensorMapFloatOOBfill) {
  return CUDA_ERROR_NOT_SUPPORTED;
}
CUresult cuTensorMapEncodeIm2col(CUtensorMap*, CUtensorMapDataType, cuuint32_t, void*,
                                 const cuuint64_t*, const cuuint64_t*, const int*, const int*,
                                 cuuint32_t, cuuint32_t, const cuuint32_t*, CUtensorMapInterleave,
                                 CUtensorMapSwizzle, CUtensorMapL2promotion,
                                 CUtensorMapFloatOOBfill) {
  return CUDA_ERROR_NOT_SUPPORTED;
}

}  // extern "C"
