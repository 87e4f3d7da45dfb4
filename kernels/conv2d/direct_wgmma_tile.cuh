// Shared by the parts of direct_wgmma.cuh: the problem, and a warpgroup's way through it.
#pragma once

#include "common/config.cuh"

namespace tw::conv2d::direct_wgmma {

struct Shape {
  int n, c, h, w, k, r, s, pad, pad_w, dilation, dilation_w, p, q;

  TW_DEVICE int span() const { return (r - 1) * dilation + 1; }  // rows of x under a row of y
  TW_DEVICE int halo() const { return (s - 1) * dilation_w; }    // columns of x beside a pixel's
  TW_DEVICE long long plane() const { return static_cast<long long>(h) * w; }
};

// A part of a column of rows of y that a warpgroup walks down without interruption. Each row has
// G::knobs.pixels columns, or as many as are left in the image.
struct Strip {
  int image;
  int column;
  int row;
  int rows;
  int loads;  // rows of x under the strip

  template <class G>
  static TW_DEVICE int columns(const Shape& shape) {
    return (shape.q - 1) / G::knobs.pixels + 1;
  }

  // Returns the strip that begins at row `first` and ends before `end`. All rows are numbered in
  // one line, image by image and strip by strip.
  template <class G>
  static TW_DEVICE Strip of(int first, int end, const Shape& shape) {
    const int index = first / shape.p;
    Strip strip;
    strip.image = index / columns<G>(shape);
    strip.column = (index - strip.image * columns<G>(shape)) * G::knobs.pixels;
    strip.row = first - index * shape.p;
    strip.rows = min(shape.p - strip.row, end - first);
    strip.loads = strip.rows + shape.span() - 1;
    return strip;
  }
};

}  // namespace tw::conv2d::direct_wgmma
