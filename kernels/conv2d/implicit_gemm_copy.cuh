// How the implicit GEMM gathers its operands: each thread copies the same 16-byte column of some
// rows. A row is the window of a pixel, or a filter.
#pragma once

#include "common/async_copy.cuh"
#include "common/config.cuh"
#include "common/shared.cuh"
#include "conv2d/implicit_gemm_tiling.cuh"

namespace tw::conv2d::implicit_gemm {

template <class G, class T>
class Copier {
  static constexpr int kRowsX = G::knobs.block_pixels / G::kRowsAtOnce;
  static constexpr int kRowsW = G::knobs.block_filters / G::kRowsAtOnce;

 public:
  // Prepares the copies from tile `first_tile` of K on.
  TW_DEVICE Copier(SharedPointer<T> shared, const T* x, const T* weights, const Place& place,
                   int first_tile, const Shape& shape) {
    const int thread = static_cast<int>(threadIdx.x);
    const int row = thread / G::kVectors;
    const int column = thread % G::kVectors * G::kVector;
    to_ = shared + (row * G::kPitch + column);
    const long long at = static_cast<long long>(first_tile) * G::kDepth + column;
    const auto tap = static_cast<int>(at / shape.depth);
    channel_ = static_cast<int>(at - static_cast<long long>(tap) * shape.depth);
    tap_row_ = tap / shape.s;
    tap_column_ = tap - tap_row_ * shape.s;
    pixel_vectors_ = shape.groups * (shape.depth / G::kVector);
    x_ = x + place.group * shape.depth;
    find_windows(place, row, shape);
    filter_pitch_ = shape.taps_depth();
    weights_ = weights + (place.first_filter + row) * filter_pitch_ + at;
    filters_ = place.filters - row;
  }

  // Starts the copies of the next tile of K to a stage. Beyond the last tap it writes zeros.
  TW_DEVICE void copy(int stage, const Shape& shape) {
    const int down = tap_row_ * shape.dilation;
    const int right = tap_column_ * shape.dilation_w;
    const bool inside = tap_row_ < shape.r;
    const int offset = (down * shape.w + right) * pixel_vectors_ + channel_ / G::kVector;
    TW_UNROLL
    for (int i = 0; i < kRowsX; ++i) {
      const int row = (corners_[i] >> 16) + down;
      const int column = static_cast<short>(corners_[i] & 0xffff) + right;
      const bool valid = inside && static_cast<unsigned>(row) < static_cast<unsigned>(shape.h) &&
                         static_cast<unsigned>(column) < static_cast<unsigned>(shape.w);
      const long long at = valid ? windows_[i] + offset : 0;
      cp_async_or_zero<16>(to_ + (stage + i * G::kRowsAtOnce * G::kPitch), x_ + at * G::kVector,
                           valid);
    }
    TW_UNROLL
    for (int i = 0; i < kRowsW; ++i) {
      const bool valid = inside && i * G::kRowsAtOnce < filters_;
      cp_async_or_zero<16>(to_ + (stage + G::kTileX + i * G::kRowsAtOnce * G::kPitch),
                           weights_ + (valid ? i * G::kRowsAtOnce * filter_pitch_ : 0), valid);
    }
    advance(shape);
  }

 private:
  // Finds where the windows of the thread's pixels begin. The window of a pixel that does not exist
  // begins far above x, so that only zeros are read.
  TW_DEVICE void find_windows(const Place& place, int row, const Shape& shape) {
    TW_UNROLL
    for (int i = 0; i < kRowsX; ++i) {
      const int within = row + i * G::kRowsAtOnce;
      const bool exists = within < place.pixels;
      const long long pixel = place.first_pixel + (exists ? within : 0);
      const long long image = pixel / shape.plane();
      const auto in_image = static_cast<int>(pixel - image * shape.plane());
      const int y_row = in_image / shape.q;
      const int y_column = in_image - y_row * shape.q;
      const int top = y_row * shape.stride - shape.pad;
      const int left = y_column * shape.stride_w - shape.pad_w;
      corners_[i] = (exists ? top : -32768) * 65536 + (left & 0xffff);
      windows_[i] = static_cast<int>(((image * shape.h + top) * shape.w + left) * pixel_vectors_);
    }
  }

  TW_DEVICE void advance(const Shape& shape) {
    weights_ += G::kDepth;
    channel_ += G::kDepth;
    while (channel_ >= shape.depth) {
      channel_ -= shape.depth;
      if (++tap_column_ == shape.s) {
        tap_column_ = 0;
        ++tap_row_;
      }
    }
  }

  SharedPointer<T> to_;
  int channel_, tap_row_, tap_column_;
  const T* x_;           // x of the group
  int windows_[kRowsX];  // where the windows begin, in vectors from x_
  int corners_[kRowsX];  // the same as row of x (upper half) and column of x
  const T* weights_;
  int filters_;        // number of filters from the thread's first on
  int pixel_vectors_;  // distance between pixels, in vectors
  long long filter_pitch_;
};

}  // namespace tw::conv2d::implicit_gemm
