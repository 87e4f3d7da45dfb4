// How the implicit GEMM ends: the epilogue is applied, and y is written in rows through shared
// memory.
#pragma once

#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/vector.cuh"
#include "conv2d/implicit_gemm_tiling.cuh"
#include "conv2d/staging.cuh"

namespace tw::conv2d::implicit_gemm {

// The place of the block's rows and columns of D in y.
template <class G>
struct Destination {
  long long first;      // offset of row 0 and column 0; with nchw without the pixels
  long long row_pitch;  // distance between rows
  long long first_pixel;
  long long image_pitch;
  int plane;
  int rows, columns;  // the rows and columns that exist
  int first_filter;

  TW_DEVICE Destination(const Place& place, const Shape& shape) {
    plane = shape.plane();
    row_pitch = G::kNhwc ? shape.k : plane;
    first = G::kNhwc ? place.first_pixel * shape.k + place.first_filter
                     : static_cast<long long>(place.first_filter) * plane;
    first_pixel = place.first_pixel;
    image_pitch = static_cast<long long>(shape.k) * plane;
    rows = G::kNhwc ? place.pixels : place.filters;
    columns = G::kNhwc ? place.filters : place.pixels;
    first_filter = place.first_filter;
  }

  TW_DEVICE long long row(int index) const { return first + index * row_pitch; }
  TW_DEVICE long long column(int index) const {
    if constexpr (G::kNhwc) {
      return index;
    } else {
      const long long pixel = first_pixel + index;
      const long long image = pixel / plane;
      return image * image_pitch + (pixel - image * plane);
    }
  }
  TW_DEVICE epilogue::Point point(int row_index, int column_index) const {
    const int r = min(row_index, rows - 1);
    const int c = min(column_index, columns - 1);
    return {0, first_filter + (G::kNhwc ? c : r), row(r) + column(c)};
  }
};

// Writes eight rows of a warp, whose elements are in shared memory.
template <class G, class T>
TW_DEVICE void write_rows(T* y, SharedPointer<T> staging, const Destination<G>& to, int first_row,
                          int first_column, int lane) {
  constexpr int kVector = G::knobs.store_vector;
  constexpr int kLanes = min(G::kWarpN / kVector, 32);  // lanes along a row
  constexpr int kRows = 32 / kLanes;                    // rows written at once
  static_assert(kRows <= 8, "at least four lanes along a row");
  const int column = lane % kLanes * kVector;
  const int row = lane / kLanes;
  const SharedPointer<T> from = staging + (row * G::kStagingPitch + column);
  TW_UNROLL
  for (int j = 0; j < G::kWarpN; j += kLanes * kVector) {
    if (first_column + column + j >= to.columns) continue;
    T* at = y + (to.row(first_row + row) + to.column(first_column + column + j));
    TW_UNROLL
    for (int i = 0; i < 8; i += kRows) {
      if (first_row + row + i < to.rows) {
        store_vector(at, load_elements<kVector>(from + (i * G::kStagingPitch + j)));
      }
      at += kRows * to.row_pitch;
    }
  }
}

// Applies the epilogue to the warp's sums and writes them to y. Shared memory must not be in use.
template <class G, class T, class Epilogue>
TW_DEVICE void store_tile(const float (&sums)[G::kTilesM][G::kTilesN][4], SharedPointer<T> shared,
                          T* y, const Place& place, const Shape& shape,
                          const typename Epilogue::Args& epilogue) {
  const Destination<G> to(place, shape);
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int first_row = warp / G::kWarpsN * G::kWarpM;
  const int first_column = warp % G::kWarpsN * G::kWarpN;
  if (first_row >= to.rows || first_column >= to.columns) return;
  const SharedPointer<T> staging = shared + warp * 8 * G::kStagingPitch;
  TW_UNROLL
  for (int part = 0; part < 2 * G::kTilesM; ++part) {  // a part has eight rows
    const int row = first_row + part * 8;
    float values[G::kTilesN][2];
    TW_UNROLL
    for (int i = 0; i < 2 * G::kTilesN; ++i) {
      const int column = first_column + i / 2 * 8 + lane % 4 * 2 + i % 2;
      values[i / 2][i % 2] = Epilogue::template apply<T>(
          sums[part / 2][i / 2][part % 2 * 2 + i % 2], epilogue, to.point(row + lane / 4, column));
    }
    TW_UNROLL
    for (int n = 0; n < G::kTilesN; ++n) {
      stage_pair(staging + (lane / 4 * G::kStagingPitch + n * 8 + lane % 4 * 2), values[n][0],
                 values[n][1]);
    }
    __syncwarp();
    write_rows<G>(y, staging, to, row, first_column, lane);
    __syncwarp();
  }
}

}  // namespace tw::conv2d::implicit_gemm
