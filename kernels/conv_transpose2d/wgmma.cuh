// A transposed convolution of 16-bit elements with stride 2 on Hopper's tensor cores (wgmma,
// sm_90a). It works phase by phase, like phases.cuh (see axis.cuh), with all weights in shared
// memory.
//
//      rows of x                              A block keeps the weights of 64 filters, a tile for
//      under a pixel row    weights of        each tap, for its whole run. Its warpgroups work
//      and an offset        a tap             independently: each walks down a strip of `pixels`
//      +-----------+      +-------+           columns and computes the two rows of y for a row of
//      |  pixels   |      |64     |           pixels, one after the other. The rows of x that a
//      +-----------+  x   |filters|           pixel row needs are a ring in shared memory. A step
//      | channels  |      +-------+           replaces the oldest row; the next row is read ahead
//      |           |          |               into registers.
//      +-----------+          v
//       ^                 64 x pixels sums    wgmma reads shared memory 16 bytes at a time: a tile
//       one for each      of phases 0 and 1   that begins one pixel to the left or right is a
//       offset -1, 0, 1   of the columns      separate copy.
//
// The sums of both phases of the columns are in one thread: it writes runs of y.
//
// The knobs and their trade-offs:
//   taps, lead   columns of a filter, and its tap over a pixel in phase 0, which is pad_w: they
//                determine the products along x
//   channels     channels, rounded up; the problem must not have more
//   pixels       columns of a strip: more columns read fewer weights for a product, but take more
//                registers
//   warpgroups   of a block: while some wait or store, others multiply
//   rows         pixel rows of a strip: the first rows of x only fill the ring; fewer rows share
//                the work more evenly
//   store        streaming: the caches evict the lines of y first
#pragma once

#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/loops.cuh"
#include "common/ring.cuh"
#include "common/shared.cuh"
#include "common/wgmma.cuh"
#include "conv_transpose2d/wgmma_input.cuh"
#include "conv_transpose2d/wgmma_store.cuh"
#include "conv_transpose2d/wgmma_tile.cuh"

namespace tw::conv_transpose2d::wgmma {

enum class Store { cached, streaming };

struct Knobs {
  int taps;
  int lead;
  int channels;
  int pixels;
  int warpgroups;
  int rows;
  Store store;
};

// Everything that follows from the knobs of a configuration V.
template <class V>
struct Tiling {
  static constexpr Knobs knobs = V::knobs;
  static constexpr bool kStreaming = knobs.store == Store::streaming;
  static constexpr int kThreads = 128 * knobs.warpgroups;
  static constexpr int kFilters = 64;  // filters of a block: the rows of a product
  static constexpr int kColumns = knobs.pixels / 8;
  static constexpr int kSteps = knobs.channels / 16;

  // Elements of the weights of one tap, and of a row of pixels under one offset.
  static constexpr int kTap = knobs.channels * kFilters;
  static constexpr int kTile = knobs.channels * knobs.pixels;

  // The taps and offsets along x, as in Axis.
  static TW_HOST_DEVICE constexpr int tap(int phase, int offset) {
    return phase + knobs.lead - 2 * offset;
  }
  static TW_HOST_DEVICE constexpr bool has(int phase, int offset) {
    return tap(phase, offset) >= 0 && tap(phase, offset) < knobs.taps;
  }
  static TW_HOST_DEVICE constexpr bool used(int offset) { return has(0, offset) || has(1, offset); }
  static constexpr int kLowest = used(-1) ? -1 : used(0) ? 0 : 1;
  static constexpr int kHighest = used(1) ? 1 : used(0) ? 0 : -1;
  static constexpr int kOffsets = kHighest - kLowest + 1;

