// What a tensor map says of a tensor: the CUDA driver's terms, from the expressions of a spec. One
// text for both sides, as checked.h: db/emit copies this file into the headers that it writes.
// Hence C++17.
#pragma once
#include <cstdint>

namespace tw {

// A box of a tensor that one bulk copy moves to shared memory, for cuTensorMapEncodeTiled. The
// innermost dimension comes first. Bytes, but for extents and box, which are elements.
struct TensorMapShape {
  static constexpr int max_rank = 5;

  int rank = 0;
  int element_bytes = 0;
  int swizzle = 0;    // 0, 32, 64 or 128
  bool tf32 = false;  // elements, of 4 bytes, are rounded to the nearest TF32 on the way
  std::int64_t extents[max_rank] = {};
  std::int64_t strides[max_rank] = {};
  std::int64_t box[max_rank] = {};

  constexpr std::int64_t box_bytes() const {
    std::int64_t bytes = element_bytes;
    for (int i = 0; i < rank; ++i) bytes *= box[i];
    return bytes;
  }
};

// Fills `shape` from 3 * rank + 1 values: extents, strides in elements and box, each with the
// outermost dimension first, and tf32. A dimension of stride 0 gets the extent 1. Null, or what the
// hardware does not allow (CUDA Driver API, cuTensorMapEncodeTiled). `align`: of the tensor's
// address, in bytes.
constexpr const char* describe_tensor_map(TensorMapShape& shape, const std::int64_t* values,
                                          int rank, int element_bytes, int swizzle,
                                          std::int64_t align) {
  shape.rank = rank;
  shape.element_bytes = element_bytes;
  shape.swizzle = swizzle;
  shape.tf32 = values[3 * rank] != 0;
  if (align < 16) return "the address of a mapped tensor must be aligned to 16 bytes";
  if (shape.tf32 && element_bytes != 4) return "only f32 is rounded to TF32";
  for (int i = 0; i < rank; ++i) {
    const int from = rank - 1 - i;
    const std::int64_t extent = values[from], stride = values[rank + from];
    const std::int64_t box = values[2 * rank + from];
    if (extent < 1 || extent > (std::int64_t{1} << 32)) return "an extent is beyond 2^32";
    if (box < 1 || box > 256) return "a box has 1 to 256 elements along a dimension";
    if (stride < 0 || stride >= (std::int64_t{1} << 40) / element_bytes) {
      return "a stride is beyond 2^40 bytes";
    }
    shape.extents[i] = stride == 0 ? 1 : extent;
    shape.box[i] = box;
    shape.strides[i] = stride * element_bytes;
    if (i == 0 && stride != 1) return "the innermost stride of a mapped tensor must be 1";
    if (i > 0 && shape.extents[i] == 1) shape.strides[i] = 16;  // unused, but the driver looks
    if (i > 0 && shape.strides[i] % 16 != 0) {
      return "the strides of a mapped tensor must be multiples of 16 bytes";
    }
  }
  const std::int64_t line = shape.box[0] * element_bytes;
  if (line % 16 != 0) return "a line of a box must be a multiple of 16 bytes";
  if (swizzle > 0 && line > swizzle) return "a line of a swizzled box is at most as long as it";
  return nullptr;
}

}  // namespace tw
