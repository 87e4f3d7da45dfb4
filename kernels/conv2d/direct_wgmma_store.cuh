// How the sums of direct_wgmma.cuh are written to y. A thread has pairs of neighbouring pixels of
// two filters.
//
//     store = registers   the thread writes the pairs: four lanes write a run of 8 pixels, a warp
//                         writes 8 filters
//     store = staged      a warp writes a row of 8 filters to shared memory. Each filter begins as
//                         far after a multiple of 16 bytes as its run of y does. The warp reads
//                         the filters in the vectors of y and writes the remaining ends in pairs
//
//        y        |. . . .|. . 0 1|2 3 4 5|6 7 8 9|a b . .|     . others' pixels
//        staging          |    0 1|2 3 4 5|6 7 8 9|a b    |     | multiples of 16 bytes
#pragma once

#include "common/cache.cuh"
#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/half.cuh"
#include "common/shared.cuh"
#include "common/vector.cuh"
#include "conv2d/direct_wgmma_tile.cuh"
#include "conv2d/staging.cuh"

namespace tw::conv2d::direct_wgmma {

template <class G, class T, class Epilogue>
class Output {
  static constexpr int kPixels = G::knobs.pixels;
  static constexpr int kVector = G::kLine;           // elements in 16 bytes
  static constexpr int kLanes = kPixels / kVector;   // lanes that write a row together
  static constexpr int kRows = max(1, 32 / kLanes);  // rows written at once
  static constexpr int kPitch = G::kStagingPitch;
  static_assert(kLanes <= 32 && kRows <= 8 && kVector <= 8, "a lane writes a vector and two pairs");

 public:
  using Sums = float[G::kColumns][4];

  // first_filter is the block's; staging is the warp's.
  TW_DEVICE Output(T* y, SharedPointer<T> staging, const Shape& shape, int first_filter,
                   const typename Epilogue::Args& epilogue)
      : y_(y),
        staging_(staging),
        shape_(shape),
        epilogue_(epilogue),
        filter_(first_filter + static_cast<int>(threadIdx.x) % 128 / 32 * 16),
        lane_(static_cast<int>(threadIdx.x) % 32) {}

  // Writes row `row` of y, from the strip's first column on. The sums must not be used afterwards.
  TW_DEVICE void write(Sums& sums, const Strip& strip, int row) const {
    const int count = min(kPixels, shape_.q - strip.column);
    const long long pixels = static_cast<long long>(shape_.p) * shape_.q;
    const long long line = static_cast<long long>(row) * shape_.q + strip.column;
    TW_UNROLL
    for (int i = 0; i < 2; ++i) {
      const Run run{
          strip.image, filter_ + 8 * i, count, pixels,
          (static_cast<long long>(strip.image) * shape_.k + filter_ + 8 * i) * pixels + line};
      finish(sums, i, run);
      if constexpr (G::kStaged) {
        write_staged(sums, i, run);
      } else {
        write_pairs(sums, i, run);
      }
    }
  }

 private:
  // Consecutive pixels of a row, for 8 filters.
  struct Run {
    int image;
    int filter;
    int count;
    long long pixels;  // distance between filters
    long long offset;
  };

  // Applies the epilogue. It finishes before any store, so that the loads of the epilogue's tensors
  // are under way together.
  TW_DEVICE void finish(Sums& sums, int i, const Run& run) const {
    const int filter = min(lane_ / 4, shape_.k - 1 - run.filter);
    const long long offset = run.offset + filter * run.pixels;
    TW_UNROLL
    for (int e = 0; e < 2 * G::kColumns; ++e) {
      // Beyond the edge the position is clamped, because a step may read a tensor there.
      const int pixel = min(e / 2 * 8 + lane_ % 4 * 2 + e % 2, run.count - 1);
      float& sum = sums[e / 2][2 * i + e % 2];
      sum = Epilogue::template apply<T>(
          sum, epilogue_, epilogue::Point{run.image, run.filter + filter, offset + pixel});
    }
  }

  TW_DEVICE bool exists(const Run& run, int filter) const { return run.filter + filter < shape_.k; }
  TW_DEVICE T* start(const Run& run, int filter) const {
    return y_ + (run.offset + filter * run.pixels);
  }

