// A convolution of any kind on the FMA units, straight from device memory. It is for problems that
// are too small or too irregular for tiles, and for depthwise convolutions, which have too little
// reuse for tiles.
//
//              y                     A thread computes `pixels` neighbours of a row of y for each
//    +---------------------+         of `filters` filters of one group. Threads are numbered in the
//    |     |0|0|1|1|2|2|...| row     order in which y is stored, so that neighbouring threads write
//    |     pixels = 2      |         neighbouring elements. The x and the weights that threads
//    +---------------------+         share come from L1.
//
// The knobs and their trade-offs:
//   threads   a block's size
//   filters   more: a loaded x is used more often; fewer: more threads
//   pixels    more: a loaded weight is used more often, and neighbours share lines of x; fewer:
//             more threads
//   window    columns of the filter that are unrolled: if they are known, more loads are under way
#pragma once

#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/half.cuh"
#include "conv2d/op.cuh"

namespace tw::conv2d::simt {

struct Knobs {
  int threads;
  int filters;
  int pixels;
  int window;  // 0: any width
};

// The problem, from the kernel's arguments.
struct Shape {
  int n, c, h, w, k, r, s, stride, stride_w, pad, pad_w, dilation, dilation_w, groups, p, q;
};

// The distances between channels, rows and columns, in elements.
struct Strides {
  long long channel;
  long long row;
  int column;
};

template <bool kNhwc>
TW_DEVICE Strides strides_of(int channels, int height, int width) {
  if (kNhwc) return {1, static_cast<long long>(width) * channels, channels};
  return {static_cast<long long>(height) * width, width, 1};
}

// The outputs of one thread: filters of a group from first_filter on, pixels (row, first_column)
// and following.
struct Item {
  int image, row, first_column, first_filter;
  int filters, columns;  // how many filters and columns exist

  template <bool kNhwc>
  static TW_DEVICE Item at(long long index, const Shape& shape, Knobs knobs) {
    const int per_group = shape.k / shape.groups;
    const int parts = (per_group - 1) / knobs.filters + 1;  // parts of a group's filters
    const int runs = (shape.q - 1) / knobs.pixels + 1;      // runs of a row's pixels
    const auto next = [&index](int extent) {
      const auto result = static_cast<int>(index % extent);
      index /= extent;
      return result;
    };
    int part = kNhwc ? next(parts * shape.groups) : 0;
    const int run = next(runs);
    const int row = next(shape.p);
    if (!kNhwc) part = next(parts * shape.groups);
    const int within = part % parts * knobs.filters;
    return {static_cast<int>(index),
            row,
            run * knobs.pixels,
            part / parts * per_group + within,
            min(knobs.filters, per_group - within),
            min(knobs.pixels, shape.q - run * knobs.pixels)};
  }
};

// One row of the filters and of one channel. It has x at the row's first column, which may be
// outside of the row, and the first filter's weights; the weights of the next filter are
// `filter_stride` elements further on.
template <class T>
struct Row {
  const T* x;
  int column;  // of x
  int x_column;
  const T* weights;
  int weights_column;
  long long filter_stride;
};

// Adds the products of column `tap` of the row.
template <int kFilters, int kPixels, class T>
TW_DEVICE void add_tap(float (&sums)[kFilters][kPixels], const Row<T>& row, int tap,
                       const Item& item, const Shape& shape) {
  float factor[kFilters];
  TW_UNROLL
  for (int f = 0; f < kFilters; ++f) {
    const T* const from = row.weights + f * row.filter_stride + tap * row.weights_column;
    factor[f] = f < item.filters ? to_float(*from) : 0.0f;
  }
  TW_UNROLL
  for (int i = 0; i < kPixels; ++i) {
    const int at = row.column + i * shape.stride_w + tap * shape.dilation_w;
    const bool inside = at >= 0 && at < shape.w && i < item.columns;
    const float value = inside ? to_float(row.x[static_cast<long long>(at) * row.x_column]) : 0.0f;
    TW_UNROLL
    for (int f = 0; f < kFilters; ++f) sums[f][i] = fmaf(factor[f], value, sums[f][i]);
  }
}

template <int kWindow, int kFilters, int kPixels, class T>
TW_DEVICE void add_row(float (&sums)[kFilters][kPixels], const Row<T>& row, const Item& item,
                       const Shape& shape) {
  if constexpr (kWindow == 0) {
    for (int tap = 0; tap < shape.s; ++tap) add_tap(sums, row, tap, item, shape);
  } else {
    TW_UNROLL
    for (int tap = 0; tap < kWindow; ++tap) add_tap(sums, row, tap, item, shape);
  }
}

// Any grid works.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(V::knobs.threads)
    kernel(Shape shape, long long items, const T* x, const T* weights, T* y,
           typename Epilogue::Args epilogue) {
  constexpr Knobs knobs = V::knobs;
  constexpr bool kNhwc = V::choices.layout == Layout::nhwc;
  const int depth = shape.c / shape.groups;
  const Strides from = strides_of<kNhwc>(shape.c, shape.h, shape.w);
  const Strides by = strides_of<kNhwc>(depth, shape.r, shape.s);
  const Strides to = strides_of<kNhwc>(shape.k, shape.p, shape.q);
  const long long filter_stride = static_cast<long long>(depth) * shape.r * shape.s;

  const long long step = static_cast<long long>(gridDim.x) * knobs.threads;
  long long index = static_cast<long long>(blockIdx.x) * knobs.threads + threadIdx.x;
  for (; index < items; index += step) {
    const Item item = Item::at<kNhwc>(index, shape, knobs);
    const int group = item.first_filter / (shape.k / shape.groups);
    const int column = item.first_column * shape.stride_w - shape.pad_w;
    float sums[knobs.filters][knobs.pixels] = {};
    for (int i = 0; i < shape.r; ++i) {
      const int row = item.row * shape.stride - shape.pad + i * shape.dilation;
      if (row < 0 || row >= shape.h) continue;
      const T* const line = x + static_cast<long long>(item.image) * shape.c * shape.h * shape.w +
                            group * depth * from.channel + row * from.row;
      const T* const factors = weights + item.first_filter * filter_stride + i * by.row;
      for (int channel = 0; channel < depth; ++channel) {
        add_row<knobs.window>(sums,
                              Row<T>{line + channel * from.channel, column, from.column,
                                     factors + channel * by.channel, by.column, filter_stride},
                              item, shape);
      }
    }
    const long long image = static_cast<long long>(item.image) * shape.k * shape.p * shape.q;
    TW_UNROLL
    for (int f = 0; f < knobs.filters; ++f) {
      TW_UNROLL
      for (int i = 0; i < knobs.pixels; ++i) {
        if (f < item.filters && i < item.columns) {
          const int filter = item.first_filter + f;
          const long long at = image + filter * to.channel + item.row * to.row +
                               static_cast<long long>(item.first_column + i) * to.column;
          y[at] = from_float<T>(Epilogue::template apply<T>(
              sums[f][i], epilogue, epilogue::Point{item.image, filter, at}));
        }
      }
    }
  }
}

}  // namespace tw::conv2d::simt
