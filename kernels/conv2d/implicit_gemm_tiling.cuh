// Shared by the parts of the implicit GEMM: constants that follow from the knobs, the shape, and
// the block's place.
#pragma once

#include "common/config.cuh"
#include "common/shared.cuh"
#include "conv2d/op.cuh"

namespace tw::conv2d::implicit_gemm {

// The problem, from the kernel's arguments.
struct Shape {
  int n, h, w, k, r, s, stride, stride_w, pad, pad_w, dilation, dilation_w, groups, p, q;
  int depth;  // elements of K for a tap: a group's channels, in whole vectors

  TW_DEVICE long long taps_depth() const { return static_cast<long long>(r) * s * depth; }
  TW_DEVICE int plane() const { return p * q; }
  TW_DEVICE long long pixels() const { return static_cast<long long>(n) * p * q; }
};

// Everything that follows from the knobs of a configuration V. y is written along the rows of D. So
// the columns of D are what is contiguous in y: pixels with nchw, filters with nhwc.
template <class T, class V>
struct Tiling {
  static constexpr auto knobs = V::knobs;
  static constexpr bool kNhwc = V::choices.layout == Layout::nhwc;
  static constexpr int kBlockM = kNhwc ? knobs.block_pixels : knobs.block_filters;
  static constexpr int kBlockN = kNhwc ? knobs.block_filters : knobs.block_pixels;
  static constexpr int kWarpM = kNhwc ? knobs.warp_pixels : knobs.warp_filters;
  static constexpr int kWarpN = kNhwc ? knobs.warp_filters : knobs.warp_pixels;
  static constexpr int kWarpsN = kBlockN / kWarpN;
  static constexpr int kThreads = 32 * (kBlockM / kWarpM) * kWarpsN;
  // Tiles of mma.sync, 16 x 8.
  static constexpr int kTilesM = kWarpM / 16;
  static constexpr int kTilesN = kWarpN / 8;
  static constexpr int kSums = kTilesM * kTilesN * 4;

  // Rows of the tiles of x and of the weights, in shared memory. A gap of 16 bytes between them
  // spreads the rows over the banks.
  static constexpr int kVector = 16 / static_cast<int>(sizeof(T));
  static constexpr int kVectors = knobs.k_bytes / 16;  // of a row
  static constexpr int kDepth = kVectors * kVector;    // elements of K
  static constexpr int kPitch = kDepth + kVector;
  static constexpr int kRowsAtOnce = kThreads / kVectors;  // rows that the block copies at once
  static constexpr int kTileX = knobs.block_pixels * kPitch;
  static constexpr int kStage = kTileX + knobs.block_filters * kPitch;
  static constexpr int kSteps = knobs.k_bytes / 32;
  static constexpr int kStagingPitch = kWarpN + 8;

  static_assert(kBlockM % kWarpM == 0 && kBlockN % kWarpN == 0, "warps fill the block");
  static_assert(kWarpM % 16 == 0 && kWarpN % 16 == 0, "ldmatrix reads 16 rows");
  static_assert(knobs.block_pixels % kRowsAtOnce == 0 && knobs.block_filters % kRowsAtOnce == 0,
                "threads copy as many rows each");
  static_assert(knobs.stages >= 2, "one is copied while one is used");
};

// The work of a block: pixels of all images in one line, filters of one group.
struct Place {
  long long first_pixel;
  int pixels;  // the pixels that exist
  int group;
  int first_filter;  // among all filters
  int filters;       // the filters that exist

  template <class Knobs>
  TW_DEVICE Place(int index, const Knobs& knobs, const Shape& shape) {
    // Blocks that share pixels are neighbours.
    const int per_group = shape.k / shape.groups;
    const int blocks = (per_group - 1) / knobs.block_filters + 1;
    const int column = index % (blocks * shape.groups);
    group = column / blocks;
    const int within = (column - group * blocks) * knobs.block_filters;
    first_filter = group * per_group + within;
    filters = min(knobs.block_filters, per_group - within);
    first_pixel = static_cast<long long>(index / (blocks * shape.groups)) * knobs.block_pixels;
    const long long left = shape.pixels() - first_pixel;
    pixels = left < knobs.block_pixels ? static_cast<int>(left) : knobs.block_pixels;
  }
};

}  // namespace tw::conv2d::implicit_gemm
