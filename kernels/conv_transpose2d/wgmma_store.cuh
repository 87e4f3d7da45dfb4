// How the sums of wgmma.cuh are written to y. A thread has pairs of neighbouring pixels in both
// phases, which are four neighbours in a row of y. Lanes exchange halves of their values of two
// columns of sums. Then each lane has 16 bytes, and four lanes write 64 bytes of a row together:
//
//    lane t      0  1  2  3 | 0  1  2  3
//    becomes     0     2    | 1     3
#pragma once

#include "common/cache.cuh"
#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/exchange.cuh"
#include "common/half.cuh"
#include "common/vector.cuh"
#include "conv_transpose2d/wgmma_tile.cuh"

namespace tw::conv_transpose2d::wgmma {

template <class G, class T, class Epilogue>
class Output {
 public:
  using Sums = float[2][G::kColumns][4];

  // first_filter is the block's first filter.
  TW_DEVICE Output(T* y, const Shape& shape, int first_filter,
                   const typename Epilogue::Args& epilogue)
      : y_(y), shape_(shape), epilogue_(epilogue) {
    const int thread = static_cast<int>(threadIdx.x) % 128;
    filter_ = first_filter + thread / 32 * 16 + thread % 32 / 4;
    t_ = thread % 4;
  }

  // Writes row `row` of y, from the columns above the strip's on.
  TW_DEVICE void write(const Sums& sums, const Strip& strip, int row) const {
    TW_UNROLL
    for (int i = 0; i < 2; ++i) write_filter(sums, strip, row, i);
  }

 private:
  using Run = Vector<unsigned, 4>;  // 8 neighbouring elements
  static constexpr int kRuns = G::kColumns / 2;

  // Writes the filter whose sums are at 2 * i.
  TW_DEVICE void write_filter(const Sums& sums, const Strip& strip, int row, int i) const {
    const bool exists = filter_ + 8 * i < shape_.k;
    const int filter = min(filter_ + 8 * i, shape_.k - 1);
    const long long line =
        ((static_cast<long long>(strip.image) * shape_.k + filter) * shape_.oh + row) * shape_.ow;
    const epilogue::Point point{strip.image, filter, line};
    const int column = 2 * strip.column;
    Run runs[kRuns];
    TW_UNROLL
    for (int run = 0; run < kRuns; ++run) runs[run] = finished(sums, run, i, point, column);
    if (!exists) return;
    const int first = column + t_ % 2 * 16 + t_ / 2 * 8;
    T* const to = y_ + line + first;
    if (shape_.ow % 8 == 0) {
      TW_UNROLL
      for (int run = 0; run < kRuns; ++run) {
        if (first + 32 * run >= shape_.ow) continue;
        store_through<G::kStreaming>(reinterpret_cast<unsigned*>(to + 32 * run), runs[run]);
      }
    } else {
      TW_UNROLL
      for (int run = 0; run < kRuns; ++run) {
        write_part(to + 32 * run, runs[run], shape_.ow - first - 32 * run);
      }
    }
  }

  // Returns the 8 neighbours that this lane writes of columns 2 * run and 2 * run + 1 of the sums.
  TW_DEVICE Run finished(const Sums& sums, int run, int i, const epilogue::Point& line,
                         int column) const {
    Vector<unsigned, 2> words[2];
    TW_UNROLL
    for (int j = 0; j < 2; ++j) {
      TW_UNROLL
      for (int pixel = 0; pixel < 2; ++pixel) {
        const int at = column + 2 * (16 * run + 8 * j + 2 * t_ + pixel);
        float values[2];
        TW_UNROLL
        for (int phase = 0; phase < 2; ++phase) {
          // Beyond the edge the position is clamped, because a step may read a tensor there.
          const epilogue::Point point{line.row, line.column,
                                      line.offset + min(at + phase, shape_.ow - 1)};
          values[phase] = Epilogue::template apply<T>(sums[phase][2 * run + j][2 * i + pixel],
                                                      epilogue_, point);
        }
        words[j].at[pixel] = packed<T>(values[0], values[1]);
      }
    }
    return exchanged(words[0], words[1], t_ % 2 == 0, 1);
  }

  // Writes the first `count` elements.
  static TW_DEVICE void write_part(T* to, const Run& run, int count) {
    TW_UNROLL
    for (int e = 0; e < 8; ++e) {
      if (e < count) to[e] = T{static_cast<unsigned short>(run.at[e / 2] >> e % 2 * 16)};
    }
  }

  T* y_;
  const Shape& shape_;
  const typename Epilogue::Args& epilogue_;
  int filter_;
  int t_;
};

}  // namespace tw::conv_transpose2d::wgmma
