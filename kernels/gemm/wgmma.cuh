// C = epilogue(alpha * op(A) * op(B) + beta * C) on Hopper's tensor cores (wgmma, sm_90a): f16 and
// bf16, and, if k runs along the rows of both operands, f32 as TF32 (one pass) or with fp32's
// accuracy (three passes: 3xTF32).
//
//                        block_n
//               +-----------------------+     A block computes tiles of block_m x block_n of C one
//      128      |           B           |     after another and walks along k, 128 bytes a step.
//    bytes of k |                       |
//               +-----------------------+     One thread of its last warp starts the copies of the
//     +-----+   +-----------------------+     tiles of A and B to `stages` stages in shared memory
//     |  A  |   |      warpgroup 0      |     (common/wgmma_pipeline.cuh). It runs ahead as far as
//     |     |   +-----------------------+     free stages allow, also over the end of a tile of C.
//     +-----+   |      warpgroup 1      |
//               +-----------------------+
//
// A warpgroup's sums stay in registers, 64 rows of C at a time. wgmma is asynchronous: with one
// pass the products of two tiles are under way at once.
//
// One pass takes f32 operands that the copies have rounded to the nearest TF32. For three passes
// the warpgroups split the operands in shared memory, x = big + small (SplitOperand in
// common/mma.cuh): big replaces x, small goes to one of two tiles beside the stages. The tensor
// cores add with truncation, which would make a long chain drift towards zero. So the sums of a
// tile of k are added to the others with rounding.
//
// The knobs and their trade-offs:
//   passes            1: an f32 is rounded to TF32; 3: it is the sum of two
//   block_m, block_n  larger: fewer bytes through L2 and shared memory; smaller: more blocks, so
//                     less of the last wave is idle
//   warpgroups        of a block, along m: more warpgroups share the tiles and hide one another's
//                     waits
//   in_turn           warpgroups take whole tiles of C in turn, for long epilogues and short k:
//                     some multiply while others store
//   stages            larger: more copies in flight, more shared memory
//   raster            rows of tiles that are walked together: more reuse in L2
//   schedule          tiles: blocks take whole tiles of C in turn; stream_k: as many blocks as run
//                     at once share the tiles of the last waves evenly, which costs device memory
//                     traffic
//   split_k           blocks that share a tile of C, each with a slice of k
//   min_blocks        blocks that must fit on an SM: caps the registers
//   cluster           pairs of blocks share tiles of an operand (common/cluster.cuh): fewer bytes
//                     through L2, but the blocks of a pair wait for each other
#pragma once

#include "common/cluster.cuh"
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
#include "gemm/wgmma_copy.cuh"
#include "gemm/wgmma_walk.cuh"

namespace tw::gemm::wgmma {

using mma::Schedule;
using tw::Cluster;

struct Knobs {
  int passes;
  int block_m, block_n;
  int warpgroups;
  bool in_turn;
  int stages;
  int raster;
  Schedule schedule;
  int split_k;
  int min_blocks;
  Cluster cluster;
};

template <class T, class V>
using Sizes = Tiling<T, V, V::knobs.passes, V::knobs.cluster>;

// Grid: there are `blocks` items of work. stream_k or split_k give work.workers items for the first
// tiles of C; each other tile of all matrices is one item. The grid has `blocks` blocks, or fewer,
// which then take the items in turn. Dynamic shared memory: 1280 bytes, and stages (with three
// passes stages + 2) times (block_m + block_n) * 128 bytes. moves_a, moves_b: 1 if each matrix of
// the batch has its own operand, else 0. row_partials: for a chain that ends in a reduction; see
// mma_results.cuh. If blocks form pairs, `blocks` and `work` count pairs of blocks and of tiles;
// the grid has twice as many blocks, and there are twice as many partials and counters.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(Sizes<T, V>::kThreads, V::knobs.min_blocks)
    kernel(Size size, const __grid_constant__ TensorMap a, int moves_a,
           const __grid_constant__ TensorMap b, int moves_b, Destination<T, V> c,
           typename Epilogue::Args epilogue, int blocks, Work work,
           [[maybe_unused]] float* row_partials) {
  using G = Sizes<T, V>;
  const int k_tiles = (size.k - 1) / G::kDepth + 1;
  const int warp = uniform_warp();
  const auto shared = aligned_shared<T>(tw::wgmma::kHeadBytes);
  if (threadIdx.x == G::kConsumers) {
    prefetch_map(a);
    prefetch_map(b);
  }
  if (threadIdx.x == 0) tw::wgmma::Stage<G>::init_all();
  __syncthreads();
  if constexpr (G::kPeers > 1) sync_cluster();  // before a block arrives at the other's barriers

  const Walk<G> walk{size.m, size.n, k_tiles, blocks, work};
  if (warp == G::kConsumers / 32) {
    if (threadIdx.x % 32 > 0) return;
    tw::wgmma::Producer<G> producer(shared);
    walk.for_each_segment([&](const mma::Segment& segment, const typename G::Shares&, int) {
      const mma::TileIndex place = walk.place(segment.tile);
      producer.fill(segment.begin, segment.end,
                    [&](int tile, SharedPointer<T> to, const Barrier& full) {
                      copy_operand<G, G::kKMajorA, G::kBlockM, G::kPairN>(
                          to, a, full, tile, place.row * G::kBlockM, place.batch * moves_a,
                          sharers_of_a<G>());
                      copy_operand<G, G::kKMajorB, G::kBlockN, G::kPairM>(
                          to + G::kTileA, b, full, tile, place.column * G::kBlockN,
                          place.batch * moves_b, sharers_of_b<G>());
                    });
    });
    if constexpr (G::kPeers > 1) sync_cluster();
    return;
  }
  const mma::Results<T, Epilogue> results{c, size.m, size.n, epilogue, row_partials};
  multiply(walk, shared, warp, results);
  // A block's shared memory must exist until the other one has arrived at its barriers.
  if constexpr (G::kPeers > 1) sync_cluster();
}

}  // namespace tw::gemm::wgmma
