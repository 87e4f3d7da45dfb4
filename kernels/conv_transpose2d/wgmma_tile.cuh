// Shared by the parts of wgmma.cuh: the problem, a block's tiles, and a warpgroup's way through x.
#pragma once

#include "common/config.cuh"
#include "conv_transpose2d/axis.cuh"

namespace tw::conv_transpose2d::wgmma {

// The problem, from the kernel's arguments. The strides are 2.
struct Shape {
  int n, c, h, w, k, r, s, pad, pad_w, oh, ow;

  TW_DEVICE Axis y() const { return {oh, r, 2, pad}; }
  TW_DEVICE Axis x() const { return {ow, s, 2, pad_w}; }
  // Return the first offset along y, the number of offsets, and the rows of a ring.
  TW_DEVICE int lowest_y() const { return y().lowest<2>(0); }
  TW_DEVICE int rows() const { return y().highest<2>(1) - lowest_y() + 1; }
};

// The work of a warpgroup at a time: some columns of pixels in up to knobs.rows rows, one after
// the other. The columns come first, so that warpgroups that run together write whole rows of y.
struct Strip {
  int image;
  int column;
  int row;
  int loads;  // rows of x under the strip

  template <class G>
  static TW_DEVICE int count(const Shape& shape) {
    return shape.n * chunks<G>(shape) * columns<G>(shape);
  }

  template <class G>
  static TW_DEVICE Strip of(int index, const Shape& shape) {
    const int line = index / columns<G>(shape);
    Strip strip;
    strip.image = line / chunks<G>(shape);
    strip.column = (index - line * columns<G>(shape)) * G::knobs.pixels;
    strip.row = (line - strip.image * chunks<G>(shape)) * G::knobs.rows;
    strip.loads = min(G::knobs.rows, shape.y().steps() - strip.row) + shape.rows() - 1;
    return strip;
  }

 private:
  template <class G>
  static TW_DEVICE int columns(const Shape& shape) {
    return (shape.x().steps() - 1) / G::knobs.pixels + 1;
  }
  template <class G>
  static TW_DEVICE int chunks(const Shape& shape) {
    return (shape.y().steps() - 1) / G::knobs.rows + 1;
  }
};

}  // namespace tw::conv_transpose2d::wgmma
