// Convolution on the tensor cores without im2col: nchw, for filters whose weights fit in shared
// memory.
//
//      y, one image: its pixels in one line            x: the rows that these pixels read
//     +----------------------------------+            +--------------------------------+
//     |            ######################| row        |:::zeros::::::::::::::::::::::::|
//     |##################################| row + 1    |:|                            |:| tile_rows
//     |###############                   | row + 2    |:|  `chunk` channels at a time |:|
//     +----------------------------------+            +--------------------------------+
//        #: block_pixels, wherever rows end              pitch: pad, w, pad
//
// A block computes block_filters x block_pixels outputs, as a product of the filters' weights (M =
// filters, K = channels and taps) and of windows of x (N = pixels). N runs along the rows, so that
// y is written in the order in which it is stored. The weights stay in shared memory as the
// fragments that mma.sync takes, and the block goes from tile to tile of all images. A tile of x is
// copied by whole rows. The windows are never written to memory. A lane reads the elements of a
// fragment from the tile, at the sum of the pixel's position and an offset that depends only on k.
// The offsets are in a table. So a window, stride or dilation that the compiler does not know costs
// nothing.
//
//     words of K        a word is one element of 32 bits, or two of 16 bits:
//     words = gather    read one by one; with 16 bits, any two elements
//     words = columns   two neighbours in a row, one aligned word (even strides)
//     words = channels  vectors of 16 bytes: x is transposed first, so that as many channels of a
//                       pixel as fill a vector lie together, and ldmatrix reads those of 32 pixels
//
// K is filled up to whole steps with weights of zero on elements of the window (with columns,
// possibly on elements of the next column). So y may be NaN where x is infinite.
//
// The knobs and their trade-offs:
//   block_filters  more: x is read less often; fewer: less shared memory for weights
//   block_pixels   more: tiles overlap less; fewer: less shared memory, less of the last tile is
//                  idle
//   warp_filters,  a warp's tile: the larger, the fewer words it reads for a product, and the more
//   warp_pixels    registers it needs; more pixels: longer runs of y are written at once
//   chunk          channels of a tile: more: fewer barriers; fewer: less shared memory
//   stages         tiles in shared memory: one is used while the others are filled
//   vector         elements of a copy of x
//   passes         TF32 products for each product: 3 give fp32's accuracy (big * big and both mixed
//                  products)
//   prefetch       read the fragments of the next step during the products of this step
//   store          registers: store the sums directly; staged: through shared memory, in rows
//   staged_rows    filters that a warp stages at a time: more: fewer waits; fewer: less shared
//                  memory
//   store_vector   elements of a store
//   streaming      the caches evict the lines of y first
//   blocks_per_sm  blocks that go from tile to tile: more blocks hide each other's waiting, but
//                  need registers and shared memory
#pragma once

#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "conv2d/direct_copy.cuh"
#include "conv2d/direct_multiply.cuh"
#include "conv2d/direct_store.cuh"
#include "conv2d/direct_tiling.cuh"

namespace tw::conv2d::direct {

struct Knobs {
  int block_filters, block_pixels;
  int warp_filters, warp_pixels;
  int chunk;
  int stages;
  int vector;
  Words words;
  int passes;
  bool prefetch;
  Store store;
  int staged_rows;
  int store_vector;
  bool streaming;
  int blocks_per_sm;
};

// The tiles of a block, chunk by chunk, in the order in which they are computed.
class Cursor {
 public:
  TW_DEVICE explicit Cursor(int index) : index_(index) {}
  TW_DEVICE bool inside(int tiles) const { return index_ < tiles; }
  TW_DEVICE int index() const { return index_; }
  TW_DEVICE int chunk() const { return chunk_; }
  TW_DEVICE void advance(int chunks) {
    if (++chunk_ == chunks) {
      chunk_ = 0;
      index_ += static_cast<int>(gridDim.x);
    }
  }

 private:
  int index_;
  int chunk_ = 0;
};

// Grid: the blocks that share the tiles, times the blocks of filters.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(Tiling<T, V>::kThreads, V::knobs.blocks_per_sm)
    kernel(Shape shape, const T* x, const T* weights, T* y, typename Epilogue::Args epilogue) {
  using G = Tiling<T, V>;
  constexpr Knobs knobs = V::knobs;
  const Shared<G, T> shared(shape);
  const Filters filters(static_cast<int>(blockIdx.y), knobs.block_filters, shape);
  const Cutter cutter(knobs.block_pixels, shape);
  const int tiles = shape.n * ((shape.pixels() - 1) / knobs.block_pixels + 1);

  clear_tiles<G>(shared, shape);
  make_table<G>(shared, shape);
  pack_weights<G>(shared, weights, filters, shape);
  __syncthreads();

  Cursor ahead(static_cast<int>(blockIdx.x));
  int stage = 0;  // the stage to be filled next
  const auto copy_next = [&] {
    if (ahead.inside(tiles)) {
      const PixelTile tile = cutter.tile(ahead.index(), knobs.block_pixels, shape);
      copy_tile<G>(shared.tiles + stage * G::stage(shape), x, tile, filters.first_channel,
                   ahead.chunk() * knobs.chunk, shape);
      ahead.advance(shape.chunks);
    }
    cp_async_commit();
    stage = stage == G::kStages - 1 ? 0 : stage + 1;
  };
  for (int i = 0; i < G::kAhead; ++i) copy_next();

  Multiplier<G, T> multiplier(shared);
  float sums[G::kTilesM][G::kTilesN][4];
  for (Cursor now(static_cast<int>(blockIdx.x)); now.inside(tiles); now.advance(shape.chunks)) {
    if constexpr (G::kAhead == 0) {
      __syncthreads();
      copy_next();
    }
    cp_async_wait<max(G::kAhead - 1, 0)>();
    __syncthreads();
    const PixelTile tile = cutter.tile(now.index(), knobs.block_pixels, shape);
    if constexpr (G::kGrouped) {
      group_channels<G>(shared, tile, shape);
      __syncthreads();
    }
    if constexpr (G::kAhead > 0) copy_next();
    // The stage that is filled next is the stage that is read now.
    const bool used = tile.first + G::warp_pixel() < tile.end && G::warp_filter() < filters.count;
    if (used) {
      if (now.chunk() == 0) {
        clear(sums);
        multiplier.place(tile, cutter.width, shape);
      }
      multiplier.run(sums, now.chunk(), stage * G::stage(shape), shape.steps);
      if (now.chunk() == shape.chunks - 1) {
        store_tile<G, T, Epilogue>(sums, shared, y, tile, filters, shape, epilogue);
      }
    }
  }
}

}  // namespace tw::conv2d::direct
