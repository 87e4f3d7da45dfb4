// Pairs of blocks that share an operand of a product (clusters, sm_90). The copy engine reads each
// line of the shared tile once and writes it to the shared memory of both blocks. So fewer bytes
// pass through L2.
//
//      rows: one above the other         columns: side by side
//
//              | B |                             | B 0 | B 1 |
//        | A 0 | C |  block 0              | A  |  C  |  C  |
//        | A 1 | C |  block 1                     block 0, block 1
//
// Each block copies one half of the shared tile for both. A stage may be filled again when the
// warps of both blocks have read it.
//
// The cpu device runs each block by itself. There a block copies all of the tile to its own shared
// memory, and nobody else reads it.
#pragma once

#include "common/config.cuh"
#include "common/shared.cuh"
#include "common/tensor_copy.cuh"

// Programs for several targets compile this file for all of them; launchers run the code only on
// sm_90a. For sm_90, ptxas warns of copies to several blocks.
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
#define TW_CLUSTER_ASM(...) asm volatile(__VA_ARGS__)
#else
#define TW_CLUSTER_ASM(...)
#endif

namespace tw {

// The knob `cluster`: which blocks form a pair.
enum class Cluster { none, rows, columns };

// The base of the sizes of a product whose blocks form pairs, or do not. The blocks of a pair are
// neighbours in the grid, along x.
template <Cluster kCluster>
struct Pairs {
  static constexpr int kPairM = kCluster == Cluster::rows ? 2 : 1;
  static constexpr int kPairN = kCluster == Cluster::columns ? 2 : 1;
  static constexpr int kPeers = kPairM * kPairN;
#ifdef TW_CPU_DEVICE
  static constexpr int kHeard = 1;  // blocks whose arrivals a barrier gets
#else
  static constexpr int kHeard = kPeers;
#endif
};

// Returns the number of this block in its pair.
template <int kPeers>
TW_DEVICE int rank_in_cluster() {
  return kPeers == 1 ? 0 : static_cast<int>(blockIdx.x) % kPeers;
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

// Calls copy(part) for each part of a tile that this block copies: its own of kPeers parts.
template <int kPeers, class Copy>
TW_DEVICE void for_own_parts(const Copy& copy) {
#ifdef TW_CPU_DEVICE
  for (int part = 0; part < kPeers; ++part) copy(part);
#else
  copy(rank_in_cluster<kPeers>());
#endif
}

// load_tensor() to the same place in the shared memory of all kPeers blocks of the cluster. In each
// of them the bytes land in the current phase of its own `full`.
template <int kPeers, class T>
TW_DEVICE void load_tensor_to_all(SharedPointer<T> to, const TensorMap& map, const Barrier& full,
                                  int x, int y, int z) {
#ifdef TW_CPU_DEVICE
  load_tensor(to, map, full, x, y, z);
#else
  [[maybe_unused]] constexpr auto kAll = static_cast<unsigned short>((1 << kPeers) - 1);
  TW_CLUSTER_ASM(
      "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes"
      ".multicast::cluster [%0], [%1, {%2, %3, %4}], [%5], %6;" ::"r"(to.address()),
      "l"(&map), "r"(x), "r"(y), "r"(z), "r"(full.address()), "h"(kAll)
      : "memory");
#endif
}

}  // namespace tw

#undef TW_CLUSTER_ASM
