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

// Adds the taps of one channel.
template <int kFilters, class T>
TW_DEVICE void add_channel(float (&sums)[kFilters], const T* x, const T* weights,
                           const Axis& y_axis, const Axis& x_axis, int row, int column,
                           int filters) {
  const int phase_y = row % y_axis.stride;
  const int phase_x = column % x_axis.stride;
  const int taps = y_axis.taps * x_axis.taps;
  for (int dy = y_axis.lowest(phase_y); dy <= y_axis.highest(phase_y); ++dy) {
    const int in_y = row / y_axis.stride + dy;
    if (in_y < 0 || in_y >= y_axis.in) continue;
    for (int dx = x_axis.lowest(phase_x); dx <= x_axis.highest(phase_x); ++dx) {
      const int in_x = column / x_axis.stride + dx;
      if (in_x < 0 || in_x >= x_axis.in) continue;
      const float value = to_float(x[static_cast<long long>(in_y) * x_axis.in + in_x]);
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
    kernel(int n, int c, int h, int w, int k, int r, int s, int stride, int stride_w, int pad,
           int pad_w, int oh, int ow, int groups, const T* __restrict__ x,
           const T* __restrict__ weights, T* y, typename Epilogue::Args epilogue) {
  constexpr int kFilters = V::knobs.filters;
  const Axis y_axis{h, oh, r, stride, pad};
  const Axis x_axis{w, ow, s, stride_w, pad_w};
  const int group_c = c / groups;
  const int group_k = k / groups;
  const int steps = x_axis.steps();
  const int blocks_k = (group_k - 1) / kFilters + 1;
  const auto row_length = static_cast<unsigned>(steps) * static_cast<unsigned>(stride_w);
  const long long positions = static_cast<long long>(n) * oh * row_length;
  for (int block = static_cast<int>(blockIdx.y); block < blocks_k * groups;
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
      const int column = (static_cast<int>(within) - phase * steps) * stride_w + phase;
      if (column >= ow) continue;
      const auto image = static_cast<int>(line / oh);
      const auto row = static_cast<int>(line - static_cast<long long>(image) * oh);
      float sums[kFilters] = {};
      const T* from = x + (static_cast<long long>(image) * c + group * group_c) * h * w;
      const T* taps =
          weights + (static_cast<long long>(group) * group_c * group_k + filter) * r * s;
      for (int i = 0; i < group_c; ++i) {
        add_channel<kFilters>(sums, from, taps, y_axis, x_axis, row, column, filters);
        from += static_cast<long long>(h) * w;
        taps += static_cast<long long>(group_k) * r * s;
      }
      TW_UNROLL
      for (int i = 0; i < kFilters; ++i) {
        if (i < filters) {
          const int channel = group * group_k + filter + i;
          const long long offset =
              ((static_cast<long long>(image) * k + channel) * oh + row) * ow + column;
          y[offset] = from_float<T>(Epilogue::template apply<T>(
              sums[i], epilogue, epilogue::Point{image, channel, offset}));
        }
      }
    }
  }
}

}  // namespace tw::conv_transpose2d::gather
