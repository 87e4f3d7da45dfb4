// A tensor map in the driver's words. One text for both sides: db/emit copies this file into the
// headers that it writes. Hence C++17.
#pragma once
#include <cuda.h>

#include "tensor_map.h"

namespace tw {

// `encode`: cuTensorMapEncodeTiled. `data`: the tensor's address on the device.
template <class Encode>
CUresult encode_tensor_map(Encode encode, const TensorMapShape& shape, const void* data,
                           CUtensorMap& map) {
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
  return encode(&map, type, static_cast<cuuint32_t>(shape.rank), const_cast<void*>(data), extents,
                strides + 1, box, element_strides, CU_TENSOR_MAP_INTERLEAVE_NONE, swizzle,
                CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
}

}  // namespace tw
