// C = epilogue(alpha * op(A) * op(B) + beta * C) on Hopper's tensor cores (wgmma, sm_90a), for
// products with few tiles of C: the blocks of a cluster share k. f16 and bf16, and f32 as TF32 if k
// runs along the rows of both operands.
//
//            k: slice 0 | slice 1 | slice 2     The blocks of a cluster compute one tile of C, each
//              +--------+---------+--------+    with a slice of k, like wgmma.cuh: one thread
//         wide |        |         |        |    copies tiles to stages in shared memory, and
//              +--------+---------+--------+    warpgroups multiply them.
//         tall |block 0 | block 1 |block 2 |
//              +--------+---------+--------+
//
//    sums of block 0, 1, 2     Then each block writes its sums to its own shared memory, and adds
//     | 0 |   | 0 |   | 0 |    up one part of the tile from the shared memory of all blocks of the
//     | 1 |   | 1 |   | 1 |    cluster, in their order: block 0 part 0, block 1 part 1, ... It
//     | 2 |   | 2 |   | 2 |    applies the epilogue to the part and stores it.
//
// The blocks share k without device memory and without counters.
//
// A wgmma has 64 rows, but any multiple of 8 columns. For a C with few rows the transposed product
// is computed (swapped): the rows of C are the columns of the wgmma. The way through shared memory
// also transposes the sums.
//
// The thread that copies does not wait for anybody before its first copies: it initialises the
// barriers itself, and the others wait for it.
//
// The knobs and their trade-offs:
//   swapped      the columns of wgmma are the rows of C, not its columns
//   tall         rows of the product, or columns of C if swapped. Larger: fewer bytes through L2
//   wide         columns of the product, or rows of C if swapped; as tall
//   warpgroups   of a block, along `tall`
//   depth        pairs of tiles in a stage, 128 bytes of k each: more are fewer waits
//   stages       larger: more copies in flight, more shared memory
//   slices       blocks of a cluster, each with a slice of k. More: less to copy for each block,
//                but more sums to add up
//   min_blocks   blocks that must fit on an SM: caps the registers
//   cluster      blocks that share tiles of an operand (common/cluster.cuh): fewer bytes through
//                L2, but the blocks wait for each other
#pragma once

#include "common/cluster.cuh"
#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/shared.cuh"
#include "common/tensor_copy.cuh"
#include "common/warpgroup_registers.cuh"
#include "common/wgmma.cuh"
#include "common/wgmma_pipeline.cuh"
#include "gemm/arguments.cuh"
#include "gemm/mma_results.cuh"
#include "gemm/op.cuh"
#include "gemm/wgmma_slices_copy.cuh"
#include "gemm/wgmma_slices_store.cuh"

