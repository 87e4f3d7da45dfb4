// The products of the direct convolution: fragments from shared memory, and mma.sync on them.
#pragma once

#include "common/config.cuh"
#include "common/mma.cuh"
#include "common/shared_words.cuh"
#include "conv2d/direct_copy.cuh"
#include "conv2d/direct_tiling.cuh"

namespace tw::conv2d::direct {

template <int kTilesM, int kTilesN>
TW_DEVICE void clear(float (&sums)[kTilesM][kTilesN][4]) {
  TW_UNROLL
  for (int m = 0; m < kTilesM; ++m) {
    TW_UNROLL
    for (int i = 0; i < kTilesN * 4; ++i) sums[m][i / 4][i % 4] = 0;
  }
}

// What a lane holds of the operands of a step.
template <class G>
struct Fragments {
  unsigned a[G::kTilesM][4];
  unsigned b[G::kTilesN][2];
};

// Sums += A * B, in as many passes as the knob says.
template <class G, class T>
TW_DEVICE void multiply(float (&sums)[G::kTilesM][G::kTilesN][4], const Fragments<G>& operands) {
  if constexpr (G::kHalves) {
    TW_UNROLL
    for (int i = 0; i < G::kTilesM * G::kTilesN; ++i) {
      const int m = i % G::kTilesM, n = i / G::kTilesM;
      mma_m16n8k16<T>(sums[m][n], operands.a[m], operands.b[n]);
    }
  } else if constexpr (G::knobs.passes == 1) {
    TW_UNROLL
    for (int n = 0; n < G::kTilesN; ++n) {
      const unsigned b[2] = {to_tf32(__uint_as_float(operands.b[n][0])),
                             to_tf32(__uint_as_float(operands.b[n][1]))};
      TW_UNROLL
      for (int m = 0; m < G::kTilesM; ++m) mma_m16n8k8(sums[m][n], operands.a[m], b);
    }
  } else {
    unsigned big[G::kTilesM][4], small[G::kTilesM][4];
    TW_UNROLL
    for (int i = 0; i < G::kTilesM * 4; ++i) {
      const SplitTf32 parts(__uint_as_float(operands.a[i / 4][i % 4]));
      big[i / 4][i % 4] = parts.big;
      small[i / 4][i % 4] = parts.small;
    }
    TW_UNROLL
    for (int n = 0; n < G::kTilesN; ++n) {
      const SplitTf32 first(__uint_as_float(operands.b[n][0]));
      const SplitTf32 second(__uint_as_float(operands.b[n][1]));
      const unsigned b_big[2] = {first.big, second.big};
      const unsigned b_small[2] = {first.small, second.small};
      // The units truncate what they add. A step's products are added up apart, so that the long
      // sum is rounded.
      float part[G::kTilesM][4] = {};
      TW_UNROLL
      for (int m = 0; m < G::kTilesM; ++m) mma_m16n8k8(part[m], small[m], b_big);
      TW_UNROLL
      for (int m = 0; m < G::kTilesM; ++m) mma_m16n8k8(part[m], big[m], b_small);
      TW_UNROLL
      for (int m = 0; m < G::kTilesM; ++m) mma_m16n8k8(part[m], big[m], b_big);
      TW_UNROLL
      for (int i = 0; i < G::kTilesM * 4; ++i) sums[i / 4][n][i % 4] += part[i / 4][i % 4];
    }
  }
}

// Walks along the K of a chunk.
template <class G, class T>
class Multiplier {
  using Source = typename G::Source;
  using Sums = float[G::kTilesM][G::kTilesN][4];

 public:
  TW_DEVICE explicit Multiplier(const Shared<G, T>& shared) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    weights_ = shared.weights + (G::warp_filter() / 16 * 128 + lane * 4);
    table_ = shared.table + lane % 4 * 2 * G::kOffsets;
    if constexpr (G::kInterleaved) {
      source_ = shared.pairs;
    } else {
      source_ = shared.tiles;
    }
  }

  // Finds the windows of the lane's pixels: lane / 4 of each 8. Pixels that do not exist take the
  // last one's.
  TW_DEVICE void place(const PixelTile& tile, const Shape& shape) {
    const int beside = lead<G>(shape) - shape.pad_w;
    const int row_step = shape.stride * shape.pitch;
    int pixel = tile.first + G::warp_pixel() + static_cast<int>(threadIdx.x) % 32 / 4;
    int row = pixel / shape.q;
    int column = pixel - row * shape.q;
    row -= tile.row;
    TW_UNROLL
    for (int n = 0; n < G::kTilesN; ++n) {
      if (pixel >= tile.end) {
        pixel = tile.end - 1;
        row = pixel / shape.q - tile.row;
        column = pixel - (row + tile.row) * shape.q;
      }
      windows_[n] = source_ + (row * row_step + column * shape.stride_w + beside);
      pixel += 8;
      column += 8;
      while (column >= shape.q) {
        column -= shape.q;
        ++row;
      }
    }
  }

  // Adds the products of a chunk, whose tile is `stage` elements after the first.
  TW_DEVICE void run(Sums& sums, int chunk, int stage, int steps) {
    stage_ = stage;
    steps_ = steps;
    first_ = chunk * steps;
    load_offsets(0);
    Fragments<G> now;
    if constexpr (G::knobs.prefetch) {
      load(now, 0);
      for (int step = 1; step < steps; ++step) {
        Fragments<G> next;
        load(next, step);
        multiply<G, T>(sums, now);
        now = next;
      }
      multiply<G, T>(sums, now);
    } else {
      for (int step = 0; step < steps; ++step) {
        load(now, step);
        multiply<G, T>(sums, now);
      }
    }
  }

 private:
  TW_DEVICE void load_offsets(int step) {
    load_words(offsets_, table_ + min(step, steps_ - 1) * (G::kStep * G::kOffsets));
  }

  // Reads the fragments of a step, and the offsets for those of the next.
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
    for (int i = 0; i < 2; ++i) {
      const int at = static_cast<int>(offsets[i * G::kOffsets]) + stage_;
      const int at_second = static_cast<int>(offsets[(i + 1) * G::kOffsets - 1]) + stage_;
      TW_UNROLL
      for (int n = 0; n < G::kTilesN; ++n) {
        if constexpr (G::kGathered) {
          to.b[n][i] = load_half(windows_[n] + at) | load_half(windows_[n] + at_second) << 16;
        } else {
          to.b[n][i] = load_word(windows_[n] + at);
        }
      }
    }
  }

  SharedPointer<unsigned> weights_;
  SharedPointer<unsigned> table_;
  SharedPointer<Source> source_;
  SharedPointer<Source> windows_[G::kTilesN];
  unsigned offsets_[2 * G::kOffsets];
  int stage_;
  int steps_;
  int first_;  // step of the chunk
};

}  // namespace tw::conv2d::direct
