// How the direct convolution writes y: it applies the epilogue to the sums and stores them,
// directly or through shared memory.
#pragma once

#include "common/cache.cuh"
#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/half.cuh"
#include "common/opaque.cuh"
#include "common/vector.cuh"
#include "conv2d/direct_tiling.cuh"
#include "conv2d/staging.cuh"

namespace tw::conv2d::direct {

// The destination of a warp's outputs.
template <class G, class T>
struct Destination {
  T* y;              // the block's first filter in the image, pixel 0
  long long offset;  // the same place, as an offset in all of y
  int pixels;        // distance between filters
  int first_filter;  // the warp's, relative to the block's
  int filters;       // the block's number of filters
  int first_pixel;   // the warp's
  int end;           // end of the block's pixels
};

// Writes the filters that are in the staging memory.
template <class G, class T>
TW_DEVICE void write_rows(SharedPointer<T> staging, const Destination<G, T>& to, int first_filter,
                          int lane) {
  constexpr int kVector = G::knobs.store_vector;
  constexpr int kLanes = min(G::knobs.warp_pixels / kVector, 32);  // lanes along a row
  constexpr int kRows = 32 / kLanes;                               // rows written at once
  static_assert(kRows <= 8, "at least four lanes along a row");
  const int column = lane % kLanes * kVector;
  const int first_row = lane / kLanes;
  const SharedPointer<T> from = staging + (first_row * G::kStagingPitch + column);
  T* at = to.y + static_cast<long long>(first_filter + first_row) * to.pixels +
          (to.first_pixel + column);
  TW_UNROLL
  for (int row = 0; row < G::knobs.staged_rows; row += kRows) {
    const bool exists = first_filter + first_row + row < to.filters;
    TW_UNROLL
    for (int i = 0; i < G::knobs.warp_pixels; i += kLanes * kVector) {
      const auto elements = load_elements<kVector>(from + (row * G::kStagingPitch + i));
      if (exists && to.first_pixel + column + i < to.end) {
        store_through<G::knobs.streaming>(at + i, elements);
      }
    }
    at += static_cast<long long>(to.pixels) * kRows;
  }
}

// Writes a lane's two neighbouring elements of one filter.
template <class G, class T>
TW_DEVICE void write_pair(T* to, float first, float second, int left) {
  if (G::knobs.store_vector > 1 && left > 1) {
    store_through<G::knobs.streaming>(to,
                                      Vector<T, 2>{{from_float<T>(first), from_float<T>(second)}});
  } else {
    if (left > 0) to[0] = from_float<T>(first);
    if (left > 1) to[1] = from_float<T>(second);
  }
}

// Applies the epilogue to the warp's sums. It finishes before any store, so that the loads of the
// epilogue's tensors are under way together.
template <class G, class T, class Epilogue>
TW_DEVICE void finish(float (&sums)[G::kTilesM][G::kTilesN][4], const Destination<G, T>& to,
                      int image, int first_filter, int lane,
                      const typename Epilogue::Args& epilogue) {
  TW_UNROLL
  for (int part = 0; part < 2 * G::kTilesM; ++part) {
    const int filter = min(to.first_filter + part * 8 + lane / 4, to.filters - 1);
    const long long row = to.offset + static_cast<long long>(filter) * to.pixels;
    TW_UNROLL
    for (int i = 0; i < 2 * G::kTilesN; ++i) {
      const int pixel = min(to.first_pixel + i / 2 * 8 + lane % 4 * 2 + i % 2, to.end - 1);
      float& sum = sums[part / 2][i / 2][part % 2 * 2 + i % 2];
      sum = Epilogue::template apply<T>(sum, epilogue,
                                        epilogue::Point{image, first_filter + filter, row + pixel});
    }
  }
}

// Applies the epilogue to the warp's sums and writes them to y.
template <class G, class T, class Epilogue>
TW_DEVICE void store_tile(float (&sums)[G::kTilesM][G::kTilesN][4], const Shared<G, T>& shared,
                          T* y, const PixelTile& tile, const Filters& filters, const Shape& shape,
                          const typename Epilogue::Args& epilogue) {
  constexpr bool kStaged = G::knobs.store == Store::staged;
  constexpr int kParts = G::knobs.staged_rows / 8;  // parts that are staged together
  const int lane = opaque(static_cast<int>(threadIdx.x) % 32);
  const long long image_offset =
      (static_cast<long long>(tile.image) * shape.k + filters.first) * shape.pixels();
  const Destination<G, T> to{y + image_offset, image_offset,  shape.pixels(),
                             G::warp_filter(), filters.count, tile.first + G::warp_pixel(),
                             tile.end};
  finish<G, T, Epilogue>(sums, to, tile.image, filters.first, lane, epilogue);
  const SharedPointer<T> staging =
      shared.staging + static_cast<int>(threadIdx.x) / 32 * G::knobs.staged_rows * G::kStagingPitch;
  TW_UNROLL
  for (int part = 0; part < 2 * G::kTilesM; ++part) {  // a part has eight filters
    const int filter = to.first_filter + part * 8 + lane / 4;
    const int row = part % kParts * 8 + lane / 4;
    TW_UNROLL
    for (int n = 0; n < G::kTilesN; ++n) {
      const int column = n * 8 + lane % 4 * 2;
      const float* const pair = &sums[part / 2][n][part % 2 * 2];
      if constexpr (kStaged) {
        stage_pair(staging + (row * G::kStagingPitch + column), pair[0], pair[1]);
      } else if (filter < to.filters) {
        write_pair<G>(to.y + static_cast<long long>(filter) * to.pixels + to.first_pixel + column,
                      pair[0], pair[1], to.end - to.first_pixel - column);
      }
    }
    if (kStaged && (part + 1) % kParts == 0) {
      __syncwarp();
      write_rows<G>(staging, to, to.first_filter + (part + 1 - kParts) * 8, lane);
      __syncwarp();
    }
  }
}

}  // namespace tw::conv2d::direct
