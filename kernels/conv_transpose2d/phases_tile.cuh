// The work of a block of phases.cuh, which follows from the problem and the block's index. G is a
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

// The problem and its tiles, from the kernels' arguments.
struct Shape {
  int n, h, w, r, s, stride, stride_w, pad, pad_w, oh, ow, groups;
  int group_c, group_k;        // channels of x and of y in a group
  int pixels_y, pixels_x;      // largest number of outputs of a phase along each axis
  int region_products;         // largest number of products of a region
  int row_pitch, plane_pitch;  // of a window, in words, if the knobs do not bound the window

  TW_DEVICE Axis y() const { return {oh, r, stride, pad}; }
  TW_DEVICE Axis x() const { return {ow, s, stride_w, pad_w}; }
};

// The phases that are computed together: one along y, some along x. Their products are numbered by
// offset y, offset x, phase x. A product belongs to a filter tap and the input under the tap.
struct Region {
  int phase_y;
  int phase_x;
  int lowest_y;
  int lowest_x;
  int offsets_y;
  int offsets_x;

  template <int kPhases>
  static TW_DEVICE Region of(const Shape& shape, int phase_y, int phase_x) {
    Region region;
    region.phase_y = phase_y;
    region.phase_x = phase_x;
    region.lowest_y = shape.y().lowest<kPhases>(phase_y);
    region.lowest_x = shape.x().lowest<kPhases>(phase_x);
    region.offsets_y = shape.y().highest<kPhases>(phase_y) - region.lowest_y + 1;
    region.offsets_x = shape.x().highest<kPhases>(phase_x + kPhases - 1) - region.lowest_x + 1;
    return region;
  }

  TW_DEVICE bool empty() const { return offsets_y == 0 || offsets_x == 0; }

  // Returns the region's place among all regions.
  template <int kPhases>
  TW_DEVICE int index(const Shape& shape) const {
    return (phase_y * shape.stride_w + phase_x) / kPhases;
  }
};

// The work of a block: filters, and the same pixels of some phases. The images come last, so that
// blocks that read the same input run together.
struct Tile {
  int phase_y;  // the first
  int phase_x;
  int filters;  // index of the block of filters, in its group
  int column;   // the first pixel
  int row;
  int image;
  int group;

  template <class G>
  static TW_DEVICE Tile of(int index, const Shape& shape) {
    const int phases_x = shape.stride_w / G::knobs.phases;
    const int blocks = (shape.group_k - 1) / G::kFilters + 1;
    const int columns = (shape.pixels_x - 1) / G::knobs.tile_x + 1;
    const int rows = (shape.pixels_y - 1) / G::knobs.tile_y + 1;
    // The divisors are products of the extents, so that no division waits for another one.
    int extent = 1;
    int quotient = index;
    const auto next = [&](int count) {
      if (count == 1) return 0;
      extent *= count;
      const int rest = index / extent;
      const int digit = quotient - rest * count;
      quotient = rest;
      return digit;
    };
    Tile tile;
    tile.phase_y = next(shape.stride / G::knobs.phases_y) * G::knobs.phases_y;
    tile.phase_x = next(phases_x) * G::knobs.phases;
    tile.filters = next(blocks);
    tile.column = next(columns) * G::knobs.tile_x;
    tile.row = next(rows) * G::knobs.tile_y;
    tile.group = next(shape.groups);
    tile.image = quotient * G::kImages;
    return tile;
  }
};

}  // namespace tw::conv_transpose2d::phases
