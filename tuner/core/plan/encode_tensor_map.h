// Encodes a tensor map with the driver's functions. The tuner uses this file, and `tune emit`
// copies it into the headers that it writes. For this reason the file is C++17.
#pragma once
#include <cuda.h>

#include "core/plan/tensor_map.h"

namespace tw {

// `tiled` and `im2col` are cuTensorMapEncodeTiled and cuTensorMapEncodeIm2col. `data` is the
// tensor's address on the device.
template <class Tiled, class Im2col>
CUresult encode_tensor_map(Tiled tiled, Im2col im2col, const TensorMapShape& shape,
                           const void* data, CUtensorMap& map) {
  constexpr int kMaxRank = TensorMapShape::max_rank;
  cuuint64_t extents[kMaxRank] = {}, strides[kMaxRank] = {};
  cuuint32_t box[kMaxRank] = {}, element_strides[kMaxRank] = {};
  for (int i = 0; i < shape.rank; ++i) {
    extents[i] = static_cast<cuuint64_t>(shape.extents[i]);
    strides[i] = static_cast<cuuint64_t>(shape.strides[i]);
    box[i] = static_cast<cuuint32_t>(shape.box[i]);
    element_strides[i] = 1;
  }
  const CUtensorMapDataType type = shape.element_bytes == 2 ? CU_TENSOR_MAP_DATA_TYPE_UINT16
                                   : shape.tf32             ? CU_TENSOR_MAP_DATA_TYPE_TFLOAT32
                                                            : CU_TENSOR_MAP_DATA_TYPE_FLOAT32;
  const CUtensorMapSwizzle swizzle = shape.swizzle == 128  ? CU_TENSOR_MAP_SWIZZLE_128B
                                     : shape.swizzle == 64 ? CU_TENSOR_MAP_SWIZZLE_64B
                                     : shape.swizzle == 32 ? CU_TENSOR_MAP_SWIZZLE_32B
                                                           : CU_TENSOR_MAP_SWIZZLE_NONE;
  // L2 may fetch 256 bytes for each request. That costs time if rows straddle its lines of 128.
  const bool straddles = shape.strides[1] > 256 && shape.strides[1] % 128 != 0;
  const CUtensorMapL2promotion promotion =
      straddles ? CU_TENSOR_MAP_L2_PROMOTION_L2_128B : CU_TENSOR_MAP_L2_PROMOTION_L2_256B;
  const auto rank = static_cast<cuuint32_t>(shape.rank);
  void* const address = const_cast<void*>(data);
  if (!shape.im2col) {
    return tiled(&map, type, rank, address, extents, strides + 1, box, element_strides,
                 CU_TENSOR_MAP_INTERLEAVE_NONE, swizzle, promotion,
                 CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  }
  int lower[2], upper[2];
  for (int i = 0; i < 2; ++i) {
    lower[i] = static_cast<int>(shape.lower[i]);
    upper[i] = static_cast<int>(shape.upper[i]);
    element_strides[1 + i] = static_cast<cuuint32_t>(shape.steps[i]);
  }
  return im2col(&map, type, rank, address, extents, strides + 1, lower, upper, box[0], box[1],
                element_strides, CU_TENSOR_MAP_INTERLEAVE_NONE, swizzle,
                CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
}

}  // namespace tw
