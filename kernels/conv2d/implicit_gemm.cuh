// Convolution as a GEMM on the tensor cores. The matrix of windows is gathered during the copy to
// shared memory: any number of channels, groups, dilation, both layouts.
//
//                  K: taps, channels of a tap fastest
//               +--------------------------------+
//     pixels    | windows of x      | k_bytes |  |      A block computes block_pixels x
//     of all    |                   |  a tile |  |      block_filters outputs and walks along K in
//     images    +--------------------------------+      tiles of k_bytes a row. `stages` tiles are
//                                                       in shared memory: one is multiplied while
//               +--------------------------------+      cp.async fills the others. A row of a tile
//     filters   | weights           |         |  |      is a pixel's window or a filter; a vector
//               |                   |         |  |      of 16 bytes of a row belongs to one tap.
//               +--------------------------------+
//
// D is pixels x filters with nhwc, and filters x pixels with nchw, so that its rows are contiguous
// in y.
//
// Vectors need channels that vary fastest and fill multiples of 16 bytes in a group. Other tensors
// (nchw among them) are first put into this order, with zeros between, by separate passes
// (implicit_gemm_pack.cuh).
//
// The knobs and their trade-offs:
//   block_pixels,   larger: fewer bytes through L2 and shared memory; smaller: more blocks, so less
//   block_filters   of the last wave is idle
//   warp_pixels,    larger: fewer words read from shared memory for a product, more registers
//   warp_filters
//   k_bytes         larger: fewer barriers; smaller: less shared memory a stage
//   stages          larger: more copies in flight, more shared memory
//   passes          TF32 products for each product: 3 give fp32's accuracy (big * big and both
//                   mixed products)
//   store_vector    elements of a store
//   split_k         blocks that share a tile of y, each with a slice of K. The last block to finish
//                   adds up the slices in order, so that results do not depend on timing
//   min_blocks      blocks that must fit on an SM: caps the registers
#pragma once

#include "common/async_copy.cuh"
#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/join_parts.cuh"
#include "common/loops.cuh"
#include "common/mma.cuh"
#include "conv2d/implicit_gemm_copy.cuh"
#include "conv2d/implicit_gemm_pack.cuh"
#include "conv2d/implicit_gemm_store.cuh"
#include "conv2d/implicit_gemm_tiling.cuh"
#include "conv2d/products.cuh"

