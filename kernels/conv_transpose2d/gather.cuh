// A transposed convolution on the FMA units, for any shape. It serves shapes for which the tiles of
// phases.cuh do not pay, such as depthwise filters.
//
//     y, one row: outputs of one phase lie a stride apart       phase 0     1     0     1     0
//                                                                  +-----+-----+-----+-----+
//     neighbouring threads compute outputs of one phase, so        | t 0 |     | t 1 |     | ...
//     that they use the same taps: the weights are read            +-----+-----+-----+-----+
//     once a warp
//
// The knobs and their trade-offs:
//   threads   a block's size
//   filters   output channels of a thread: more give more reuse of an input, but need more
//             registers and leave fewer threads
#pragma once

#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/half.cuh"
#include "conv_transpose2d/axis.cuh"

namespace tw::conv_transpose2d::gather {

struct Knobs {
  int threads;
  int filters;
};

// The problem, from the kernel's arguments.
struct Shape {
  int n, c, h, w, k, r, s, stride, stride_w, pad, pad_w, oh, ow, groups;

  TW_DEVICE Axis y() const { return {oh, r, stride, pad}; }
  TW_DEVICE Axis x() const { return {ow, s, stride_w, pad_w}; }
};

// Adds the taps of one channel.
template <int kFilters, class T>
TW_DEVICE void add_channel(float (&sums)[kFilters], const T* x, const T* weights,
                           const Shape& shape, int row, int column, int filters) {
  const Axis y_axis = shape.y();
  const Axis x_axis = shape.x();
  const int phase_y = row % y_axis.stride;
  const int phase_x = column % x_axis.stride;
  const int taps = shape.r * shape.s;
  for (int dy = y_axis.lowest(phase_y); dy <= y_axis.highest(phase_y); ++dy) {
    const int in_y = row / y_axis.stride + dy;
    if (in_y < 0 || in_y >= shape.h) continue;
    for (int dx = x_axis.lowest(phase_x); dx <= x_axis.highest(phase_x); ++dx) {
      const int in_x = column / x_axis.stride + dx;
      if (in_x < 0 || in_x >= shape.w) continue;
      const float value = to_float(x[static_cast<long long>(in_y) * shape.w + in_x]);
      const T* const tap =
          weights + y_axis.tap(phase_y, dy) * x_axis.taps + x_axis.tap(phase_x, dx);
      TW_UNROLL
      for (int i = 0; i < kFilters; ++i) {
        if (i < filters) {
          sums[i] = fmaf(value, to_float(tap[i * static_cast<long long>(taps)]), sums[i]);
        }
      }
    }
  }
}

// Grid: any number of blocks in x, which stride over the outputs; the filters of a group in y and
// the groups in z, over which blocks stride too.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(V::knobs.threads, 1)  // no spills around calls
    kernel(Shape shape, const T* __restrict__ x, const T* __restrict__ weights, T* y,
           typename Epilogue::Args epilogue) {
  constexpr int kFilters = V::knobs.filters;
  const int group_c = shape.c / shape.groups;
  const int group_k = shape.k / shape.groups;
  const int steps = shape.x().steps();
  const int blocks_k = (group_k - 1) / kFilters + 1;
  const auto row_length = static_cast<unsigned>(steps) * static_cast<unsigned>(shape.stride_w);
  const long long positions = static_cast<long long>(shape.n) * shape.oh * row_length;
  for (int block = static_cast<int>(blockIdx.y); block < blocks_k * shape.groups;
       block += static_cast<int>(gridDim.y)) {
    const int group = block / blocks_k;
    const int filter = block % blocks_k * kFilters;  // in the group
    const int filters = min(kFilters, group_k - filter);
    for (long long at = static_cast<long long>(blockIdx.x) * V::knobs.threads + threadIdx.x;
         at < positions; at += static_cast<long long>(gridDim.x) * V::knobs.threads) {
      // 64-bit divisions are calls, so there are only two of them.
      const long long line = at / row_length;
      const auto within = static_cast<unsigned>(at - line * row_length);
      const auto phase = static_cast<int>(within / static_cast<unsigned>(steps));
      const int column = (static_cast<int>(within) - phase * steps) * shape.stride_w + phase;
      if (column >= shape.ow) continue;
      const auto image = static_cast<int>(line / shape.oh);
      const auto row = static_cast<int>(line - static_cast<long long>(image) * shape.oh);
      float sums[kFilters] = {};
      const T* from =
          x + (static_cast<long long>(image) * shape.c + group * group_c) * shape.h * shape.w;
      const T* taps = weights + (static_cast<long long>(group) * group_c * group_k + filter) *
                                    shape.r * shape.s;
      for (int i = 0; i < group_c; ++i) {
        add_channel<kFilters>(sums, from, taps, shape, row, column, filters);
        from += static_cast<long long>(shape.h) * shape.w;
        taps += static_cast<long long>(group_k) * shape.r * shape.s;
      }
      TW_UNROLL
      for (int i = 0; i < kFilters; ++i) {
        if (i < filters) {
          const int channel = group * group_k + filter + i;
          const long long offset =
              ((static_cast<long long>(image) * shape.k + channel) * shape.oh + row) * shape.ow +
              column;
          y[offset] = from_float<T>(Epilogue::template apply<T>(
              sums[i], epilogue, epilogue::Point{image, channel, offset}));
        }
      }
    }
  }
}

}  // namespace tw::conv_transpose2d::gather
