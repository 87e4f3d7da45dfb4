// What a block of phases.cuh computes: follows from the problem and the block's index. G is a
// phases::Tiling.
#pragma once

#include "common/config.cuh"
#include "conv_transpose2d/axis.cuh"

namespace tw::conv_transpose2d::phases {

// A pixel of a tile.
struct Pixel {
  int image;
  int y;
  int x;
};

// The problem.
struct Shape {
  int n;
  int c;
  int k;
  int groups;
  Axis y;
  Axis x;

  TW_DEVICE int group_c() const { return c / groups; }
  TW_DEVICE int group_k() const { return k / groups; }
};

// The (offset, phase) pairs of `count` phases from `first` on: how often an input is used.
TW_DEVICE int pairs(const Axis& axis, int first, int count) {
  int sum = 0;
  for (int phase = first; phase < first + count; ++phase) sum += axis.offsets(phase);
  return sum;
}

// Phases that a block computes together, all from one window of x: one phase along y, `phases`
// along x. Their products (of a filter tap and the input under it) are numbered by offset y, offset
// x, phase x.
struct Region {
  int phase_y;
  int phase_x;
  int lowest_y;
  int lowest_x;
  int offsets_y;
  int offsets_x;
  int products;
  int before;  // products of the regions that come first in the packed weights

  TW_DEVICE Region(const Axis& y, const Axis& x, int first_y, int first_x, int phases)
      : phase_y(first_y), phase_x(first_x) {
    lowest_y = y.lowest(phase_y);
    lowest_x = x.lowest(phase_x);
    offsets_y = y.offsets(phase_y);
    offsets_x = x.highest(phase_x + phases - 1) - lowest_x + 1;
    products = offsets_y * pairs(x, phase_x, phases);
    before = pairs(y, 0, phase_y) * x.taps + offsets_y * pairs(x, 0, phase_x);
  }
};

// What a block computes: filters, and the same pixels of some phases. The last are the images, so
// that blocks that read the same input run together.
struct Tile {
  int phase_y;
  int phase_x;
  int filters;  // index of the block of filters, in its group
  int column;   // the first pixel
  int row;
  int image;
  int group;

  template <class G>
  static TW_DEVICE Tile of(int index, const Shape& shape) {
    Tile tile;
    const auto next = [&index](int count) {
      const int result = index % count;
      index /= count;
      return result;
    };
    tile.phase_y = next(shape.y.stride);
    tile.phase_x = next(shape.x.stride / G::knobs.phases) * G::knobs.phases;
    tile.filters = next((shape.group_k() - 1) / G::kFilters + 1);
    tile.column = next((shape.x.steps() - 1) / G::knobs.tile_x + 1) * G::knobs.tile_x;
    tile.row = next((shape.y.steps() - 1) / G::knobs.tile_y + 1) * G::knobs.tile_y;
    tile.group = next(shape.groups);
    tile.image = index * G::kImages;
    return tile;
  }
};

}  // namespace tw::conv_transpose2d::phases
