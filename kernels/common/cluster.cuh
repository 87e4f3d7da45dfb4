// Blocks that share an operand of a product (clusters, sm_90). The copy engine reads each
// line of the shared tile once and writes it to the shared memory of all of them. So fewer bytes
// pass through L2.
//
//      rows: one above the other         columns: side by side (four_columns: four of them)
//
//              | B |                             | B 0 | B 1 |
//        | A 0 | C |  block 0              | A  |  C  |  C  |
//        | A 1 | C |  block 1                     block 0, block 1
//
// Each block copies a part of the shared tiles for all of them. A stage may be filled again when
// the warps of all blocks that get this block's copies have read theirs.
//
// The cpu device runs each block by itself. There a block copies all of the tile to its own shared
// memory, and nobody else reads it.
#pragma once

#include "common/config.cuh"
#include "common/shared.cuh"
#include "common/tensor_copy.cuh"
#include "common/vector.cuh"

// Programs for several targets compile this file for all of them; launchers run the code only on
// sm_90a. For sm_90, ptxas warns of copies to several blocks.
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
#define TW_CLUSTER_ASM(...) asm volatile(__VA_ARGS__)
#else
#define TW_CLUSTER_ASM(...)
#endif

namespace tw {

// The knob `cluster`: which blocks share tiles.
enum class Cluster { none, rows, columns, four_columns };

// The rows and columns of blocks that share tiles.
TW_HOST_DEVICE constexpr int rows_of(Cluster cluster) { return cluster == Cluster::rows ? 2 : 1; }
TW_HOST_DEVICE constexpr int columns_of(Cluster cluster) {
  return cluster == Cluster::four_columns ? 4 : cluster == Cluster::columns ? 2 : 1;
}

// Returns the number of this block among kPeers neighbours in the grid, along x.
template <int kPeers>
TW_DEVICE int rank_in_cluster() {
  return kPeers == 1 ? 0 : static_cast<int>(blockIdx.x) % kPeers;
}

// The base of the sizes of a product whose blocks form pairs, or do not. The blocks of a pair are
// neighbours in the grid, along x, unless a kernel has functions of its own for their numbers.
template <Cluster kCluster>
struct Pairs {
  static constexpr int kPairM = rows_of(kCluster);
  static constexpr int kPairN = columns_of(kCluster);
  static constexpr int kPeers = kPairM * kPairN;
#ifdef TW_CPU_DEVICE
  static constexpr int kHeard = 1;  // blocks whose arrivals a barrier gets
#else
  static constexpr int kHeard = kPairM + kPairN - 1;
#endif
  // Return the row and the column of this block among the blocks that share tiles.
  static TW_DEVICE int pair_row() { return rank_in_cluster<kPeers>() / kPairN; }
  static TW_DEVICE int pair_column() { return rank_in_cluster<kPeers>() % kPairN; }
  // Returns the number in the cluster of the block at a row and column.
  static TW_DEVICE int block_at(int row, int column) { return row * kPairN + column; }
};

// The blocks that share a tile: a bit for each of their numbers in the cluster, and the place of
// this block among them.
struct Sharers {
  unsigned blocks;
  int own;
};

// Return who shares this block's tile of A (its row), and its tile of B (its column). G is derived
// from Pairs.
template <class G>
TW_DEVICE Sharers sharers_of_a() {
  unsigned blocks = 0;
  TW_UNROLL
  for (int i = 0; i < G::kPairN; ++i) blocks |= 1u << G::block_at(G::pair_row(), i);
  return {blocks, G::pair_column()};
}
template <class G>
TW_DEVICE Sharers sharers_of_b() {
  unsigned blocks = 0;
  TW_UNROLL
  for (int i = 0; i < G::kPairM; ++i) blocks |= 1u << G::block_at(i, G::pair_column());
  return {blocks, G::pair_row()};
}

// Returns the number in the cluster of the i-th of the kHeard blocks that copy to this block: this
// block itself, and those with which it shares a tile.
template <class G>
TW_DEVICE int block_that_copies(int i) {
  const bool below = i >= G::kPairN;
  return G::block_at(G::pair_row() ^ (below ? 1 : 0),
                     (G::pair_column() + (below ? 0 : i)) % G::kPairN);
}

// A __syncthreads() of all blocks of the cluster. Threads that have returned count as arrived.
TW_DEVICE void sync_cluster() {
  TW_CLUSTER_ASM("barrier.cluster.arrive.release;" ::: "memory");
  TW_CLUSTER_ASM("barrier.cluster.wait.acquire;" ::: "memory");
}

// Arrives at the barrier that has the same place in the shared memory of another block of the
// cluster, or of this one.
TW_DEVICE void arrive_at(const Barrier& barrier, [[maybe_unused]] int block) {
#ifdef TW_CPU_DEVICE
  barrier.arrive();
#else
  TW_CLUSTER_ASM(
      "{\n"
      ".reg .b32 there;\n"
      "mapa.shared::cluster.u32 there, %0, %1;\n"
      "mbarrier.arrive.shared::cluster.b64 _, [there];\n"
      "}" ::"r"(barrier.address()),
      "r"(block)
      : "memory");
#endif
}

// Returns the first part for which for_own_parts calls.
TW_DEVICE int first_own_part([[maybe_unused]] int rank) {
#ifdef TW_CPU_DEVICE
  return 0;
#else
  return rank;
#endif
}

// Calls run(part) for each of kPeers parts that this block, number `rank` of kPeers, works on: for
// its own part, or on the cpu device for all.
template <int kPeers, class Run>
TW_DEVICE void for_own_parts([[maybe_unused]] int rank, const Run& run) {
#ifdef TW_CPU_DEVICE
  for (int part = 0; part < kPeers; ++part) run(part);
#else
  run(rank);
#endif
}

// Reads four floats that have the same place in the shared memory of block `peer` of the cluster.
// `from` is aligned to 16 bytes. On the cpu device the block is this one.
TW_DEVICE Vector<float, 4> load_from_peer(SharedPointer<float> from, [[maybe_unused]] int peer) {
#ifdef TW_CPU_DEVICE
  return load_vector<4>(from);
#else
  Vector<float, 4> read{};
  TW_CLUSTER_ASM(
      "{\n"
      ".reg .b32 there;\n"
      "mapa.shared::cluster.u32 there, %4, %5;\n"
      "ld.shared::cluster.v4.f32 {%0, %1, %2, %3}, [there];\n"
      "}"
      : "=f"(read.at[0]), "=f"(read.at[1]), "=f"(read.at[2]), "=f"(read.at[3])
      : "r"(from.address()), "r"(peer)
      : "memory");
  return read;
#endif
}

// load_tensor() to the same place in the shared memory of some blocks of the cluster, a bit for
// each. In each of them the bytes land in the current phase of its own `full`.
template <class T>
TW_DEVICE void load_tensor_to([[maybe_unused]] unsigned blocks, SharedPointer<T> to,
                              const TensorMap& map, const Barrier& full, int x, int y, int z) {
#ifdef TW_CPU_DEVICE
  load_tensor(to, map, full, x, y, z);
#else
  [[maybe_unused]] const auto mask = static_cast<unsigned short>(blocks);
  TW_CLUSTER_ASM(
      "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes"
      ".multicast::cluster [%0], [%1, {%2, %3, %4}], [%5], %6;" ::"r"(to.address()),
      "l"(&map), "r"(x), "r"(y), "r"(z), "r"(full.address()), "h"(mask)
      : "memory");
#endif
}

}  // namespace tw

#undef TW_CLUSTER_ASM
