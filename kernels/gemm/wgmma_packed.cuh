// C = epilogue(alpha * op(A) * op(B) + beta * C) for f16 and bf16 on Hopper's tensor cores (wgmma,
// sm_90a), whatever the rows' alignment. A first pass packs A and B (wgmma_pack.cuh), which costs
// one more trip through L2 or device memory. The second pass is wgmma.cuh with other copies: a
// stage's tile of A, and that of B, are each one piece of memory.
//
//    pass 1    A, B  ->  packed A, packed B
//    pass 2    packed A, packed B  ->  C
//
// Rows that begin at multiples of 16 bytes, but not of 128, may gain too: the copy engine reads
// boxes of such rows more slowly than whole tiles.
//
// The knobs are those of wgmma.cuh, with the same trade-offs.
#pragma once

#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/shared.cuh"
#include "common/tensor_copy.cuh"
#include "common/wgmma.cuh"
#include "common/wgmma_pipeline.cuh"
#include "gemm/arguments.cuh"
#include "gemm/mma_results.cuh"
#include "gemm/mma_schedule.cuh"
#include "gemm/op.cuh"
#include "gemm/wgmma_pack.cuh"
#include "gemm/wgmma_walk.cuh"

namespace tw::gemm::wgmma_packed {

using mma::Schedule;

struct Knobs {
  int block_m, block_n;
  int warpgroups;
  bool in_turn;
  int stages;
  int raster;
  Schedule schedule;
  int split_k;
  int min_blocks;
};

template <class T, class V>
using Tiling = wgmma::Tiling<T, V, 1>;

// The second pass. Its arguments, grid and shared memory are as wgmma.cuh's.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(Tiling<T, V>::kThreads, V::knobs.min_blocks)
    kernel(Size size, const T* packed_a, int moves_a, const T* packed_b, int moves_b,
           Destination<T, V> c, typename Epilogue::Args epilogue, int blocks, Work work,
           [[maybe_unused]] float* row_partials) {
  using G = Tiling<T, V>;
  static_assert(sizeof(T) == 2, "packed tiles have elements of 16 bits");
  const int k_tiles = (size.k - 1) / G::kDepth + 1;
  const int warp = uniform_warp();
  const auto shared = aligned_shared<T>(tw::wgmma::kHeadBytes);
  if (threadIdx.x == 0) tw::wgmma::Stage<G>::init_all();
  __syncthreads();

  const wgmma::Walk<G> walk{size.m, size.n, k_tiles, blocks, work};
  if (warp == G::kConsumers / 32) {
    if (threadIdx.x % 32 > 0) return;
    tw::wgmma::Producer<G> producer(shared);
    // From a tile to the tile of the next values of k, in elements.
    const long long step_a = static_cast<long long>(tiles_along(size.m)) * kTileElements;
    const long long step_b = static_cast<long long>(tiles_along(size.n)) * kTileElements;
    walk.for_each_segment([&](const mma::Segment& segment, const typename G::Shares&, int) {
      const mma::TileIndex place = walk.place(segment.tile);
      const long long batch_tiles = static_cast<long long>(place.batch) * k_tiles;
      const T* const from_a = packed_a + moves_a * batch_tiles * step_a +
                              place.row * (G::kBlockM / 64LL) * kTileElements;
      const T* const from_b = packed_b + moves_b * batch_tiles * step_b +
                              place.column * (G::kBlockN / 64LL) * kTileElements;
      producer.fill(
          segment.begin, segment.end, [&](int tile, SharedPointer<T> to, const Barrier& full) {
            load_bytes(to, from_a + tile * step_a, G::kTileA * 2, full);
            load_bytes(to + G::kTileA, from_b + tile * step_b, (G::kStage - G::kTileA) * 2, full);
          });
    });
    return;
  }
  const mma::Results<T, Epilogue, Matrices<T, V>> results{c, size.m, size.n, epilogue,
                                                          row_partials};
  wgmma::multiply(walk, shared, warp, results);
}

}  // namespace tw::gemm::wgmma_packed
