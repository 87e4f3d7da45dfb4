// The description of a tensor map: the terms of the CUDA driver, computed from the expressions of a
// spec. The tuner uses this file, and `tune emit` copies it into the headers that it writes (like
// checked.h). For this reason the file is C++17.
#pragma once
#include <cstdint>

namespace tw {

// The part of a tensor that one bulk copy moves to shared memory. For a map by boxes: a box of a
// tensor, for cuTensorMapEncodeTiled. For an im2col map: channels of pixels of images, for
// cuTensorMapEncodeIm2col. The copy walks the pixels along the rows of a window, with steps, from
// row to row and from image to image. The innermost dimension comes first. Strides are in bytes,
// everything else in elements.
struct TensorMapShape {
  static constexpr int max_rank = 5;

  int rank = 0;
  int element_bytes = 0;
  int swizzle = 0;    // 0, 32, 64 or 128
  bool tf32 = false;  // elements, of 4 bytes, are rounded to the nearest TF32 by the copy
  bool im2col = false;
  std::int64_t extents[max_rank] = {};
  std::int64_t strides[max_rank] = {};
  std::int64_t box[max_rank] = {};  // im2col: channels, pixels
  // im2col, for columns and rows: `lower` is the distance from an image's first column (row) to the
  // window's, `upper` from the one after the image's last to the one after the window's. `steps`
  // are the steps of the walk.
  std::int64_t lower[2] = {}, upper[2] = {}, steps[2] = {};
};

// Reads the extents and strides of a mapped tensor: `rank` of each, outermost first, strides in
// elements. A dimension of stride 0 gets the extent 1.
constexpr const char* describe_mapped_tensor(TensorMapShape& shape, const std::int64_t* values,
                                             int rank, int element_bytes, std::int64_t align) {
  shape.rank = rank;
  shape.element_bytes = element_bytes;
  if (align < 16) return "the address of a mapped tensor must be aligned to 16 bytes";
  for (int i = 0; i < rank; ++i) {
    const int from = rank - 1 - i;
    const std::int64_t extent = values[from], stride = values[rank + from];
    if (extent < 1 || extent > (std::int64_t{1} << 32)) return "an extent is beyond 2^32";
    if (stride < 0 || stride >= (std::int64_t{1} << 40) / element_bytes) {
      return "a stride is beyond 2^40 bytes";
    }
    shape.extents[i] = stride == 0 ? 1 : extent;
    shape.strides[i] = stride * element_bytes;
    if (i == 0 && stride != 1) return "the innermost stride of a mapped tensor must be 1";
    if (i > 0 && shape.extents[i] == 1) shape.strides[i] = 16;  // unused, but the driver checks it
    if (i > 0 && shape.strides[i] % 16 != 0) {
      return "the strides of a mapped tensor must be multiples of 16 bytes";
    }
  }
  return nullptr;
}

constexpr const char* describe_map_lines(TensorMapShape& shape, int swizzle, bool tf32) {
  shape.swizzle = swizzle;
  shape.tf32 = tf32;
  if (tf32 && shape.element_bytes != 4) return "only f32 is rounded to TF32";
  const std::int64_t line = shape.box[0] * shape.element_bytes;
  if (line % 16 != 0) return "a line of a box must be a multiple of 16 bytes";
  if (swizzle > 0 && line > swizzle) return "a line of a swizzled box is at most as long as it";
  return nullptr;
}

// Fills `shape` from the extents, the strides in elements and the box, with `rank` values each,
// outermost first, and then tf32. Returns nullptr, or the limit of the hardware that is exceeded
// (CUDA Driver API, cuTensorMapEncodeTiled). `align` is the alignment of the tensor's address in
// bytes.
constexpr const char* describe_tensor_map(TensorMapShape& shape, const std::int64_t* values,
                                          int rank, int element_bytes, int swizzle,
                                          std::int64_t align) {
  const char* wrong = describe_mapped_tensor(shape, values, rank, element_bytes, align);
  if (wrong != nullptr) return wrong;
  for (int i = 0; i < rank; ++i) {
    shape.box[i] = values[3 * rank - 1 - i];
    if (shape.box[i] < 1 || shape.box[i] > 256) return "a box has 1 to 256 elements a dimension";
  }
  return describe_map_lines(shape, swizzle, values[3 * rank] != 0);
}

// Does the same for images of 4 dimensions, [image][row][column][channel]
// (cuTensorMapEncodeIm2col). `values` holds extents and strides, then pixels and channels, then
// lower, upper and step, each for rows and columns, then tf32.
constexpr const char* describe_im2col_map(TensorMapShape& shape, const std::int64_t* values,
                                          int element_bytes, int swizzle, std::int64_t align) {
  const char* wrong = describe_mapped_tensor(shape, values, 4, element_bytes, align);
  if (wrong != nullptr) return wrong;
  shape.im2col = true;
  shape.box[0] = values[9];
  shape.box[1] = values[8];
  if (shape.box[0] < 1 || shape.box[0] > 256) return "a pixel has 1 to 256 channels";
  if (shape.box[1] < 1 || shape.box[1] > 1024) return "a copy has 1 to 1024 pixels";
  for (int i = 0; i < 2; ++i) {
    shape.lower[i] = values[11 - i];
    shape.upper[i] = values[13 - i];
    shape.steps[i] = values[15 - i];
    if (shape.lower[i] < -128 || shape.lower[i] > 127 || shape.upper[i] < -128 ||
        shape.upper[i] > 127) {
      return "a window reaches from -128 to 127 beyond an image";
    }
    if (shape.steps[i] < 1 || shape.steps[i] > 8) return "a step has 1 to 8 elements";
  }
  return describe_map_lines(shape, swizzle, values[16] != 0);
}

}  // namespace tw
