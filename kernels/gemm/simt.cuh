// C = epilogue(alpha * op(A) * op(B) + beta * C) in strict fp32, on the FMA units.
//
//                     block_n
//            +--------+--------+          A block computes block_m x block_n of C and walks along
//    block_k |   B    |        |          k in steps of block_k. `stages` tiles of A and B are in
//            +--------+--------+          shared memory: one is multiplied while cp.async fills
//   block_k    warp_n                     the others.
//    +---+   +--------+--------+
//    | A |   | warp 0 | warp 1 | warp_m   A warp's lanes      A thread's elements, thread_m x
//    |   |   |        |        |          along m and n:      thread_n, are groups of 4 spread
//    +---+   +--------+--------+ block_m  +--+--+--+--+       over the warp's tile, so that the
//    |   |   | warp 2 | warp 3 |          |0 |1 |4 |5 | ...   lanes' 16-byte reads of shared
//    |   |   |        |        |          +--+--+--+--+       memory touch neighbouring banks:
//    +---+   +--------+--------+          |2 |3 |6 |7 |         |####            ####          |
//                                         +--+--+--+--+          ^lane 0         ^lane 0
//
// The knobs and their trade-offs:
//   block_m, block_n    larger: fewer bytes through L2 and shared memory; smaller: more blocks, so
//                       less of the last wave is idle
//   block_k             larger: fewer barriers; smaller: less shared memory a stage, and less code
//   warp_m, warp_n      the nearer to a square, the fewer words a warp reads from shared memory
//   thread_m, thread_n  larger: more FMAs for each word read, but more registers, so fewer warps
//                       that hide latency
//   stages              larger: more copies in flight, more shared memory
//   prefetch            fragments of the next k are read during the FMAs of this k; this takes
//                       thread_m + thread_n registers
//   by_columns          the order of a thread's FMAs. Each FMA shares an operand with the one
//                       before, and so reads two registers and not three; ptxas decides for which
//                       order it keeps more of this sharing
//   burst               copies that are started together: few interrupt the FMAs more often, many
//                       block the path to shared memory for longer
//   vector              elements of a copy of an operand that is not transposed: larger means fewer
//                       copies, but needs alignment
//   k_lanes             lanes along k in a copy that transposes: more lanes touch fewer lines of
//                       memory, but need more pointers
//   pad                 words between the rows of a transposed tile: with 4 its stores have no bank
//                       conflicts
//   raster              rows of tiles that are walked together: more reuse in L2
//   split_k             blocks that share a tile of C, each with a slice of k. The last block to
//                       finish adds up the slices in order, so results do not depend on timing
//   min_blocks          blocks that must fit on an SM: caps the registers
#pragma once

#include "common/async_copy.cuh"
#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/join_parts.cuh"
#include "common/shared.cuh"
#include "common/vector.cuh"
#include "gemm/arguments.cuh"
#include "gemm/op.cuh"
#include "gemm/simt_copy.cuh"
#include "gemm/simt_store.cuh"

namespace tw::gemm::simt {

struct Knobs {
  int block_m, block_n, block_k;
  int warp_m, warp_n;
  int thread_m, thread_n;
  int stages;
  bool prefetch;
  bool by_columns;
  int burst;
  int vector;
  int k_lanes;
  int pad;
  int raster;
  int split_k;
  int min_blocks;
};

// Everything that follows from the knobs of a configuration V.
template <class T, class V>
struct Tiling {
  static constexpr Knobs knobs = V::knobs;
  static constexpr bool kStraightA = transposed_a(V::choices.layout);
  static constexpr bool kStraightB = !transposed_b(V::choices.layout);

  static constexpr int kWarpsN = knobs.block_n / knobs.warp_n;
  static constexpr int kWarps = knobs.block_m / knobs.warp_m * kWarpsN;
  static constexpr int kThreads = 32 * kWarps;
  static constexpr int kLanesM = knobs.warp_m / knobs.thread_m;
  static constexpr int kLanesN = knobs.warp_n / knobs.thread_n;

  // Shared memory: `stages` times a tile of A and a tile of B. Pitches are in elements.
  static constexpr int kPitchA = knobs.block_m + (kStraightA ? 0 : knobs.pad);
  static constexpr int kPitchB = knobs.block_n + (kStraightB ? 0 : knobs.pad);
  static constexpr int kTileA = knobs.block_k * kPitchA;
  static constexpr int kStage = kTileA + knobs.block_k * kPitchB;

  using CopyA = typename CopyOf<kStraightA, T, knobs.block_m, knobs.block_k, kPitchA, knobs.vector,
                                knobs.k_lanes, kThreads>::Type;
  using CopyB = typename CopyOf<kStraightB, T, knobs.block_n, knobs.block_k, kPitchB, knobs.vector,
                                knobs.k_lanes, kThreads>::Type;

