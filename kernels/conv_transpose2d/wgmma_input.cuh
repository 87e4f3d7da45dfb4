// How x and the weights are copied to shared memory in wgmma.cuh: through registers, since both
// change their order.
//
//    a row of pixels of one channel in x       |  0 1 2 3 4 5 6 7  |  8 9 ...      16 bytes a lane
//    its lines under the offsets      -1       | -1 0 1 2 3 4 5 6  |  7 8 ...
//                                      0       |  0 1 2 3 4 5 6 7  |  8 9 ...
//                                      1       |  1 2 3 4 5 6 7 8  |  9 10 ...
//
// The neighbouring lanes have the pixels that a lane lacks, except for the first and the last pixel
// of a tile.
#pragma once

#include "common/config.cuh"
#include "common/shared.cuh"
#include "common/shared_words.cuh"
#include "common/vector.cuh"
#include "conv_transpose2d/wgmma_tile.cuh"

namespace tw::conv_transpose2d::wgmma {

// Writes the weights of a block's filters to a tile of MN-major lines for each tap. Weights that do
// not exist are zeros. All threads of the block take part.
template <class G, class T>
TW_DEVICE void fill_weights(SharedPointer<T> to, const T* weights, const Shape& shape,
                            int first_filter) {
  constexpr auto knobs = G::knobs;
  constexpr int kBatch = 4;  // rows of taps that are read together
  const int items = shape.r * knobs.channels * G::kFilters;
  for (int first = static_cast<int>(threadIdx.x); first < items; first += kBatch * G::kThreads) {
    unsigned short halves[kBatch][knobs.taps];
    TW_UNROLL
    for (int i = 0; i < kBatch; ++i) {
      const int item = first + i * G::kThreads;
      const int filter = first_filter + item % G::kFilters;
      const int channel = item / G::kFilters % knobs.channels;
      const int row = item / G::kFilters / knobs.channels;
      const bool exists = item < items && channel < shape.c && filter < shape.k;
      const T* const from =
          weights +
          ((static_cast<long long>(channel) * shape.k + filter) * shape.r + row) * knobs.taps;
      TW_UNROLL
      for (int tap = 0; tap < knobs.taps; ++tap) {
        halves[i][tap] = exists ? from[tap].bits : static_cast<unsigned short>(0);
      }
    }
    TW_UNROLL
    for (int i = 0; i < kBatch; ++i) {
      const int item = first + i * G::kThreads;
      const int line = item / G::kFilters % knobs.channels;
      const int row = item / G::kFilters / knobs.channels;
      const int place =
          row * knobs.taps * G::kTap + line * G::kFilters + (item % G::kFilters ^ line % 8 * 8);
      TW_UNROLL
      for (int tap = 0; tap < knobs.taps; ++tap) {
        if (item < items) store_half(to + (place + tap * G::kTap), halves[i][tap]);
      }
    }
  }
}

// A row of x that is being copied to a warpgroup's tiles.
template <class G, class T>
class Row {
  static constexpr auto knobs = G::knobs;
  static constexpr int kLanes = knobs.pixels / 8;  // lanes along a row
  static constexpr int kChannels = 128 / kLanes;   // channels that are copied together
  static constexpr int kCopies = knobs.channels / kChannels;
  static_assert(kChannels % 8 == 0 && kCopies >= 1, "the swizzle repeats every 8 lines");

 public:
  TW_DEVICE Row(const T* x, const Shape& shape) : x_(x), shape_(shape) {
    const int thread = static_cast<int>(threadIdx.x) % 128;
    lane_ = thread % kLanes;
    channel_ = thread / kLanes;
    place_ = lane_ / 8 * (knobs.channels * 64) + channel_ * 64 + (lane_ % 8 ^ channel_ % 8) * 8;
  }

  // Starts to read the tile's part of row `row`. Elements outside of x are zeros.
  TW_DEVICE void load(const Strip& strip, int row) {
    const int column = strip.column + 8 * lane_;
    // The first and the last lane of a tile read the neighbour beyond the tile.
    const bool first = G::kLowest < 0 && lane_ == 0;
    const bool last = G::kHighest > 0 && lane_ == kLanes - 1;
    const int beyond = first ? strip.column - 1 : strip.column + knobs.pixels;
    const bool row_exists = row >= 0 && row < shape_.h;
    const bool exists = row_exists && column < shape_.w;
    const bool beyond_exists = row_exists && (first || last) && beyond >= 0 && beyond < shape_.w;
    const long long plane = static_cast<long long>(shape_.h) * shape_.w;
    const T* const line = x_ + (static_cast<long long>(strip.image) * shape_.c + channel_) * plane +
                          static_cast<long long>(row) * shape_.w;
    TW_UNROLL
    for (int i = 0; i < kCopies; ++i) {
      const T* const from = line + i * kChannels * plane;
      const bool wanted = channel_ + i * kChannels < shape_.c;
      pixels_[i] = {};
      beyond_[i] = 0;
      if (wanted && exists) {
        pixels_[i] = load_vector<4>(reinterpret_cast<const unsigned*>(from + column));
      }
      if (wanted && beyond_exists) beyond_[i] = from[beyond].bits;
    }
  }

  // Writes the row that was read to the tiles from `to` on, one for each offset.
  TW_DEVICE void store(SharedPointer<T> to) const {
    TW_UNROLL
    for (int i = 0; i < kCopies; ++i) {
      const unsigned(&at)[4] = pixels_[i].at;
      const auto place = to + (place_ + i * kChannels * 64);
      if constexpr (G::kLowest <= -1 && G::kHighest >= -1) {
        const unsigned before = lane_before(at[3] >> 16, beyond_[i]);
        const unsigned words[4] = {before | at[0] << 16, at[0] >> 16 | at[1] << 16,
                                   at[1] >> 16 | at[2] << 16, at[2] >> 16 | at[3] << 16};
        store_words(place, words);
      }
      if constexpr (G::kLowest <= 0 && G::kHighest >= 0) {
        store_words(place + (0 - G::kLowest) * G::kTile, at);
      }
      if constexpr (G::kLowest <= 1 && G::kHighest >= 1) {
        const unsigned after = lane_after(at[0], beyond_[i]);
        const unsigned words[4] = {at[0] >> 16 | at[1] << 16, at[1] >> 16 | at[2] << 16,
                                   at[2] >> 16 | at[3] << 16, at[3] >> 16 | after << 16};
        store_words(place + (1 - G::kLowest) * G::kTile, words);
      }
    }
  }

 private:
  TW_DEVICE unsigned lane_before(unsigned mine, unsigned beyond) const {
    const unsigned other = __shfl_up_sync(0xffffffffu, mine, 1, kLanes);
    return lane_ == 0 ? beyond : other;
  }
  TW_DEVICE unsigned lane_after(unsigned mine, unsigned beyond) const {
    const unsigned other = __shfl_down_sync(0xffffffffu, mine, 1, kLanes);
    return lane_ == kLanes - 1 ? beyond : other;
  }

  const T* x_;
  const Shape& shape_;
  int lane_;
  int channel_;
  int place_;  // place of the thread's first vector in a tile
  Vector<unsigned, 4> pixels_[kCopies];
  unsigned beyond_[kCopies];
};

}  // namespace tw::conv_transpose2d::wgmma