  static_assert(knobs.pixels % 64 == 0 && knobs.pixels <= 128, "the columns of a product");
  static_assert(knobs.channels % 16 == 0, "steps of a product are 16 channels deep");
  static_assert(knobs.taps >= 2, "each phase has a tap");
  static_assert(!used(-2) && !used(2), "neighbours are enough");
};

// The rows of x that a warpgroup has in shared memory.
template <class G>
struct RingSizes {
  int count;
  TW_DEVICE int rows() const { return count; }
  static TW_DEVICE int elements() { return G::kOffsets * G::kTile; }
};

// Computes the sums of one phase of the rows and both phases of the columns. `ring` has the
// warpgroup's rows of x, and ends with the row under the highest offset.
template <class G, class T>
TW_DEVICE void multiply(float (&sums)[2][G::kColumns][4], SharedPointer<T> weights,
                        const Ring<T, RingSizes<G>>& ring, const Axis& y, int phase_y) {
  using Operand = WgmmaOperand<T, false, G::knobs.channels>;
  const int lowest = y.lowest<2>(phase_y);
  WgmmaQueue queue;
  for (int offset_y = lowest; offset_y <= y.highest<2>(phase_y); ++offset_y) {
    const auto pixels = ring.row(y.highest<2>(1) - offset_y);
    const auto filters = weights + y.tap(phase_y, offset_y) * (G::knobs.taps * G::kTap);
    queue.begin();
    bool add[2] = {offset_y > lowest, offset_y > lowest};
    TW_UNROLL
    for (int offset = G::kLowest; offset <= G::kHighest; ++offset) {
      const Operand b(pixels + (offset - G::kLowest) * G::kTile);
      TW_UNROLL
      for (int phase = 0; phase < 2; ++phase) {
        if (!G::has(phase, offset)) continue;
        const Operand a(filters + G::tap(phase, offset) * G::kTap);
        TW_UNROLL
        for (int step = 0; step < G::kSteps; ++step) {
          queue.multiply(sums[phase], a.at(0, step), b.at(0, step), add[phase] || step > 0);
        }
        add[phase] = true;
      }
    }
    queue.commit();
    queue.template wait<1>();
  }
  queue.template wait<0>();
  pin(sums[0]);
  pin(sums[1]);
}

// Grid: any number of blocks for each 64 filters; they share the strips. Dynamic shared memory:
// 1024 bytes, the weights of r * taps taps, and each warpgroup's ring.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(Tiling<V>::kThreads, 1)
    kernel(Shape shape, const T* __restrict__ x, const T* __restrict__ weights, T* __restrict__ y,
           typename Epilogue::Args epilogue) {
  using G = Tiling<V>;
  const int first_filter = static_cast<int>(blockIdx.y) * G::kFilters;
  const int rows = shape.rows();
  const int group = uniform_warp() / 4;
  const auto filters = aligned_shared<T>();
  const RingSizes<G> sizes{rows};
  const auto rings = filters + shape.r * G::knobs.taps * G::kTap;
  Ring<T, RingSizes<G>> ring(rings + group * rows * sizes.elements(), sizes);
  const Output<G, T, Epilogue> output(y, shape, first_filter, epilogue);
  Row<G, T> row(x, shape);

  const int strips = Strip::count<G>(shape);
  int index = static_cast<int>(blockIdx.x) * G::knobs.warpgroups + group;
  auto strip = Strip::of<G>(index, shape);
  if (index < strips) row.load(strip, strip.row + shape.lowest_y());
  fill_weights<G>(filters, weights, shape, first_filter);
  fence_proxy_async();
  __syncthreads();
  if (index >= strips) return;

  int step = 0;  // rows of the strip that are in the ring
  while (true) {
    sync_warpgroup();  // all warps have read the oldest row
    row.store(ring.advance());
    fence_proxy_async();
    auto next = strip;
    int next_step = step + 1;
    if (next_step == strip.loads) {
      index += static_cast<int>(gridDim.x) * G::knobs.warpgroups;
      next = Strip::of<G>(index, shape);
      next_step = 0;
    }
    const bool more = index < strips;
    if (more) row.load(next, next.row + shape.lowest_y() + next_step);
    sync_warpgroup();
    const int first_row = 2 * (strip.row + step - rows + 1);
    // The bound keeps the compiler from unrolling.
    TW_ROLLED
    for (int phase_y = 0; phase_y < 2 && first_row + phase_y < shape.oh; ++phase_y) {
      if (step < rows - 1) break;
      float sums[2][G::kColumns][4];
      multiply<G>(sums, filters, ring, shape.y(), phase_y);
      output.write(sums, strip, first_row + phase_y);
    }
    if (!more) return;
    strip = next;
    step = next_step;
  }
}

}  // namespace tw::conv_transpose2d::wgmma
