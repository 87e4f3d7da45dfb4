// Which block of mma.cuh and wgmma.cuh computes what: the order of the tiles of C, and tiles whose
// k is shared by several blocks.
//
//    k tiles of the shared tiles of C, one after the other, dealt to 3 workers:
//
//      |      tile 0      |      tile 1      |      the rest: a block for each tile
//      |.....................................|
//      |  worker 0  |  worker 1  | worker 2  |
//
// A worker writes its sums for each of its tiles to device memory. The last worker that does so for
// a tile adds the sums in the order of the workers, so that results do not depend on timing. No
// worker waits for another one.
#pragma once

#include "common/config.cuh"
#include "common/join_parts.cuh"

namespace tw::gemm::mma {

// The tile of C at a place in the order of computation: batch after batch. In a batch, groups of
// `raster` rows of tiles are walked column by column.
struct TileIndex {
  int batch;
  int row;
  int column;

  TW_DEVICE TileIndex(int index, int raster, int tiles_m, int tiles_n) {
    const int tiles = tiles_m * tiles_n;
    batch = index / tiles;
    index %= tiles;
    const int group = index / (raster * tiles_n);
    const int within = index % (raster * tiles_n);
    const int rows = min(raster, tiles_m - group * raster);
    row = group * raster + within % rows;
    column = within / rows;
  }
};

// The knob `schedule`: blocks take whole tiles, or as many blocks as run at once share the tiles of
// the last waves evenly.
enum class Schedule { tiles, stream_k };

// Each worker has a whole slice: kSlices workers for each tile.
template <int kSlices>
struct Slices {
  static constexpr int kSlots = 1;  // tiles of a worker
  long long k_tiles;

  TW_DEVICE Slices(int k_tiles_, int /*tiles*/, int /*workers*/) : k_tiles(k_tiles_) {}
  // Returns the first k tile of a worker, counted over all shared tiles.
  TW_DEVICE long long first(int worker) const {
    return worker / kSlices * k_tiles + k_tiles * (worker % kSlices) / kSlices;
  }
  // Returns the worker that computes a k tile.
  TW_DEVICE int owner(long long k_tile) const {
    const int slice = static_cast<int>(((k_tile % k_tiles + 1) * kSlices - 1) / k_tiles);
    return static_cast<int>(k_tile / k_tiles) * kSlices + slice;
  }
};

// All workers have equal shares, which may begin and end in the middle of a tile: stream-k (Osama
// et al., Stream-K: Work-centric Parallel Decomposition for Dense Matrix-Matrix Multiplication on
// the GPU).
struct Stream {
  static constexpr int kSlots = 2;
  long long all;
  int workers;

  TW_DEVICE Stream(int k_tiles, int tiles, int workers_)
      : all(static_cast<long long>(k_tiles) * tiles), workers(workers_) {}
  TW_DEVICE long long first(int worker) const { return all * worker / workers; }
  TW_DEVICE int owner(long long k_tile) const {
    return static_cast<int>(((k_tile + 1) * workers - 1) / all);
  }
};

// The base of a Tiling that says how k is shared.
template <Schedule kSchedule, int kSlices>
struct Sharing {
  static constexpr bool kShares = kSlices > 1;
  using Shares = Slices<kSlices>;
};
template <int kSlices>
struct Sharing<Schedule::stream_k, kSlices> {
  static constexpr bool kShares = true;
  using Shares = Stream;
};

// Some k tiles of one tile of C.
struct Segment {
  int tile;
  int begin;
  int end;
};

// Calls run(segment, shares) for everything that a block computes: a worker's share, or a whole
// tile.
template <class Shares, class Run>
TW_DEVICE void for_each_segment(int block, int workers, int shared_tiles, int k_tiles,
                                const Run& run) {
  const Shares shares(k_tiles, shared_tiles, workers);
  const bool whole = block >= workers;
  long long at = whole ? static_cast<long long>(shared_tiles + block - workers) * k_tiles
                       : shares.first(block);
  const long long end = whole ? at + k_tiles : shares.first(block + 1);
  while (at < end) {
    const int tile = static_cast<int>(at / k_tiles);
    const int first = static_cast<int>(at - static_cast<long long>(tile) * k_tiles);
    const long long left = end - at;
    const int count = static_cast<int>(left < k_tiles - first ? left : k_tiles - first);
    at += count;
    run(Segment{tile, first, first + count}, shares);
  }
}

// Adds up the sums of a tile of C whose k is shared, as join_parts does. partials holds a slot for
// each tile of a worker, [worker][slot]; arrived holds a counter for each tile.
template <class Threads, int kRows, int kColumns, class Shares>
TW_DEVICE bool gather(float (&sums)[kRows][kColumns][4], const Shares& shares, int worker,
                      Segment segment, long long k_tiles, float* partials, unsigned* arrived,
                      unsigned* flag) {
  constexpr long long kSlot = 4LL * kRows * kColumns * Threads::kCount;
  const long long tile_begin = segment.tile * k_tiles;
  const int first = shares.owner(tile_begin);
  const int last = shares.owner(tile_begin + k_tiles - 1);
  // Only the first worker may have begun with the tile before.
  const auto slot = [&](int part) {
    const int w = first + part;
    const int second = part == 0 && shares.first(w) < tile_begin ? 1 : 0;
    return partials + (static_cast<long long>(w) * Shares::kSlots + second) * kSlot;
  };
  return join_parts<Threads, kRows * kColumns>(
      [&](int i) { return &sums[i / kColumns][i % kColumns][0]; }, worker - first, last - first + 1,
      slot, arrived + segment.tile, flag);
}

}  // namespace tw::gemm::mma
