// What the parts of the direct convolution share: what follows from the knobs, the shape,
// and where things are in shared memory.
#pragma once

#include "common/config.cuh"
#include "common/divisor.cuh"
#include "common/shared.cuh"
#include "conv2d/op.cuh"

namespace tw::conv2d::direct {

// Values of knobs; see direct.cuh.
enum class Words { gather, columns, channels };
enum class Store { registers, staged };

// The problem and its tiles, as the kernel's arguments tell them.
struct Shape {
  int n, c, h, w, k, r, s, stride, stride_w, pad, pad_w, dilation, dilation_w, groups, p, q;
  int pitch;   // elements from a row of a tile to the next
  int plane;   // elements from a channel of a tile to the next
  int steps;   // of K, in a chunk
  int chunks;  // of a group's channels

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
  static constexpr int kElements = kHalves ? 2 : 1;                // of a word of K
  static constexpr int kOffsets = kGathered ? 2 : 1;               // of a word of K
  static constexpr int kStep = 8;                                  // words of K
  static constexpr int kStages = kGrouped ? 1 : knobs.stages;
  static constexpr int kAhead = kGrouped ? 1 : knobs.stages - 1;  // tiles under way
  static constexpr int kStagingPitch = knobs.warp_pixels + 8;     // spreads the rows over the banks

  // Elements of a stage.
  static TW_DEVICE int stage(const Shape& shape) { return knobs.chunk * shape.plane; }

  // The warp's first pixel and filter within the block's.
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

// Where things are. The order of the parts and their sizes are also in direct.toml.
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

// The filters of a block: `count` of one group.
struct Filters {
  int first;          // of all
  int count;          // at most block_filters
  int first_channel;  // of the group

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

// The pixels of a block: a run of those of one image, in the order in which they are stored.
struct PixelTile {
  int image;
  int first;  // pixel
  int end;
  int row;   // of y, that of the first pixel
  int rows;  // of x
};

// Cuts images into tiles.
struct Cutter {
  Divisor width;      // of y
  Divisor per_image;  // tiles

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

// What an element of a word of K is: a channel of the chunk and a tap of the filter.
struct Tap {
  int channel;
  int row;
  int column;
  bool real;  // else it is there to fill a word or a step, and close to one that is real
};

// Element `i` (0 or 1) of word `word` of a chunk.
template <class G>
TW_DEVICE Tap tap_of(int word, int i, const Shape& shape) {
  constexpr int kChunk = G::knobs.chunk;
  const int taps = shape.r * shape.s;
  if constexpr (G::knobs.words == Words::columns) {
    const int pairs = (shape.s + 1) / 2;  // of columns, in a row
    const int unit = min(word / kChunk, shape.r * pairs - 1);
    const int row = unit / pairs;
    const int column = 2 * (unit - row * pairs) + i;
    return {word % kChunk, row, column, word < kChunk * shape.r * pairs && column < shape.s};
  } else {
    // Channels vary first, so that with enough of them a step is one tap.
    const int element = word * G::kElements + i;
    const int tap = min(element / kChunk, taps - 1);
    const int row = tap / shape.s;
    return {element % kChunk, row, tap - row * shape.s, element < kChunk * taps};
  }
}

}  // namespace tw::conv2d::direct