  static_assert(kLanesM * kLanesN == 32, "a warp tile is 32 thread tiles");
  static_assert(knobs.block_m % knobs.warp_m == 0 && knobs.block_n % knobs.warp_n == 0,
                "warps fill the block");
  static_assert(knobs.thread_m % 4 == 0 && knobs.thread_n % 4 == 0, "threads compute groups of 4");
  static_assert(knobs.block_k % 2 == 0 && knobs.stages >= 2, "fragments and stages alternate");
};

// The thread's place in the block's tile: the first row and column of its first group.
template <class G>
struct Place {
  int row;
  int column;

  TW_DEVICE Place() {
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const int lane = static_cast<int>(threadIdx.x) % 32;
    int lane_m;
    int lane_n;
    if constexpr (G::kLanesM == 1 || G::kLanesN == 1) {
      lane_m = G::kLanesM == 1 ? 0 : lane;
      lane_n = G::kLanesM == 1 ? lane : 0;
    } else {
      // Neighbouring lanes share a row; lanes that are two apart share a column. So the hardware
      // serves a 16-byte read of half a warp at once, both for A and for B.
      lane_n = lane % 2 + lane / 4 % (G::kLanesN / 2) * 2;
      lane_m = lane / 2 % 2 + lane / (2 * G::kLanesN) * 2;
    }
    row = warp / G::kWarpsN * G::knobs.warp_m + lane_m * 4;
    column = warp % G::kWarpsN * G::knobs.warp_n + lane_n * 4;
  }
};

// The tile of C that a block computes. Groups of `raster` rows of tiles are walked column by
// column.
struct TileIndex {
  int row;
  int column;

  TW_DEVICE TileIndex(int index, int raster, int tiles_m, int tiles_n) {
    const int group = index / (raster * tiles_n);
    const int within = index % (raster * tiles_n);
    const int rows = min(raster, tiles_m - group * raster);
    row = group * raster + within % rows;
    column = within / rows;
  }
};

// The tiles of k that belong to one slice. The first tile of all takes the remainder of k, so that
// the other tiles are whole.
template <int kDepth, int kSlices>
struct Slice {
  int tiles;  // at least 1
  int first_k;
  int first_depth;  // values of k in the first tile

  TW_DEVICE Slice(int k, int slice) {
    const int all = (k - 1) / kDepth + 1;
    const int leftover = k - (all - 1) * kDepth;
    const int begin = static_cast<int>(static_cast<long long>(all) * slice / kSlices);
    const int end = static_cast<int>(static_cast<long long>(all) * (slice + 1) / kSlices);
    tiles = end - begin;
    first_k = begin == 0 ? 0 : leftover + (begin - 1) * kDepth;
    first_depth = begin == 0 ? leftover : kDepth;
  }
};

// Reads the values of one k that a thread needs. The words of a group are stored rotated by `turn`
// (see TransposingCopy).
template <int kCount, int kLanes, class T>
TW_DEVICE void load_fragment(T (&fragment)[kCount], SharedPointer<T> shared, int turn) {
  TW_UNROLL
  for (int i = 0; i < kCount; i += 4) {
    const auto group = load_vector<4>(shared + spread<kLanes>(i));
    TW_UNROLL
    for (int j = 0; j < 4; ++j) fragment[i + j] = group.at[(j + turn) % 4];
  }
}

// Computes the sum over one slice of k. `shared` holds stages * kStage elements.
template <class G, class T>
class MainLoop {
  static constexpr Knobs knobs = G::knobs;
  static constexpr int kCopies = G::CopyA::kCopies + G::CopyB::kCopies;
  // The copies of a tile are issued in portions between the FMAs. The last k issues no copies,
  // since it waits for them.
  static constexpr int kPortion = max(ceil_div(kCopies, knobs.block_k - 1), knobs.burst);

 public:
  TW_DEVICE MainLoop(SharedPointer<T> shared, const typename G::CopyA& a,
                     const typename G::CopyB& b)
      : shared_(shared), a_(a), b_(b) {}

  TW_DEVICE void run(T (&sums)[knobs.thread_m][knobs.thread_n], Place<G> place, int tiles,
                     int first_depth) {
    fill(tiles, first_depth);
    const SharedPointer<T> a = shared_ + place.row;
    const SharedPointer<T> b = shared_ + G::kTileA + place.column;
    int read = 0;
    int write = (knobs.stages - 1) * G::kStage;
    cp_async_wait<knobs.stages - 2>();
    __syncthreads();
    if constexpr (knobs.prefetch) load(0, a, b);
    for (int tile = 0; tile < tiles; ++tile) {
      const bool more = tile + knobs.stages - 1 < tiles;
      TW_UNROLL
      for (int k = 0; k < knobs.block_k; ++k) {
        if constexpr (!knobs.prefetch) load(k, a + read, b + read);
        if (k < knobs.block_k - 1) {
          if (more) copy_portion(k, write);
        } else {
          // After this barrier the next tile may be read, and the tile that has been read may be
          // overwritten.
          cp_async_commit();
          cp_async_wait<knobs.stages - 2>();
          __syncthreads();
          write = read;
          read = read == (knobs.stages - 1) * G::kStage ? 0 : read + G::kStage;
        }
        if constexpr (knobs.prefetch) load((k + 1) % knobs.block_k, a + read, b + read);
        multiply(sums, k);
      }
    }
  }