namespace tw::conv2d::implicit_gemm {

struct Knobs {
  int block_pixels, block_filters;
  int warp_pixels, warp_filters;
  int k_bytes;
  int stages;
  int passes;
  int store_vector;
  int split_k;
  int min_blocks;
};

// Reads the fragments of one step (32 bytes along K) and multiplies them. a, b: the lane's rows for
// ldmatrix in the tiles.
template <class G, class T>
TW_DEVICE void multiply_step(float (&sums)[G::kTilesM][G::kTilesN][4], SharedPointer<T> a,
                             SharedPointer<T> b) {
  unsigned fragments_a[G::kTilesM][4];
  unsigned fragments_b[G::kTilesN][2];
  TW_UNROLL
  for (int m = 0; m < G::kTilesM; ++m) ldmatrix(fragments_a[m], a + m * 16 * G::kPitch);
  TW_UNROLL
  for (int n = 0; n < G::kTilesN; n += 2) {
    unsigned words[4];
    ldmatrix(words, b + n * 8 * G::kPitch);
    fragments_b[n][0] = words[0];
    fragments_b[n][1] = words[1];
    fragments_b[n + 1][0] = words[2];
    fragments_b[n + 1][1] = words[3];
  }
  multiply<T, G::knobs.passes, false, false>(sums, fragments_a, fragments_b);
}

// Adds up `tiles` tiles of K.
template <class G, class T>
TW_DEVICE void run(float (&sums)[G::kTilesM][G::kTilesN][4], SharedPointer<T> shared,
                   Copier<G, T>& copier, int tiles, const Shape& shape) {
  constexpr int kStages = G::knobs.stages;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  // Lanes 8 to 15 point to the next 8 rows of A; for B they point to the next 16 bytes.
  const int row_a = warp / G::kWarpsN * G::kWarpM + lane % 16;
  const int row_b = warp % G::kWarpsN * G::kWarpN + lane % 8 + lane / 16 * 8;
  const SharedPointer<T> a =
      shared + ((G::kNhwc ? 0 : G::kTileX) + row_a * G::kPitch + lane / 16 * G::kVector);
  const SharedPointer<T> b =
      shared + ((G::kNhwc ? G::kTileX : 0) + row_b * G::kPitch + lane / 8 % 2 * G::kVector);
  for (int i = 0; i < kStages - 1; ++i) {
    if (i < tiles) copier.copy(i * G::kStage, shape);
    cp_async_commit();
  }
  int read = 0;
  int write = (kStages - 1) * G::kStage;
  for (int tile = 0; tile < tiles; ++tile) {
    cp_async_wait<kStages - 2>();
    __syncthreads();
    if (tile + kStages - 1 < tiles) copier.copy(write, shape);
    cp_async_commit();
    if constexpr (G::knobs.passes == 3) {  // long as it is
      TW_ROLLED
      for (int step = 0; step < G::kSteps; ++step) {
        multiply_step<G>(sums, a + (read + step * 2 * G::kVector),
                         b + (read + step * 2 * G::kVector));
      }
    } else {
      TW_UNROLL
      for (int step = 0; step < G::kSteps; ++step) {
        multiply_step<G>(sums, a + (read + step * 2 * G::kVector),
                         b + (read + step * 2 * G::kVector));
      }
    }
    write = read;
    read = read == (kStages - 1) * G::kStage ? 0 : read + G::kStage;
  }
  cp_async_wait<0>();
  __syncthreads();
}

// Grid: tiles of y, times slices of K. x, weights: as they are; packed_x, packed_weights: as
// packed. partials: a float for each sum of each slice. arrived:
// one zero for each tile. Neither is used if split_k is 1.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(Tiling<T, V>::kThreads, V::knobs.min_blocks)
    kernel(Shape shape, const T* x, const T* packed_x, int is_packed_x, const T* weights,
           const T* packed_weights, int is_packed_weights, T* y, typename Epilogue::Args epilogue,
           [[maybe_unused]] float* partials, [[maybe_unused]] unsigned* arrived) {
  using G = Tiling<T, V>;
  constexpr Knobs knobs = V::knobs;
  const auto index = static_cast<int>(blockIdx.x);
  const Place place(index, knobs, shape);
  const auto shared = SharedPointer<T>::dynamic();
  const int tiles = static_cast<int>((shape.taps_depth() - 1) / G::kDepth + 1);
  const auto slice = static_cast<int>(blockIdx.y);
  const auto first = static_cast<int>(static_cast<long long>(tiles) * slice / knobs.split_k);
  const auto end = static_cast<int>(static_cast<long long>(tiles) * (slice + 1) / knobs.split_k);

  float sums[G::kTilesM][G::kTilesN][4];
  clear(sums);
  Copier<G, T> copier(shared, is_packed_x ? packed_x : x,
                      is_packed_weights ? packed_weights : weights, place, first, shape);
  run<G>(sums, shared, copier, end - first, shape);
  if constexpr (knobs.split_k > 1) {
    const auto group = [&](int i) { return sums[i / G::kTilesN][i % G::kTilesN]; };
    if (!join_slices<G::kThreads, knobs.split_k, G::kTilesM * G::kTilesN>(group, index, slice,
                                                                          partials, arrived)) {
      return;
    }
  }
  store_tile<G, T, Epilogue>(sums, shared, y, place, shape, epilogue);
}

}  // namespace tw::conv2d::implicit_gemm
