// Convolution of few channels on Hopper's tensor cores (wgmma, sm_90a): nchw, stride 1, without
// im2col and without shifted copies.
//
//      rows of x under a row of y   weights of a tap
//       +-----------------------+      +-------+   A block keeps the weights of 64 filters for its
//       |  pixels          : s-1|      |64     |   whole run. Each warpgroup works on its own: it
//       +-----------------------+   x  |filters|   walks down a strip of `pixels` columns and
//       +-----------------------+      +-------+   computes one row of y after the other. The rows
//       |                  :    |                  of x under it are a ring in shared memory; the
//       +-----------------------+                  next row is read ahead into registers.
//
//      a row of x in shared memory:    |0|1|2|3|4|5|6|7|8|9| ...     a line: 16 bytes, which are
//      the lines that the taps of       |___tap 0_____|              channels of one pixel; further
//      a filter multiply with 8           |___tap 1_____|            channels are in further planes
//      pixels                               |___tap 2_____|
//
// wgmma can read these lines from any line on, so a tap is a shift. A step of a product has two
// planes of a tap, or two taps if there is one plane. If the number of these taps is odd, the last
// step uses the last tap twice, the second time with weights of zero. So y may be NaN where x is
// infinite.
//
// All rows of y form one line, strip by strip; each warpgroup has an equal share of this line.
//
// f32 operands are rounded to the nearest TF32 (one pass) or split into two TF32 numbers (three
// passes: small * big, big * small, big * big). The tensor cores add with truncation. So with three
// passes the sums of a row of taps are added to the others with rounding.
//
// The knobs and their trade-offs:
//   passes       1: an f32 is rounded to TF32; 3: it is the sum of two
//   channels     channels, rounded up; the problem must not have more
//   pixels       columns of a strip: more columns write longer runs of y and read fewer weights for
//                a product; fewer columns take fewer registers
//   warpgroups   of a block: while some wait or store, others multiply
//   store        registers: store the sums directly; staged: through shared memory, in vectors
//   streaming    the caches evict the lines of y first
#pragma once

#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/loops.cuh"
#include "common/ring.cuh"
#include "common/shared.cuh"
#include "common/wgmma.cuh"
#include "conv2d/direct_wgmma_input.cuh"
#include "conv2d/direct_wgmma_store.cuh"
#include "conv2d/direct_wgmma_tile.cuh"
#include "conv2d/op.cuh"

namespace tw::conv2d::direct_wgmma {

enum class Store { registers, staged };

struct Knobs {
  int passes;
  int channels;
  int pixels;
  int warpgroups;
  Store store;
  bool streaming;
};

// Everything that follows from the knobs of a configuration V.
template <class T, class V>
struct Tiling {
  static constexpr Knobs knobs = V::knobs;
  static constexpr bool kSplits = knobs.passes == 3;
  static constexpr bool kStaged = knobs.store == Store::staged;
  static constexpr int kThreads = 128 * knobs.warpgroups;
  static constexpr int kFilters = 64;  // filters of a block: the rows of a product
  static constexpr int kColumns = knobs.pixels / 8;

  static constexpr int kLine = 16 / static_cast<int>(sizeof(T));  // channels of a line
  static constexpr int kPlanes = knobs.channels / kLine;
  static constexpr int kTaps = kPlanes == 1 ? 2 : 1;  // taps of a step
  static constexpr int kPairs = kPlanes * kTaps / 2;  // steps of these taps
  static constexpr int kParts = kSplits ? 2 : 1;      // parts of the data in shared memory
  // the pitch spreads the rows over the banks
  static constexpr int kStagingPitch = knobs.pixels + 8;
  static constexpr int kStaging = kStaged ? 8 * kStagingPitch : 0;  // elements of a warp

  // Return the lines of a plane of a row of x, and the half steps in a row of taps.
  static TW_DEVICE int lines(const Shape& shape) { return knobs.pixels + shape.halo(); }
  static TW_DEVICE int units(const Shape& shape) {
    return kTaps == 2 ? (shape.s + 1) / 2 * 2 : shape.s * kPlanes;
  }