 private:
  // Starts the copies of the first stages - 1 tiles.
  TW_DEVICE void fill(int tiles, int first_depth) {
    TW_UNROLL
    for (int i = 0; i < kCopies; ++i) copy<true>(i, 0, true, first_depth);
    a_.take_back(knobs.block_k - first_depth);
    b_.take_back(knobs.block_k - first_depth);
    cp_async_commit();
    for (int stage = 1; stage < knobs.stages - 1; ++stage) {
      TW_UNROLL
      for (int i = 0; i < kCopies; ++i) {
        copy<false>(i, stage * G::kStage, stage < tiles, knobs.block_k);
      }
      cp_async_commit();
    }
  }

  template <bool kPartial>
  TW_DEVICE void copy(int i, int stage, bool wanted, int depth) {
    if (i < G::CopyA::kCopies) {
      a_.template copy<kPartial>(i, stage, wanted, depth);
    } else {
      b_.template copy<kPartial>(i - G::CopyA::kCopies, stage, wanted, depth);
    }
  }

  TW_DEVICE void copy_portion(int portion, int stage) {
    TW_UNROLL
    for (int i = portion * kPortion; i < min((portion + 1) * kPortion, kCopies); ++i) {
      copy<false>(i, stage, true, knobs.block_k);
    }
  }

  TW_DEVICE void load(int k, SharedPointer<T> a, SharedPointer<T> b) {
    load_fragment<knobs.thread_m, G::kLanesM>(a_fragment_[k % 2], a + k * G::kPitchA,
                                              G::CopyA::turn(k));
    load_fragment<knobs.thread_n, G::kLanesN>(b_fragment_[k % 2], b + k * G::kPitchB,
                                              G::CopyB::turn(k));
  }

  // The inner loop alternates its direction, so that each FMA shares an operand with the one
  // before. The register file delivers two operands a cycle; the third must be an operand that the
  // last FMA kept.
  TW_DEVICE void multiply(T (&sums)[knobs.thread_m][knobs.thread_n], int k) {
    constexpr int kOuter = knobs.by_columns ? knobs.thread_n : knobs.thread_m;
    constexpr int kInner = knobs.by_columns ? knobs.thread_m : knobs.thread_n;
    TW_UNROLL
    for (int outer = 0; outer < kOuter; ++outer) {
      TW_UNROLL
      for (int step = 0; step < kInner; ++step) {
        const int inner = outer % 2 == 0 ? step : kInner - 1 - step;
        const int i = knobs.by_columns ? inner : outer;
        const int j = knobs.by_columns ? outer : inner;
        sums[i][j] = fmaf(a_fragment_[k % 2][i], b_fragment_[k % 2][j], sums[i][j]);
      }
    }
  }

  SharedPointer<T> shared_;
  typename G::CopyA a_;
  typename G::CopyB b_;
  T a_fragment_[2][knobs.thread_m];
  T b_fragment_[2][knobs.thread_n];
};

// Grid: (tiles of C, 1, split_k). Dynamic shared memory: stages * block_k * (pitches of A and B)
// elements. partials: split_k * block_m * block_n floats for each tile. arrived: one zero for each
// tile. Neither is used if split_k is 1.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(Tiling<T, V>::kThreads, V::knobs.min_blocks)
    kernel(Size size, const T* __restrict__ a, long long lda, const T* __restrict__ b,
           long long ldb, Destination<T, V> c, typename Epilogue::Args epilogue,
           [[maybe_unused]] T* partials, [[maybe_unused]] unsigned* arrived) {
  using G = Tiling<T, V>;
  constexpr Knobs knobs = V::knobs;
  const int index = static_cast<int>(blockIdx.x);
  const int slice_index = static_cast<int>(blockIdx.z);
  const TileIndex tile(index, knobs.raster, (size.m - 1) / knobs.block_m + 1,
                       (size.n - 1) / knobs.block_n + 1);
  const Slice<knobs.block_k, knobs.split_k> slice(size.k, slice_index);
  const int rows = tile.row * knobs.block_m;
  const int columns = tile.column * knobs.block_n;

  const Place<G> place;
  T sums[knobs.thread_m][knobs.thread_n] = {};
  const auto shared = SharedPointer<T>::dynamic();
  MainLoop<G, T> loop(
      shared, typename G::CopyA(shared, a, lda, rows, size.m, slice.first_k),
      typename G::CopyB(shared + G::kTileA, b, ldb, columns, size.n, slice.first_k));
  loop.run(sums, place, slice.tiles, slice.first_depth);

  if constexpr (knobs.split_k > 1) {
    constexpr int kGroups = knobs.thread_m * knobs.thread_n / 4;
    const auto group = [&](int i) { return &sums[4 * i / knobs.thread_n][4 * i % knobs.thread_n]; };
    if (!join_slices<G::kThreads, knobs.split_k, kGroups>(group, index, slice_index, partials,
                                                          arrived)) {
      return;
    }
  }
  store_tile<G, T, Epilogue>(sums, c.data, c.ld, size.m, size.n, rows + place.row,
                             columns + place.column, c.alpha, c.beta, epilogue);
}

}  // namespace tw::gemm::simt
