// Tensor maps, by which bulk copies read their tensors. The driver encodes them: its function is
// asked for at run time, so that nothing links against libcuda.
#pragma once
#include <cuda.h>
#include <cuda_runtime.h>

#include <cstring>

#include "dispatch/encode_tensor_map.h"

namespace tw::dispatch {

// A tensor map, as the kernel's parameter takes it.
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

using EncodeTiled = decltype(&cuTensorMapEncodeTiled);

// Null if the driver has no such function.
inline EncodeTiled encode_tiled() {
  static const EncodeTiled found = [] {
    void* function = nullptr;
    cudaDriverEntryPointQueryResult result{};
#if CUDART_VERSION >= 12050
    const cudaError_t status = cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &function,
                                                                12000, cudaEnableDefault, &result);
#else
    const cudaError_t status =
        cudaGetDriverEntryPoint("cuTensorMapEncodeTiled", &function, cudaEnableDefault, &result);
#endif
    const bool ok = status == cudaSuccess && result == cudaDriverEntryPointSuccess;
    return ok ? reinterpret_cast<EncodeTiled>(function) : nullptr;
  }();
  return found;
}

// Encodes the map of the tensor of T at `data`. `values`: what describe_tensor_map takes, which the
// plan has checked.
template <class T, int kRank, int kSwizzle>
EncodedMap tensor_map(const void* data, const std::int64_t* values) {
  TensorMapShape shape;
  EncodedMap result;
  const EncodeTiled encode = encode_tiled();
  if (encode == nullptr ||
      describe_tensor_map(shape, values, kRank, static_cast<int>(sizeof(T)), kSwizzle, 16)) {
    return result;
  }
  const CUresult encoded = encode_tensor_map(encode, shape, data, result.map);
  result.status = encoded == CUDA_SUCCESS ? cudaSuccess : cudaErrorInvalidValue;
  return result;
}

}  // namespace tw::dispatch
