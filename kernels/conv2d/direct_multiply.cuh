// The products of the direct convolution: reads fragments from shared memory and multiplies them
// with mma.sync.
#pragma once

#include "common/config.cuh"
#include "common/divisor.cuh"
#include "common/loops.cuh"
#include "common/mma.cuh"
#include "common/opaque.cuh"
#include "common/shared_words.cuh"
#include "conv2d/direct_copy.cuh"
#include "conv2d/direct_tiling.cuh"
#include "conv2d/products.cuh"

namespace tw::conv2d::direct {

// A lane's part of the operands of a step.
template <class G>
struct Fragments {
  unsigned a[G::kTilesM][4];
  unsigned b[G::kTilesN][2];
};

// Walks along the K of a chunk.
template <class G, class T>
class Multiplier {
  // The distance of a lane's pixels: pixel lane / 4 of each 8, or one of each 32 for ldmatrix.
  static constexpr int kSpacing = G::kGrouped ? 32 : 8;
  static constexpr int kWindows = G::knobs.warp_pixels / kSpacing;
  using Sums = float[G::kTilesM][G::kTilesN][4];

 public:
  TW_DEVICE explicit Multiplier(const Shared<G, T>& shared) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    weights_ = shared.weights + (G::warp_filter() / 16 * 128 + lane * 4);
    table_ = shared.table + (G::kGrouped ? 0 : lane % 4 * 2 * G::kOffsets);
    source_ = G::kGrouped ? shared.grouped : shared.tiles;
  }

  // Finds the windows of the lane's pixels. A pixel that does not exist uses the window of the last
  // one.
  TW_DEVICE void place(const PixelTile& tile, const Divisor& width, const Shape& shape) {
    constexpr int kSize = G::kGrouped ? G::kGroup : 1;  // elements of a pixel
    const int row_step = shape.stride * shape.pitch * kSize;
    const int column_step = shape.stride_w * kSize;
    const int first_column = (lead<G>(shape) - shape.pad_w) * kSize;
    const auto window = [&](int pixel, int& column) {
      const int row = width.divide(pixel, column) - tile.row;
      return row * row_step + column * column_step + first_column;
    };
    int column;
    const int last = window(tile.end - 1, column);
    const int lane = opaque(static_cast<int>(threadIdx.x) % 32);
    const int first = tile.first + G::warp_pixel() + lane * kSpacing / 32;
    if (shape.q < kSpacing) {  // the next pixel may be several rows down
      TW_UNROLL
      for (int i = 0; i < kWindows; ++i) {
        windows_[i] = source_ + min(window(first + i * kSpacing, column), last);
      }
      return;
    }
    int offset = window(first, column);
    // from the end of a row to the start of the next
    const int wrap = row_step - shape.q * column_step;
    TW_UNROLL
    for (int i = 0; i < kWindows; ++i) {
      windows_[i] = source_ + min(offset, last);
      column += kSpacing;
      const bool beyond = column >= shape.q;
      column -= beyond ? shape.q : 0;
      offset += kSpacing * column_step + (beyond ? wrap : 0);
    }
  }

  // Adds the products of a chunk. The chunk's tile is `stage` elements after the first tile.
  TW_DEVICE void run(Sums& sums, int chunk, int stage, int steps) {
    stage_ = stage;
    steps_ = steps;
    first_ = chunk * steps;
    load_offsets(0);
    Fragments<G> now;
    if constexpr (G::knobs.prefetch) {
      load(now, 0);
      TW_ROLLED
      for (int step = 1; step < steps; ++step) {
        Fragments<G> next;
        load(next, step);
        multiply<T, G::knobs.passes, true, G::kGrouped>(sums, now.a, now.b);
        now = next;
      }
      multiply<T, G::knobs.passes, true, G::kGrouped>(sums, now.a, now.b);
    } else {
      TW_ROLLED
      for (int step = 0; step < steps; ++step) {
        load(now, step);
        multiply<T, G::knobs.passes, true, G::kGrouped>(sums, now.a, now.b);
      }
    }
  }

 private:
  TW_DEVICE void load_offsets(int step) {
    load_words(offsets_, table_ + min(step, steps_ - 1) * (G::kStep * G::kOffsets));
  }

  // Reads the fragments of a step, and the offsets for the fragments of the next step.
  TW_DEVICE void load(Fragments<G>& to, int step) {
    unsigned offsets[2 * G::kOffsets];
    TW_UNROLL
    for (int i = 0; i < 2 * G::kOffsets; ++i) offsets[i] = offsets_[i];
    load_offsets(step + 1);
    TW_UNROLL
    for (int m = 0; m < G::kTilesM; ++m) {
      load_words(to.a[m], weights_ + ((first_ + step) * G::kBlockTilesM + m) * 128);
    }
    TW_UNROLL
    for (int i = 0; i < 2; ++i) load_words_of_b(to, i, offsets);
  }

  // Reads the words i of all pixels.
  TW_DEVICE void load_words_of_b(Fragments<G>& to, int i,
                                 const unsigned (&offsets)[2 * G::kOffsets]) {
    const int at = static_cast<int>(offsets[i * G::kOffsets]) + (G::kGrouped ? 0 : stage_);
    if constexpr (G::kGrouped) {
      TW_UNROLL
      for (int n = 0; n < G::kTilesN; n += 4) {
        unsigned words[4];
        ldmatrix(words, windows_[n / 4] + at);
        TW_UNROLL
        for (int j = 0; j < 4; ++j) to.b[n + j][i] = words[j];
      }
    } else if constexpr (G::kGathered) {
      const int at_second = static_cast<int>(offsets[i * G::kOffsets + 1]) + stage_;
      TW_UNROLL
      for (int n = 0; n < G::kTilesN; ++n) {
        to.b[n][i] = load_half(windows_[n] + at) | load_half(windows_[n] + at_second) << 16;
      }
    } else {
      TW_UNROLL
      for (int n = 0; n < G::kTilesN; ++n) to.b[n][i] = load_word(windows_[n] + at);
    }
  }

  SharedPointer<unsigned> weights_;
  SharedPointer<unsigned> table_;
  SharedPointer<T> source_;
  SharedPointer<T> windows_[kWindows];
  unsigned offsets_[2 * G::kOffsets];
  int stage_;
  int steps_;
  int first_;  // first step of the chunk
};

}  // namespace tw::conv2d::direct
