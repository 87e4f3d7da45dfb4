// How the sums of phases.cuh are written to y. A thread has two neighbouring pixels of `phases`
// phases. If these are all phases, the thread has a run of 2 * phases neighbours in a row of y.
#pragma once

#include "common/cache.cuh"
#include "common/config.cuh"
#include "common/convert.cuh"
#include "common/epilogue.cuh"
#include "common/half.cuh"
#include "conv_transpose2d/phases_tile.cuh"

namespace tw::conv_transpose2d::phases {

template <class G, class T, class Epilogue>
class Output {
  static constexpr auto knobs = G::knobs;
  static constexpr int kRun = 2 * knobs.phases;
  // The widest store whose size divides a run.
  static constexpr int kStore = min(kRun & -kRun, 16 / static_cast<int>(sizeof(T)));

 public:
  // warp_m and warp_n are the first filter and the first pixel of the warp in the block's tile.
  TW_DEVICE Output(T* y, const Shape& shape, const Tile& tile, int phase_y, int warp_m, int warp_n,
                   const typename Epilogue::Args& epilogue)
      : y_(y), shape_(shape), epilogue_(epilogue) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const Pixel pixel = G::pixel(warp_n + lane % 4 * 2);
    filter_ = tile.filters * G::kFilters + warp_m + lane / 4;
    first_filter_ = tile.group * shape.group_k;
    image_ = tile.image + pixel.image;
    row_ = (tile.row + pixel.y) * shape.stride + phase_y;
    column_ = (tile.column + pixel.x) * shape.stride_w + tile.phase_x;
    // The runs of a row start at multiples of their length.
    whole_ = knobs.phases == shape.stride_w && shape.ow % kStore == 0 &&
             reinterpret_cast<unsigned long long>(y) % (kStore * sizeof(T)) == 0;
    full_ =
        whole_ && (tile.filters + 1) * G::kFilters <= shape.group_k &&
        tile.image + G::kImages <= shape.n &&
        static_cast<long long>(tile.column + G::knobs.tile_x) * shape.stride_w <= shape.ow &&
        static_cast<long long>(tile.row + G::knobs.tile_y - 1) * shape.stride + phase_y < shape.oh;
  }

  // Writes the sums. sums[phase][i][j][e] is pixel 8 * j + e % 2 and filter 16 * i + e / 2 * 8,
  // relative to the thread's first pixel and filter.
  TW_DEVICE void write(const float (&sums)[knobs.phases][G::kFragmentsM][G::kFragmentsN][4]) const {
    if (full_) {
      write_full(sums);
    } else {
      write_guarded(sums);
    }
  }

 private:
  using AllSums = float[knobs.phases][G::kFragmentsM][G::kFragmentsN][4];

  // Collects the sums of run (i, j).
  static TW_DEVICE void gather(float (&run)[kRun], const AllSums& sums, int i, int j) {
    TW_UNROLL
    for (int e = 0; e < kRun; ++e) {
      run[e] = sums[e % knobs.phases][i / 2][j][i % 2 * 2 + e / knobs.phases];
    }
  }

  // Returns the offset of the thread's first element.
  TW_DEVICE long long first_offset(int image, int row, int column) const {
    return ((static_cast<long long>(image) * shape_.groups * shape_.group_k + first_filter_ +
             filter_) *
                shape_.oh +
            row) *
               shape_.ow +
           column;
  }

  // Writes a tile that lies inside of y. There are no branches, so that the values that the steps
  // read are read early and once a filter.
  TW_DEVICE void write_full(const AllSums& sums) const {
    const long long plane = static_cast<long long>(shape_.oh) * shape_.ow;
    const long long image_pitch = plane * shape_.groups * shape_.group_k;
    const long long first = first_offset(image_, row_, column_);
    TW_UNROLL
    for (int i = 0; i < 2 * G::kFragmentsM; ++i) {
      TW_UNROLL
      for (int j = 0; j < G::kFragmentsN; ++j) {
        const Pixel pixel = G::pixel(8 * j);
        const long long offset = first + 8 * i * plane + pixel.image * image_pitch +
                                 pixel.y * shape_.stride * shape_.ow + pixel.x * knobs.phases;
        float run[kRun];
        gather(run, sums, i, j);
        TW_UNROLL
        for (int e = 0; e < kRun; ++e) {
          run[e] = Epilogue::template apply<T>(
              run[e], epilogue_,
              epilogue::Point{image_ + pixel.image, first_filter_ + filter_ + 8 * i, offset + e});
        }
        store_run(y_ + offset, run, kRun);
      }
    }
  }

  TW_DEVICE void write_guarded(const AllSums& sums) const {
    const long long plane = static_cast<long long>(shape_.oh) * shape_.ow;
    TW_UNROLL
    for (int j = 0; j < G::kFragmentsN; ++j) {
      const Pixel pixel = G::pixel(8 * j);
      const int image = image_ + pixel.image;
      const int row = row_ + pixel.y * shape_.stride;
      const int column = column_ + pixel.x * shape_.stride_w;
      const int left = shape_.ow - column;
      if (image >= shape_.n || row >= shape_.oh || left <= 0) continue;
      epilogue::Point at{image, first_filter_ + filter_, first_offset(image, row, column)};
      TW_UNROLL
      for (int i = 0; i < 2 * G::kFragmentsM; ++i) {
        if (filter_ + 8 * i < shape_.group_k) {
          float run[kRun];
          gather(run, sums, i, j);
          write_run(run, at, left);
        }
        at.column += 8;
        at.offset += 8 * plane;
      }
    }
  }

  // Writes the vectors of a run that begin before `left`. `to` is aligned to their size.
  static TW_DEVICE void store_run(T* to, const float (&run)[kRun], int left) {
    TW_UNROLL
    for (int e = 0; e < kRun; e += kStore) {
      float values[kStore];
      memcpy(values, run + e, sizeof values);
      if (e < left) store_through<G::kStreaming>(to + e, narrow<T>(values));
    }
  }

  // Returns the distance from the run's first element to its e-th.
  TW_DEVICE int distance(int e) const {
    return e / knobs.phases * shape_.stride_w + e % knobs.phases;
  }

  // `left` is the number of columns of y from the run's first to the end of the row.
  TW_DEVICE void write_run(const float (&sums)[kRun], epilogue::Point at, int left) const {
    float values[kRun];
    TW_UNROLL
    for (int e = 0; e < kRun; ++e) {
      // Beyond the edge the position is clamped, because a step may read a tensor there.
      const epilogue::Point point{at.row, at.column, at.offset + min(distance(e), left - 1)};
      values[e] = Epilogue::template apply<T>(sums[e], epilogue_, point);
    }
    T* const to = y_ + at.offset;
    if (whole_) {
      store_run(to, values, left);
    } else {
      TW_UNROLL
      for (int e = 0; e < kRun; ++e) {
        if (distance(e) < left) to[distance(e)] = from_float<T>(values[e]);
      }
    }
  }

  T* y_;
  Shape shape_;
  const typename Epilogue::Args& epilogue_;
  int first_filter_;
  int filter_;
  int image_;
  int row_;
  int column_;
  bool whole_;
  bool full_;
};

}  // namespace tw::conv_transpose2d::phases
