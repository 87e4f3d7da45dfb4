// How the implicit GEMM gathers its operands: each thread copies the same 16-byte column of some
// rows, which are the windows of as many pixels, or filters.
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
  // From the first_tile-th tile of K on.
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
    pixel_pitch_ = static_cast<long long>(shape.groups) * shape.depth;
    find_windows(x + place.group * shape.depth, place, row, shape);
    filter_pitch_ = shape.taps_depth();
    weights_ = weights + (place.first_filter + row) * filter_pitch_ + at;
    filters_ = place.filters - row;
  }

  // Starts the copies of the next tile of K to a stage. Beyond the last tap they are zeros.
  TW_DEVICE void copy(int stage, const Shape& shape) {
    const int down = tap_row_ * shape.dilation;
    const int right = tap_column_ * shape.dilation_w;
    const bool inside = tap_row_ < shape.r;
    const long long offset =
        (static_cast<long long>(down) * shape.w + right) * pixel_pitch_ + channel_;
    TW_UNROLL
    for (int i = 0; i < kRowsX; ++i) {
      const bool valid =
          inside && static_cast<unsigned>(rows_[i] + down) < static_cast<unsigned>(shape.h) &&
          static_cast<unsigned>(columns_[i] + right) < static_cast<unsigned>(shape.w);
      cp_async_or_zero<16>(to_ + (stage + i * G::kRowsAtOnce * G::kPitch),
                           windows_[i] + (valid ? offset : 0), valid);
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
  // Where the windows of the thread's pixels begin. Those of pixels that do not exist begin far
  // above x.
  TW_DEVICE void find_windows(const T* x, const Place& place, int row, const Shape& shape) {
    TW_UNROLL
    for (int i = 0; i < kRowsX; ++i) {
      const int within = row + i * G::kRowsAtOnce;
      const bool exists = within < place.pixels;
      const long long pixel = place.first_pixel + (exists ? within : 0);
      const long long image = pixel / shape.plane();
      const auto in_image = static_cast<int>(pixel - image * shape.plane());
      const int y_row = in_image / shape.q;
      const int y_column = in_image - y_row * shape.q;
      rows_[i] = exists ? y_row * shape.stride - shape.pad : -(1 << 30);
      columns_[i] = y_column * shape.stride_w - shape.pad_w;
      const long long first = (image * shape.h + (exists ? rows_[i] : 0)) * shape.w + columns_[i];
      windows_[i] = x + first * pixel_pitch_;
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
  const T* windows_[kRowsX];
  int rows_[kRowsX], columns_[kRowsX];
  const T* weights_;
  int filters_;  // from the thread's first on
  long long pixel_pitch_, filter_pitch_;
};

}  // namespace tw::conv2d::implicit_gemm