  TW_DEVICE void write_pairs(const Sums& sums, int i, const Run& run) const {
    if (!exists(run, lane_ / 4)) return;
    const int first = lane_ % 4 * 2;
    T* const to = start(run, lane_ / 4) + first;
    const bool pairs = shape_.q % 2 == 0 && reinterpret_cast<size_t>(y_) % (2 * sizeof(T)) == 0;
    TW_UNROLL
    for (int j = 0; j < G::kColumns; ++j) {
      const Vector<T, 2> pair{{from_float<T>(sums[j][2 * i]), from_float<T>(sums[j][2 * i + 1])}};
      const int left = run.count - first - 8 * j;
      if (pairs) {
        if (left > 0) store_through<G::knobs.streaming>(to + 8 * j, pair);
      } else {
        if (left > 0) to[8 * j] = pair.at[0];
        if (left > 1) to[8 * j + 1] = pair.at[1];
      }
    }
  }

  TW_DEVICE void write_staged(const Sums& sums, int i, const Run& run) const {
    __syncwarp();  // the previous row in the staging memory has been read
    const int row = lane_ / 4;
    const int place = row * kPitch + behind(start(run, row)) + lane_ % 4 * 2;
    TW_UNROLL
    for (int j = 0; j < G::kColumns; ++j) {
      stage_pair(staging_ + (place + 8 * j), sums[j][2 * i], sums[j][2 * i + 1]);
    }
    __syncwarp();
    write_vectors(run);
    write_ends(run, row);
  }

  // Returns the number of elements from a multiple of 16 bytes to the first element of a run.
  static TW_DEVICE int behind(const T* run) {
    return static_cast<int>(static_cast<unsigned>(reinterpret_cast<size_t>(run)) / sizeof(T) %
                            kVector);
  }
  // Returns the number of elements before the first whole vector.
  static TW_DEVICE int head(int behind) { return (kVector - behind) % kVector; }

  // Writes the whole vectors of all filters; a lane writes those of every kRows-th filter.
  TW_DEVICE void write_vectors(const Run& run) const {
    const int filter = lane_ / kLanes;
    T* const first = start(run, filter);
    Vector<T, kVector> vectors[8 / kRows];
    TW_UNROLL
    for (int i = 0; i < 8 / kRows; ++i) {
      const int begin = behind(first + i * kRows * run.pixels);
      const int at = (filter + i * kRows) * kPitch + begin + head(begin) + lane_ % kLanes * kVector;
      vectors[i] = load_elements<kVector>(staging_ + at);
    }
    TW_UNROLL
    for (int i = 0; i < 8 / kRows; ++i) {
      T* const to = first + i * kRows * run.pixels;
      const int pixel = head(behind(to)) + lane_ % kLanes * kVector;
      if (pixel + kVector > run.count || !exists(run, filter + i * kRows)) continue;
      store_through<G::knobs.streaming>(to + pixel, vectors[i]);
    }
  }

  // Writes the lane's pairs before the first vector and after the last one. Four lanes share a
  // filter.
  TW_DEVICE void write_ends(const Run& run, int filter) const {
    const int begin = behind(start(run, filter));
    const int whole = max(run.count - head(begin), 0) / kVector * kVector;
    const int pair = lane_ % 4 * 2;
    if (!exists(run, filter)) return;
    if (pair < min(head(begin), run.count)) write_pair(run, filter, begin, pair);
    const int last = head(begin) + whole + pair;
    if (last < run.count) write_pair(run, filter, begin, last);
  }

  TW_DEVICE void write_pair(const Run& run, int filter, int begin, int first) const {
    const auto pair = load_elements<2>(staging_ + (filter * kPitch + begin + first));
    store_through<G::knobs.streaming>(start(run, filter) + first, pair);
  }

  T* y_;
  SharedPointer<T> staging_;
  const Shape& shape_;
  const typename Epilogue::Args& epilogue_;
  int filter_;
  int lane_;
};

}  // namespace tw::conv2d::direct_wgmma