namespace tw::gemm::wgmma_slices {

using tw::Cluster;

struct Knobs {
  bool swapped;
  int tall, wide;
  int warpgroups;
  int depth;
  int stages;
  int slices;
  int min_blocks;
  Cluster cluster;
};

// Everything that follows from the knobs. The product's first operand has the rows: it is A, or B
// if swapped.
template <class V>
constexpr bool kFirstKMajor = V::knobs.swapped ? transposed_b(V::choices.layout)
                                               : !transposed_a(V::choices.layout);
template <class V>
constexpr bool kSecondKMajor =
    V::knobs.swapped ? !transposed_a(V::choices.layout) : transposed_b(V::choices.layout);
template <class T, class V>
struct Sizes : tw::wgmma::Pipeline<T, kFirstKMajor<V>, kSecondKMajor<V>, V::knobs.tall,
                                   V::knobs.wide, V::knobs.warpgroups, false, V::knobs.stages, 1,
                                   V::knobs.cluster, V::knobs.depth> {
  static constexpr bool kSwapped = V::knobs.swapped;
  static constexpr int kSlices = V::knobs.slices;
  // ptxas counts whole warpgroups, which leaves 168 registers for each of 288 threads. With more
  // sums a warpgroup copies, and gives most of its registers to the two that multiply.
  static constexpr bool kMovesRegisters =
      V::knobs.warpgroups == 2 && Sizes::kBlocks * Sizes::kColumns * 4 > 128;
  static constexpr int kThreads = Sizes::kConsumers + (kMovesRegisters ? 128 : 32);
  // The tile of C, and its pitch in shared memory in floats, so that no two lanes of a store meet
  // in a bank: lanes store pairs of a row, or, if swapped, elements of 2 * (lane % 4) rows.
  static constexpr int kTileRows = kSwapped ? V::knobs.wide : V::knobs.tall;
  static constexpr int kTileColumns = kSwapped ? V::knobs.tall : V::knobs.wide;
  static constexpr int kPitch =
      kSwapped ? kTileColumns + 4 : kTileColumns + (kTileColumns % 16 == 0 ? 8 : 0);
  // This block's slice, its place among the blocks that share tiles, and the numbers of blocks in
  // the cluster.
  static TW_DEVICE int slice() { return rank_in_cluster<kSlices>(); }
  static TW_DEVICE int pair_row() { return static_cast<int>(blockIdx.x) / kSlices % Sizes::kPairM; }
  static TW_DEVICE int pair_column() { return static_cast<int>(blockIdx.y) % Sizes::kPairN; }
  static TW_DEVICE int block_of(int slice, int row, int column) {
    return slice + kSlices * (row + Sizes::kPairM * column);
  }
  static TW_DEVICE int block_at(int row, int column) { return block_of(slice(), row, column); }
};

// Grid: x is slices blocks for each row of tiles of C, y is the column of tiles, z the matrix of
// the batch. Blocks of a cluster are neighbours along x and y. Dynamic shared memory: 1280 bytes,
// and the stages or the tile of C, which takes their place. moves_a, moves_b: 1 if each matrix of
// the batch has its own operand, else 0. The maps' boxes have `tall` or `wide` rows (columns).
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(Sizes<T, V>::kThreads, V::knobs.min_blocks)
    kernel(Size size, const __grid_constant__ TensorMap a, int moves_a,
           const __grid_constant__ TensorMap b, int moves_b, Destination<T, V> c,
           typename Epilogue::Args epilogue) {
  using G = Sizes<T, V>;
  const int steps = (size.k - 1) / (G::kDeep * G::kDepth) + 1;
  const int row = static_cast<int>(blockIdx.x) / G::kSlices * G::kTileRows;
  const int column = static_cast<int>(blockIdx.y) * G::kTileColumns;
  const int batch = static_cast<int>(blockIdx.z);
  const auto begin_of = [&](int slice) { return steps * slice / G::kSlices; };
  const int warp = uniform_warp();
  const auto shared = aligned_shared<T>(tw::wgmma::kHeadBytes);

  if (warp >= G::kConsumers / 32) {
    if constexpr (G::kMovesRegisters) give_registers<40>();
    const Copier<G, V, T> copier(shared, a, batch * moves_a, b, batch * moves_b, row, column);
    copier.run(begin_of);
    return;
  }
  if constexpr (G::kMovesRegisters) take_registers<232>();
  if constexpr (G::kPeers > 1) sync_cluster();
  __syncthreads();

  const int group_row = warp / 4 * G::kGroupRows;
  tw::wgmma::Consumer<G> consumer(shared, group_row);
  typename tw::wgmma::Consumer<G>::Sums sums = {};
  for_own_parts<G::kSlices>(
      G::slice(), [&](int slice) { consumer.run(sums, begin_of(slice + 1) - begin_of(slice)); });
  const auto tile = aligned_shared<float>(tw::wgmma::kHeadBytes);
  G::Consumers::sync();  // the tile takes the place of the stages
  TW_UNROLL
  for (int i = 0; i < G::kBlocks; ++i) put<G>(tile, sums[i], group_row + 64 * i);
  sync_slices<G>();
  const mma::Results<T, Epilogue> results{c, size.m, size.n, epilogue, nullptr};
  store_own_part<G>(tile, results.output(batch), row, column);
  // Other blocks use this block's shared memory.
  if constexpr (G::kSlices * G::kPeers > 1) sync_slices<G>();
}

}  // namespace tw::gemm::wgmma_slices
