// How the blocks of wgmma.cuh, and of conv2d's implicit_wgmma.cuh, go through the tiles of C. There
// may be fewer blocks than mma_schedule.cuh deals work to. So each block takes its own work, and
// then the work of the block that is one grid further on. The thread that copies and the warpgroups
// that multiply (common/wgmma_pipeline.cuh) go the same way at their own pace. Example for block 0
// of 3:
//
//     copies      | tile 0 | tile 3 | tile 6 | ...                       -> time
//     multiplies    | tile 0 | store | tile 3 | store | tile 6 | ...
#pragma once

#include "common/cluster.cuh"
#include "common/config.cuh"
#include "common/shared.cuh"
#include "common/wgmma_pipeline.cuh"
#include "gemm/arguments.cuh"
#include "gemm/mma_schedule.cuh"
#include "gemm/op.cuh"

namespace tw::gemm::wgmma {

// Everything that follows from the knobs of a configuration V of wgmma.cuh or wgmma_packed.cuh.
template <class T, class V, int kPasses = V::knobs.passes, Cluster kCluster = Cluster::none>
struct Tiling
    : tw::wgmma::Pipeline<T, !transposed_a(V::choices.layout), transposed_b(V::choices.layout),
                          V::knobs.block_m, V::knobs.block_n, V::knobs.warpgroups, V::knobs.in_turn,
                          V::knobs.stages, kPasses, kCluster>,
      mma::Sharing<V::knobs.schedule, V::knobs.split_k> {
  static constexpr auto knobs = V::knobs;
  static constexpr bool kKMajorA = !transposed_a(V::choices.layout);
  static constexpr bool kKMajorB = transposed_b(V::choices.layout);
};

// C is m x n; each of its tiles is a sum over k_tiles tiles of k. blocks and work are the kernels'
// arguments. G is their Tiling. If blocks form pairs, a block and a tile are those of a pair here;
// place() tells the blocks of a pair apart.
template <class G>
struct Walk {
  using Shares = typename G::Shares;

  int m, n;
  int k_tiles;
  int blocks;
  Work work;
  int first = static_cast<int>(blockIdx.x) / G::kPeers;  // this block's first
  int step = static_cast<int>(gridDim.x) / G::kPeers;

  TW_DEVICE mma::TileIndex place(int tile) const {
    mma::TileIndex place(tile, G::knobs.raster, (m - 1) / (G::kPairM * G::kBlockM) + 1,
                         (n - 1) / (G::kPairN * G::kBlockN) + 1);
    place.row = place.row * G::kPairM + G::pair_row();
    place.column = place.column * G::kPairN + G::pair_column();
    return place;
  }

  // Calls run(segment, shares, block) for everything that this block computes. `block` is the block
  // to which the work was dealt.
  template <class Run>
  TW_DEVICE void for_each_segment(const Run& run) const {
    for (int block = first; block < blocks; block += step) {
      if constexpr (G::kShares) {
        mma::for_each_segment<Shares>(block, work.workers, work.shared_tiles, k_tiles,
                                      [&](const mma::Segment& segment, const Shares& shares) {
                                        run(segment, shares, block);
                                      });
      } else {
        run(mma::Segment{block, 0, k_tiles}, Shares(k_tiles, 0, 0), block);
      }
    }
  }

  // Adds up the sums of a segment's tile if several blocks share the tile. Returns whether this
  // block has the result.
  template <int kRows, int kColumns>
  TW_DEVICE bool join([[maybe_unused]] float (&sums)[kRows][kColumns][4],
                      [[maybe_unused]] const mma::Segment& segment,
                      [[maybe_unused]] const Shares& shares, [[maybe_unused]] int block) const {
    if constexpr (G::kShares) {
      if (segment.end - segment.begin < k_tiles) {
        // The blocks that share tiles have slots and counters of their own.
        const int rank = rank_in_cluster<G::kPeers>();
        const long long slots = static_cast<long long>(work.workers) * Shares::kSlots;
        return mma::gather<typename G::Consumers>(
            sums, shares, block, segment, k_tiles,
            work.partials + rank * slots * (G::kBlockM * G::kBlockN),
            work.arrived + rank * work.shared_tiles, dynamic_shared<unsigned>() + tw::wgmma::kFlag);
      }
    }
    return true;
  }
};

// The work of the warpgroups: they compute the sums of each tile and pass them to mma::Results.
template <class G, class Results>
TW_DEVICE void multiply(const Walk<G>& walk, SharedPointer<typename G::Element> shared, int warp,
                        const Results& results) {
  using Consumer = tw::wgmma::Consumer<G>;
  const int group_row = G::kInTurn ? 0 : warp / 4 * G::kGroupRows;
  [[maybe_unused]] int until_mine = warp / 4;
  Consumer consumer(shared, group_row);
  walk.for_each_segment([&](const mma::Segment& segment, const typename G::Shares& shares,
                            int block) {
    if constexpr (G::kInTurn) {
      if (until_mine-- > 0) return consumer.skip(walk.k_tiles);
      until_mine = G::knobs.warpgroups - 1;
    }
    const mma::TileIndex place = walk.place(segment.tile);
    typename Consumer::Sums sums = {};
    consumer.run(sums, segment.end - segment.begin);
    if (!walk.join(sums, segment, shares, block)) return;
    TW_UNROLL
    for (int i = 0; i < G::kBlocks; ++i) {
      float rows[1][G::kColumns][4];
      memcpy(rows[0], sums[i], sizeof rows);
      results.take(rows, place.batch, place.row * G::kBlockM + group_row + 64 * i + warp % 4 * 16,
                   place.column * G::kBlockN);
    }
  });
}

}  // namespace tw::gemm::wgmma
