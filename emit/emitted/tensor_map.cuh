// Makes tensor maps. Bulk copies use a tensor map to read a tensor. A driver function encodes it.
// This function is looked up at run time, so that nothing links against libcuda.
#pragma once
#include <cuda.h>
#include <cuda_runtime.h>

#include <cstring>

#include "core/plan/encode_tensor_map.h"

namespace tw::dispatch {

// A tensor map that converts to the type of the kernel's parameter. The map is valid if the status
// is cudaSuccess.
struct EncodedMap {
  cudaError_t status = cudaErrorNotSupported;
  CUtensorMap map{};

  template <class Parameter>
  operator Parameter() const {
    static_assert(sizeof(Parameter) == sizeof map, "a tensor map has 128 bytes");
    Parameter result;
    std::memcpy(&result, &map, sizeof map);
    return result;
  }
};

inline cudaError_t status_of(const EncodedMap& map) { return map.status; }

// Returns the function `name` of the driver, or null if the driver does not have it.
template <class Function>
Function driver_function(const char* name) {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult result{};
#if CUDART_VERSION >= 12050
  const cudaError_t status =
      cudaGetDriverEntryPointByVersion(name, &function, 12000, cudaEnableDefault, &result);
#else
  const cudaError_t status = cudaGetDriverEntryPoint(name, &function, cudaEnableDefault, &result);
#endif
  const bool ok = status == cudaSuccess && result == cudaDriverEntryPointSuccess;
  return ok ? reinterpret_cast<Function>(function) : nullptr;
}

// Returns the encoded map of the tensor at `data`. The plan has checked `shape`.
static inline EncodedMap encoded(const TensorMapShape& shape, const void* data) {
  static const auto tiled =
      driver_function<decltype(&cuTensorMapEncodeTiled)>("cuTensorMapEncodeTiled");
  static const auto im2col =
      driver_function<decltype(&cuTensorMapEncodeIm2col)>("cuTensorMapEncodeIm2col");
  EncodedMap result;
  if (tiled == nullptr || im2col == nullptr) return result;
  const CUresult status = encode_tensor_map(tiled, im2col, shape, data, result.map);
  result.status = status == CUDA_SUCCESS ? cudaSuccess : cudaErrorInvalidValue;
  return result;
}

// Returns the map of the tensor of type T at `data`. `values` are the values for
// describe_tensor_map or describe_im2col_map.
template <class T, int kRank, int kSwizzle>
EncodedMap tensor_map(const void* data, const std::int64_t* values) {
  TensorMapShape shape;
  describe_tensor_map(shape, values, kRank, static_cast<int>(sizeof(T)), kSwizzle, 16);
  return encoded(shape, data);
}
template <class T, int kSwizzle>
EncodedMap im2col_map(const void* data, const std::int64_t* values) {
  TensorMapShape shape;
  describe_im2col_map(shape, values, static_cast<int>(sizeof(T)), kSwizzle, 16);
  return encoded(shape, data);
}

}  // namespace tw::dispatch
