// Convolution of nhwc images as a product on Hopper's tensor cores (wgmma, sm_90a): f16, bf16, and
// f32 as TF32 (one pass) or with fp32's accuracy (three passes: 3xTF32).
//
//                              filters                 A row of A is a pixel of y, a column of B a
//                         +----------------+           filter. K goes through the taps; in a
//     taps x channels     |       B        |           tap through the channels, 128 bytes a step.
//                         +----------------+
//         +-------+       +----------------+           A is never written: for each tap the copy
//  pixels |   A   |       |       y        |           engine gathers the channels of as many
//         +-------+       +----------------+           pixels of y as a tile has, across rows and
//                                                      images, with zeros for the padding (im2col
//                                                      copies).
//
// The rest is as in gemm's wgmma.cuh: a thread that copies, warpgroups that multiply
// (common/wgmma_pipeline.cuh), blocks that take tiles in turn (gemm/wgmma_walk.cuh) or share them
// along K (gemm/mma_schedule.cuh). gemm/wgmma.cuh also explains three passes and TF32.
//
// The knobs and their trade-offs:
//   passes         1: an f32 is rounded to TF32; 3: it is the sum of two
//   block_pixels,  larger: fewer bytes through L2 and shared memory; smaller: more blocks, so less
//   block_filters  of the last wave is idle
//   warpgroups     of a block, along the pixels: more warpgroups share the tiles and hide one
//                  another's waits
//   in_turn        warpgroups take whole tiles of y in turn, for short K: some multiply while
//                  others store
//   stages         larger: more copies in flight, more shared memory
//   raster         rows of tiles that are walked together: more reuse in L2
//   schedule       tiles: blocks take whole tiles in turn; stream_k: as many blocks as run at once
//                  share the tiles of the last waves evenly
//   split_k        blocks that share a tile, each with a slice of K
//   min_blocks     blocks that must fit on an SM: caps the registers
#pragma once

#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/shared.cuh"
#include "common/tensor_copy.cuh"
#include "common/wgmma.cuh"
#include "common/wgmma_pipeline.cuh"
#include "conv2d/op.cuh"
#include "gemm/mma_results.cuh"
#include "gemm/mma_schedule.cuh"
#include "gemm/wgmma_walk.cuh"

namespace tw::conv2d::implicit_wgmma {

using gemm::mma::Schedule;

struct Knobs {
  int passes;
  int block_pixels, block_filters;
  int warpgroups;
  bool in_turn;
  int stages;
  int raster;
  Schedule schedule;
  int split_k;
  int min_blocks;
};

// Everything that follows from the knobs of a configuration V.
template <class T, class V>
struct Tiling
    : tw::wgmma::Pipeline<T, true, true, V::knobs.block_pixels, V::knobs.block_filters,
                          V::knobs.warpgroups, V::knobs.in_turn, V::knobs.stages, V::knobs.passes>,
      gemm::mma::Sharing<V::knobs.schedule, V::knobs.split_k> {
  static constexpr Knobs knobs = V::knobs;
};

// The geometry of the windows.
struct Windows {
  int p, q;  // rows and columns of y
  int s;     // columns of a filter
  int stride, stride_w, pad, pad_w, dilation, dilation_w;
  int chunks;  // steps of the channels
};

// Starts the copies of the tiles. One thread runs it.
template <class G>
class Copier {
  using T = typename G::Element;

 public:
  TW_DEVICE Copier(SharedPointer<T> shared, const TensorMap& x, const TensorMap& weights,
                   const Windows& windows)
      : producer_(shared), x_(x), weights_(weights), windows_(windows) {}

  // Copies the tiles of K from `begin` to `end`, for the tile of y at (pixel, filter).
  TW_DEVICE void copy(int pixel, int filter, int begin, int end) {
    const int line = pixel / windows_.q;
    const int column = (pixel - line * windows_.q) * windows_.stride_w - windows_.pad_w;
    const int image = line / windows_.p;
    const int row = (line - image * windows_.p) * windows_.stride - windows_.pad;
    const int tap = begin / windows_.chunks;
    int chunk = begin - tap * windows_.chunks;
    int tap_y = tap / windows_.s;
    int tap_x = tap - tap_y * windows_.s;
    producer_.fill(begin, end, [&](int /*tile*/, SharedPointer<T> to, const Barrier& full) {
      const int channel = chunk * G::kDepth;
      load_im2col(to, x_, full, channel, column, row, image, tap_x * windows_.dilation_w,
                  tap_y * windows_.dilation);
      load_tensor(to + G::kTileA, weights_, full, channel, tap_x, tap_y, filter);
      if (++chunk < windows_.chunks) return;
      chunk = 0;
      if (++tap_x < windows_.s) return;
      tap_x = 0;
      ++tap_y;
    });
  }

 private:
  tw::wgmma::Producer<G> producer_;
  const TensorMap& x_;
  const TensorMap& weights_;
  const Windows& windows_;
};

// Grid: there are `blocks` items of work. stream_k or split_k give work.workers items for the first
// tiles of y; each other tile is one item. The grid has `blocks` blocks, or fewer, which then take
// the items in turn. Dynamic shared memory: 1280 bytes, and stages (with three passes stages + 2)
// times (block_pixels + block_filters) * 128 bytes.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(Tiling<T, V>::kThreads, V::knobs.min_blocks)
    kernel(int pixels, int k, int k_tiles, Windows windows, const __grid_constant__ TensorMap x,
           const __grid_constant__ TensorMap weights, T* y, typename Epilogue::Args epilogue,
           int blocks, gemm::Work work) {
  using G = Tiling<T, V>;
  constexpr Knobs knobs = V::knobs;
  const int warp = uniform_warp();
  const auto shared = aligned_shared<T>(tw::wgmma::kHeadBytes);
  if (threadIdx.x == 0) tw::wgmma::Stage<G>::init_all();
  __syncthreads();

  const gemm::wgmma::Walk<G> walk{pixels, k, k_tiles, blocks, work};
  if (warp == G::kConsumers / 32) {
    if (threadIdx.x % 32 > 0) return;
    Copier<G> copier(shared, x, weights, windows);
    walk.for_each_segment([&](const gemm::mma::Segment& segment, const typename G::Shares&, int) {
      const gemm::mma::TileIndex place = walk.place(segment.tile);
      copier.copy(place.row * knobs.block_pixels, place.column * knobs.block_filters, segment.begin,
                  segment.end);
    });
    return;
  }
  const gemm::mma::Results<T, Epilogue> results{{y, k, 0, 1, 0}, pixels, k, epilogue, nullptr};
  gemm::wgmma::multiply(walk, shared, warp, results);
}

}  // namespace tw::conv2d::implicit_wgmma
