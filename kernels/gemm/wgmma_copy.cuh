// How wgmma.cuh and wgmma_slices.cuh copy a tile of an operand to shared memory, as lines of 128
// bytes (common/wgmma.cuh). A tile whose rows (columns) run along the lines is copied in panels of
// 64 of them.
#pragma once

#include "common/cluster.cuh"
#include "common/config.cuh"
#include "common/shared.cuh"
#include "common/tensor_copy.cuh"

namespace tw::gemm::wgmma {

// How blocks that share a tile copy it: each a part of its lines for all of them, or in turn, each
// the whole of every kSharers-th tile.
enum class Share { parts, turns };

// Starts the copies of a tile of an operand, the tile-th along k: its kExtent rows (columns) from x
// on. kSharers blocks use the tile.
template <class G, bool kKMajor, int kExtent, int kSharers, Share kShare = Share::parts, class T>
TW_DEVICE void copy_operand(SharedPointer<T> to, const TensorMap& map, const Barrier& full,
                            int tile, int x, int batch, const Sharers& sharers) {
  constexpr int kPanels = kKMajor ? 1 : ceil_div(kExtent, 64);
  constexpr int kLines = kKMajor ? kExtent : G::kDepth;  // of a panel
  constexpr int kParts = kShare == Share::parts ? kSharers : 1;
  const int k = tile * G::kDepth;
  const auto copy = [&](int part) {
    const int line = part * (kLines / kParts);
    TW_UNROLL
    for (int panel = 0; panel < kPanels; ++panel) {
      const auto place = to + (panel * kLines + line) * (128 / static_cast<int>(sizeof(T)));
      const int along = kKMajor ? k : x + 64 * panel;
      const int across = (kKMajor ? x : k) + line;
      if constexpr (kSharers == 1) {
        load_tensor(place, map, full, along, across, batch);
      } else {
        load_tensor_to(sharers.blocks, place, map, full, along, across, batch);
      }
    }
  };
  if constexpr (kParts > 1) {
    for_own_parts<kParts>(sharers.own, copy);
  } else {
#ifndef TW_CPU_DEVICE
    if (kSharers > 1 && tile % kSharers != sharers.own) return;
#endif
    copy(0);
  }
}

}  // namespace tw::gemm::wgmma
