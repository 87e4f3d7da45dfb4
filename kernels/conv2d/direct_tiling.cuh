// Shared by the parts of the direct convolution: constants that follow from the knobs, the shape,
// and the layout of shared memory.
#pragma once

#include "common/config.cuh"
#include "common/divisor.cuh"
#include "common/shared.cuh"
#include "conv2d/op.cuh"

namespace tw::conv2d::direct {

// The values of the knobs; see direct.cuh.
enum class Words { gather, columns, channels };
enum class Store { registers, staged };

// The problem and its tiles, from the kernel's arguments.
struct Shape {
  int n, c, h, w, k, r, s, stride, stride_w, pad, pad_w, dilation, dilation_w, groups, p, q;
  int pitch;   // elements from a row of a tile to the next
  int plane;   // elements from a channel of a tile to the next
  int steps;   // of K in a chunk
  int chunks;  // of channels in a group

  TW_DEVICE int depth() const { return c / groups; }
  TW_DEVICE int pixels() const { return p * q; }
};

// Everything that follows from the knobs of a configuration V.
template <class T, class V>
struct Tiling {
  static constexpr auto knobs = V::knobs;
  static constexpr bool kHalves = sizeof(T) == 2;
  static constexpr bool kGrouped = knobs.words == Words::channels;
  static constexpr bool kGathered = kHalves && knobs.words == Words::gather;

  static constexpr int kWarpsN = knobs.block_pixels / knobs.warp_pixels;
  static constexpr int kWarps = knobs.block_filters / knobs.warp_filters * kWarpsN;
  static constexpr int kThreads = 32 * kWarps;
  // Tiles of mma.sync, 16 x 8.
  static constexpr int kTilesM = knobs.warp_filters / 16;
  static constexpr int kTilesN = knobs.warp_pixels / 8;
  static constexpr int kBlockTilesM = knobs.block_filters / 16;

  static constexpr int kGroup = 16 / static_cast<int>(sizeof(T));  // channels that lie together
  static constexpr int kElements = kHalves ? 2 : 1;                // elements of a word of K
  static constexpr int kOffsets = kGathered ? 2 : 1;               // offsets of a word of K
  static constexpr int kStep = 8;                                  // in words of K
  static constexpr int kStages = kGrouped ? 1 : knobs.stages;
  // tiles whose copies are under way
  static constexpr int kAhead = kGrouped ? 1 : knobs.stages - 1;
  // the pitch spreads the rows over the banks
  static constexpr int kStagingPitch = knobs.warp_pixels + 8;

  // Returns the elements of a stage.
  static TW_DEVICE int stage(const Shape& shape) { return knobs.chunk * shape.plane; }

  // Return the warp's first pixel and first filter in the block's tile.
  static TW_DEVICE int warp_pixel() {
    return static_cast<int>(threadIdx.x) / 32 % kWarpsN * knobs.warp_pixels;
  }
  static TW_DEVICE int warp_filter() {
    return static_cast<int>(threadIdx.x) / 32 / kWarpsN * knobs.warp_filters;
  }

  static_assert(knobs.block_filters % knobs.warp_filters == 0 &&
                    knobs.block_pixels % knobs.warp_pixels == 0,
                "warps fill the block");
  static_assert(knobs.warp_filters % 16 == 0 && knobs.warp_pixels % 8 == 0, "tiles fill a warp's");
  static_assert(!kGrouped || (knobs.chunk % kGroup == 0 && kTilesN % 4 == 0 && knobs.stages == 1),
                "whole groups of channels, and four tiles an ldmatrix");
};

// The layout of shared memory. The order and the sizes of the parts are also in direct.toml.
template <class G, class T>
struct Shared {
  SharedPointer<unsigned> weights;  // [chunk][step][tile of M][lane][4]: fragments of A
  SharedPointer<unsigned> table;    // [step][lane % 4][2]: offsets of the words of B
  SharedPointer<T> tiles;           // [stage][channel][row][column]
  SharedPointer<T> grouped;         // [group of channels][row][column][channel], if grouped
  SharedPointer<T> staging;         // [warp][staged_rows][kStagingPitch], if staged

  TW_DEVICE explicit Shared(const Shape& shape) {
    constexpr int kPerWord = 4 / static_cast<int>(sizeof(T));
    weights = SharedPointer<unsigned>::dynamic();
    int words = shape.chunks * shape.steps * G::kBlockTilesM * 128;
    table = weights + words;
    words += shape.steps * G::kStep * G::kOffsets;
    tiles = SharedPointer<T>::dynamic() + words * kPerWord;
    words += G::kStages * G::stage(shape) / kPerWord;
    grouped = SharedPointer<T>::dynamic() + words * kPerWord;
    if constexpr (G::kGrouped) words += G::stage(shape) / kPerWord;
    staging = SharedPointer<T>::dynamic() + words * kPerWord;
  }
};

// The filters of a block: `count` filters of one group.
struct Filters {
  int first;          // among all filters
  int count;          // at most block_filters
  int first_channel;  // the group's first channel

  TW_DEVICE Filters(int block, int block_filters, const Shape& shape) {
    const int per_group = shape.k / shape.groups;
    const int blocks = (per_group - 1) / block_filters + 1;
    const int group = block / blocks;
    const int within = (block - group * blocks) * block_filters;
    first = group * per_group + within;
    count = min(block_filters, per_group - within);
    first_channel = group * shape.depth();
  }
};

// The pixels of a block: consecutive pixels of one image, in the order in which they are stored.
struct PixelTile {
  int image;
  int first;  // first pixel
  int end;
  int row;   // row of y that has the first pixel
  int rows;  // rows of x
};

// Splits images into tiles.
struct Cutter {
  Divisor width;      // by the width of y
  Divisor per_image;  // by the tiles of an image

  TW_DEVICE Cutter(int block_pixels, const Shape& shape)
      : width(shape.q), per_image((shape.pixels() - 1) / block_pixels + 1) {}

  TW_DEVICE PixelTile tile(int index, int block_pixels, const Shape& shape) const {
    PixelTile tile;
    int within;
    tile.image = per_image.divide(index, within);
    tile.first = within * block_pixels;
    tile.end = min(tile.first + block_pixels, shape.pixels());
    tile.row = width.divide(tile.first);
    const int rows = width.divide(tile.end - 1) - tile.row;
    tile.rows = rows * shape.stride + shape.dilation * (shape.r - 1) + 1;
    return tile;
  }
};

// The meaning of an element of a word of K: a channel of the chunk and a tap of the filter.
struct Tap {
  int channel;
  int row;
  int column;
  bool real;  // false: the element only fills a word or a step, and is close to a real one
};

// Returns the tap of element `i` (0 or 1) of word `word` of a chunk.
template <class G>
TW_DEVICE Tap tap_of(int word, int i, const Shape& shape) {
  constexpr int kChunk = G::knobs.chunk;
  const int taps = shape.r * shape.s;
  if constexpr (G::knobs.words == Words::columns) {
    const int pairs = (shape.s + 1) / 2;  // pairs of columns in a row
    const int unit = min(word / kChunk, shape.r * pairs - 1);
    const int row = unit / pairs;
    const int column = 2 * (unit - row * pairs) + i;
    return {word % kChunk, row, column, word < kChunk * shape.r * pairs && column < shape.s};
  } else {
    // Channels vary first: with enough channels a step has only one tap.
    const int element = word * G::kElements + i;
    const int tap = min(element / kChunk, taps - 1);
    const int row = tap / shape.s;
    return {element % kChunk, row, tap - row * shape.s, element < kChunk * taps};
  }
}

}  // namespace tw::conv2d::direct
