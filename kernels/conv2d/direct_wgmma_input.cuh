// How x and the weights are copied to shared memory in direct_wgmma.cuh: through registers, because
// 16 bytes of channels of a pixel, or of a filter's tap, become one line.
//
//     x, a row of each channel            lines of plane 0        of plane 1
//       channel 0   a0 a1 a2 ...            a0 b0 c0 d0             e0 f0 g0 h0
//               1   b0 b1 b2 ...            a1 b1 c1 d1             e1 f1 g1 h1
//               2   c0 c1 c2 ...            ...                     ...
#pragma once

#include "common/config.cuh"
#include "common/half.cuh"
#include "common/mma.cuh"
#include "common/shared.cuh"
#include "common/shared_words.cuh"
#include "conv2d/direct_wgmma_tile.cuh"

namespace tw::conv2d::direct_wgmma {

// Writes a line in the form that the tensor cores read. With three passes, the small parts are
// written `small` elements further on.
template <class G, class T>
TW_DEVICE void store_line(SharedPointer<T> to, const T (&line)[G::kLine], int small) {
  unsigned words[4];
  if constexpr (sizeof(T) == 2) {
    TW_UNROLL
    for (int i = 0; i < 4; ++i) {
      words[i] = line[2 * i].bits | static_cast<unsigned>(line[2 * i + 1].bits) << 16;
    }
  } else if constexpr (G::kSplits) {
    unsigned rest[4];
    TW_UNROLL
    for (int i = 0; i < 4; ++i) {
      const SplitOperand parts(line[i]);
      words[i] = parts.big;
      rest[i] = parts.small;
    }
    store_words(to + small, rest);
  } else {
    TW_UNROLL
    for (int i = 0; i < 4; ++i) words[i] = tf32_operand(line[i]);
  }
  store_words(to, words);
}

// Writes the weights of a block's filters: for each row of taps, for each tap, and for each plane
// of channels, the lines of 64 filters. Weights that do not exist are zeros. All threads take part.
template <class G, class T>
TW_DEVICE void fill_weights(SharedPointer<T> to, const T* weights, const Shape& shape,
                            int first_filter) {
  const int units = G::units(shape);
  const int items = shape.r * units * G::kFilters;
  for (int item = static_cast<int>(threadIdx.x); item < items; item += G::kThreads) {
    const int filter = first_filter + item % G::kFilters;
    const int row = item / G::kFilters / units;
    const int unit = item / G::kFilters - row * units;
    const int tap = unit / G::kPlanes;
    const int first = unit % G::kPlanes * G::kLine;
    const int taps = shape.r * shape.s;
    const bool exists = filter < shape.k && tap < shape.s;
    const T* const from =
        weights + (static_cast<long long>(filter) * shape.c + first) * taps + (row * shape.s + tap);
    T line[G::kLine];
    TW_UNROLL
    for (int e = 0; e < G::kLine; ++e) {
      line[e] = exists && first + e < shape.c ? from[e * taps] : T{};
    }
    store_line<G>(to + item * G::kLine, line, items * G::kLine);
  }
}

// A row of x that is being copied to a warpgroup's lines.
template <class G, class T>
class Row {
  static constexpr int kPixels = G::knobs.pixels;
  static constexpr int kItems = ceil_div(G::kPlanes * kPixels, 128);  // lines of a thread

 public:
  TW_DEVICE Row(const T* x, const Shape& shape)
      : x_(x), shape_(shape), thread_(static_cast<int>(threadIdx.x) % 128) {
    const int halo = max(shape.halo(), 1);
    const int plane = thread_ / halo;
    halo_ = {plane < G::kPlanes && shape.halo() > 0 ? plane : -1, kPixels + thread_ - plane * halo};
  }

  // Starts to read row `row` under the strip. Elements outside of x are zeros.
  TW_DEVICE void load(const Strip& strip, int row) {
    TW_UNROLL
    for (int i = 0; i < kItems; ++i) read(lines_[i], item(i), strip, row);
    if (halo_.plane >= 0) read(halo_line_, halo_, strip, row);
  }

  // Writes the row that was read to the lines from `to` on.
  TW_DEVICE void store(SharedPointer<T> to) const {
    TW_UNROLL
    for (int i = 0; i < kItems; ++i) {
      if (item(i).plane >= 0) write(to, lines_[i], item(i));
    }
    if (halo_.plane >= 0) write(to, halo_line_, halo_);
  }

 private:
  // A line; the members are -1 if there is no line.
  struct Item {
    int plane, column;
  };

  TW_DEVICE Item item(int i) const {
    const int index = thread_ + i * 128;
    const bool exists = G::kPlanes * kPixels % 128 == 0 || index < G::kPlanes * kPixels;
    return {exists ? index / kPixels : -1, index % kPixels};
  }

  TW_DEVICE void read(T (&line)[G::kLine], const Item& item, const Strip& strip, int row) const {
    const int column = strip.column - shape_.pad_w + item.column;
    const int first = item.plane * G::kLine;
    const bool exists =
        item.plane >= 0 && row >= 0 && row < shape_.h && column >= 0 && column < shape_.w;
    const T* const from =
        x_ + (static_cast<long long>(strip.image) * shape_.c + first) * shape_.plane() +
        static_cast<long long>(row) * shape_.w + column;
    TW_UNROLL
    for (int e = 0; e < G::kLine; ++e) {
      line[e] = exists && first + e < shape_.c ? from[e * shape_.plane()] : T{};
    }
  }

  TW_DEVICE void write(SharedPointer<T> to, const T (&line)[G::kLine], const Item& item) const {
    const int lines = G::lines(shape_);
    store_line<G>(to + (item.plane * lines + item.column) * G::kLine, line,
                  G::kPlanes * lines * G::kLine);
  }

  const T* x_;
  const Shape& shape_;
  int thread_;
  Item halo_;
  T lines_[kItems][G::kLine];
  T halo_line_[G::kLine];
};

}  // namespace tw::conv2d::direct_wgmma