  static_assert(knobs.pixels % 64 == 0 && knobs.pixels <= 128, "the columns of a product");
  static_assert(kPlanes == 1 || kPlanes % 2 == 0, "steps are whole");
  static_assert(!kSplits || sizeof(T) == 4, "f32 is split");
};

// Starts the products of a row of taps with the row of x under them.
template <class G, class T>
TW_DEVICE void start_row(WgmmaQueue& queue, float (&sums)[G::kColumns][4], SharedPointer<T> filters,
                         SharedPointer<T> pixels, const Shape& shape, bool add) {
  const WgmmaLines<T> a(filters), b(pixels);
  const int lines = G::lines(shape);
  int tap = 0;
  do {  // ptxas then knows that there are products, and inserts no fence of its own
    const int column = tap * shape.dilation_w;
    const int second = G::kTaps == 1 ? lines : tap + 1 < shape.s ? shape.dilation_w : 0;
    queue.begin();
    TW_UNROLL
    for (int pair = 0; pair < G::kPairs; ++pair) {
      const int unit = tap * G::kPlanes + 2 * pair;
      queue.multiply(sums, a.at(unit * G::kFilters, G::kFilters),
                     b.at(column + 2 * pair * lines, second), add || unit > 0);
    }
    tap += G::kTaps;
  } while (tap < shape.s);
  queue.begin();  // ptxas needs it before the commit too; otherwise it inserts one (C7519)
}

// The rows of x under a row of y, and one more row, which is written while other warps still
// multiply.
template <class G>
struct RingSizes {
  const Shape& shape;
  TW_DEVICE int rows() const { return shape.span() + 1; }
  TW_DEVICE int elements() const { return G::kParts * G::kPlanes * G::lines(shape) * G::kLine; }
};

// Computes the sums of a row of y. `ring` has the warpgroup's rows of x, and ends with the last row
// under this row.
template <class G, class T>
TW_DEVICE void multiply(float (&sums)[G::kColumns][4], SharedPointer<T> weights,
                        const Ring<T, RingSizes<G>>& ring, const Shape& shape) {
  const int filters = G::units(shape) * G::kFilters * G::kLine;  // elements of a row of taps
  WgmmaQueue queue;
  if constexpr (G::kSplits) {
    const int small_a = shape.r * filters;
    const int small_b = ring.elements() / 2;
    TW_UNROLL
    for (int i = 0; i < 4 * G::kColumns; ++i) sums[i / 4][i % 4] = 0;
    TW_ROLLED
    for (int row = 0; row < shape.r; ++row) {
      const auto a = weights + row * filters;
      const auto b = ring.row((shape.r - 1 - row) * shape.dilation);
      float part[G::kColumns][4];
      start_row<G>(queue, part, a + small_a, b, shape, false);
      start_row<G>(queue, part, a, b + small_b, shape, true);
      start_row<G>(queue, part, a, b, shape, true);
      queue.commit();
      queue.template wait<0>();
      pin(part);
      TW_UNROLL
      for (int i = 0; i < 4 * G::kColumns; ++i) sums[i / 4][i % 4] += part[i / 4][i % 4];
    }
  } else {
    TW_ROLLED
    for (int row = 0; row < shape.r; ++row) {
      start_row<G>(queue, sums, weights + row * filters,
                   ring.row((shape.r - 1 - row) * shape.dilation), shape, row > 0);
      queue.commit();
      queue.template wait<1>();
    }
    queue.template wait<0>();
    pin(sums);
  }
}

// Grid: any number of blocks for each 64 filters. Dynamic shared memory: the weights, each
// warpgroup's ring, and each warp's kStaging elements if rows of y are staged.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(Tiling<T, V>::kThreads, 1)
    kernel(Shape shape, const T* __restrict__ x, const T* __restrict__ weights, T* __restrict__ y,
           typename Epilogue::Args epilogue) {
  using G = Tiling<T, V>;
  const int first_filter = static_cast<int>(blockIdx.y) * G::kFilters;
  const int warp = uniform_warp();
  const int group = warp / 4;
  const auto filters = SharedPointer<T>::dynamic();
  const auto rings = filters + G::kParts * shape.r * G::units(shape) * G::kFilters * G::kLine;
  const RingSizes<G> sizes{shape};
  const int ring_size = sizes.rows() * sizes.elements();
  Ring<T, RingSizes<G>> ring(rings + group * ring_size, sizes);
  const auto staging = rings + (G::knobs.warpgroups * ring_size + warp * G::kStaging);
  const Output<G, T, Epilogue> output(y, staging, shape, first_filter, epilogue);
  Row<G, T> row(x, shape);

  const long long rows = static_cast<long long>(shape.n) * Strip::columns<G>(shape) * shape.p;
  const int groups = static_cast<int>(gridDim.x) * G::knobs.warpgroups;
  const int share = static_cast<int>(blockIdx.x) * G::knobs.warpgroups + group;
  int first = static_cast<int>(rows * share / groups);
  const int end = static_cast<int>(rows * (share + 1) / groups);
  auto strip = Strip::of<G>(first, end, shape);
  if (first < end) row.load(strip, strip.row - shape.pad);
  fill_weights<G>(filters, weights, shape, first_filter);
  fence_proxy_async();
  __syncthreads();
  if (first >= end) return;

  int step = 0;  // rows of x under the strip that are in the ring
  while (true) {
    row.store(ring.advance());
    fence_proxy_async();
    auto next = strip;
    int next_step = step + 1;
    if (next_step == strip.loads) {
      first += strip.rows;
      next = Strip::of<G>(first, end, shape);
      next_step = 0;
    }
    const bool more = first < end;
    if (more) row.load(next, next.row - shape.pad + next_step);
    sync_warpgroup();  // the row is there, and the products of the row before have ended
    const int row_of_y = strip.row + step - (shape.span() - 1);
    if (row_of_y >= strip.row) {
      float sums[G::kColumns][4];
      multiply<G>(sums, filters, ring, shape);
      output.write(sums, strip, row_of_y);
    }
    if (!more) return;
    strip = next;
    step = next_step;
  }
}

}  // namespace tw::conv2d::direct_wgmma
