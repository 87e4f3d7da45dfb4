// C = epilogue(alpha * op(A) * op(B) + beta * C) on Hopper's tensor cores (wgmma, sm_90a): f16 and
// bf16, and, if k runs along the rows of both operands, f32 as TF32 (one pass) or in fp32's
// accuracy (three).
//
//                        block_n
//               +-----------------------+     A block computes block_m x block_n of C and walks
//      128      |           B           |     along k in steps of 128 bytes. `stages` tiles of A
//    bytes of k |                       |     and B are in shared memory, in the lines that wgmma
//               +-----------------------+     reads (common/wgmma.cuh): cp.async fills some while
//     +-----+   +-----------------------+     others are multiplied.
//     |  A  |   |      warpgroup 0      |
//     |     |   +-----------------------+     A warpgroup's sums stay in registers, 64 rows of C at
//     +-----+   |      warpgroup 1      |     a time. wgmma goes on by itself: of one pass the
//               +-----------------------+     products of two tiles are under way at once.
//
// f32 operands are rounded to the nearest TF32 where they lie, each vector by the thread that
// copied it. In three passes x = big + small (SplitOperand in common/mma.cuh): big takes x's place,
// small goes to one of two tiles beside the stages. The units add with truncation, which a long
// chain would turn into a drift towards zero: the sums of a tile of k are added to the others with
// rounding.
//
// What the knobs trade:
//   passes            1: an f32 is rounded to TF32; 3: it is the sum of two
//   block_m, block_n  larger: fewer bytes through L2 and shared memory; smaller: more blocks, so
//                     less of the last wave idle
//   warpgroups        of a block, along m: more share the copies and hide one another's waits
//   stages            more copies in flight for more shared memory
//   raster            rows of tiles that are walked together: more reuse in L2
//   schedule          tiles: a block for each tile of C; stream_k: the tiles of the last waves are
//                     shared evenly by as many blocks as run at once, for device memory's time
//   split_k           blocks that share a tile of C, each with a slice of k
//   min_blocks        blocks that must fit on an SM: caps the registers
#pragma once

#include "common/async_copy.cuh"
#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/mma.cuh"
#include "common/shared.cuh"
#include "common/shared_words.cuh"
#include "common/wgmma.cuh"
#include "gemm/mma_copy.cuh"
#include "gemm/mma_schedule.cuh"
#include "gemm/mma_store.cuh"
#include "gemm/op.cuh"

namespace tw::gemm::wgmma {

enum class Schedule { tiles, stream_k };

struct Knobs {
  int passes;
  int block_m, block_n;
  int warpgroups;
  int stages;
  int raster;
  Schedule schedule;
  int split_k;
  int min_blocks;
};

// Everything that follows from the knobs of a configuration V.
template <class T, class V>
struct Tiling {
  static constexpr Knobs knobs = V::knobs;
  static constexpr bool kKMajorA = !transposed_a(V::choices.layout);
  static constexpr bool kKMajorB = transposed_b(V::choices.layout);

  static constexpr int kThreads = 128 * knobs.warpgroups;
  static constexpr int kDepth = 128 / static_cast<int>(sizeof(T));  // values of k in a tile
  static constexpr int kVector = 16 / static_cast<int>(sizeof(T));
  static constexpr int kGroupRows = knobs.block_m / knobs.warpgroups;
  static constexpr int kBlocks = kGroupRows / 64;  // of a warpgroup's rows
  static constexpr int kColumns = knobs.block_n / 8;

  // Lines of 128 bytes, whichever way the operand lies.
  using CopyA = mma::TileCopy<T, kKMajorA, knobs.block_m, kDepth, kVector, kThreads, kDepth>;
  using CopyB = mma::TileCopy<T, kKMajorB, knobs.block_n, kDepth, kVector, kThreads, kDepth>;
  using OperandA = WgmmaOperand<T, kKMajorA, kDepth>;
  using OperandB = WgmmaOperand<T, kKMajorB, kDepth>;

  // Shared memory: `stages` times a tile of A, then one of B; of three passes two more such, of the
  // small parts. In elements.
  static constexpr int kStage = CopyA::kElements + CopyB::kElements;

  static constexpr bool kSplits = knobs.passes == 3;
  // Tiles whose products may be under way when those of the next one are started.
  static constexpr int kLag = kSplits ? 0 : 1;
  // Tiles that are copied ahead.
  static constexpr int kAhead = knobs.stages - 1 - kLag;

  static constexpr bool kStream = knobs.schedule == Schedule::stream_k;
  static constexpr bool kShares = kStream || knobs.split_k > 1;
  using Shares = typename mma::SharesOf<kStream, knobs.split_k>::Type;

  static_assert(kGroupRows % 64 == 0 && knobs.block_n % 64 == 0, "a product has 64 rows");
  static_assert(kAhead >= 1, "a tile is copied while another is multiplied");
};

// Computes the sum over some tiles of k. `shared` holds what Tiling says, aligned to 1024 bytes.
template <class G, class T>
class MainLoop {
  static constexpr Knobs knobs = G::knobs;
  static constexpr int kSmall = knobs.stages * G::kStage;  // where the small parts are

 public:
  using Sums = float[G::kBlocks][G::kColumns][4];

  // For the block's tile of C at (row, column) and the tiles of k from `begin` on.
  TW_DEVICE MainLoop(SharedPointer<T> shared, const mma::Operands<T>& in, int row, int column,
                     int begin)
      : shared_(shared),
        first_k_(begin == 0 ? (in.k - 1) / G::kDepth * G::kDepth : (begin - 1) * G::kDepth),
        depth_(min(G::kDepth, in.k - first_k_)),
        wraps_(begin == 0),
        a_(shared, in.a, in.lda, row, in.m, first_k_),
        b_(shared + G::CopyA::kElements, in.b, in.ldb, column, in.n, first_k_) {}

  // `tiles` of k, at least one. `row`: the warpgroup's first in the block's tile.
  TW_DEVICE void run(Sums& sums, int tiles, int row) {
    fill(tiles);
    WgmmaQueue queue;
    [[maybe_unused]] Sums parts = {};
    int read = 0;
    int write = G::kAhead * G::kStage;
    for (int tile = 0; tile < tiles; ++tile) {
      const int small = kSmall + tile % 2 * G::kStage;
      cp_async_wait<G::kAhead - 1>();
      if constexpr (sizeof(T) == 4) prepare(read, small);
      fence_proxy_async();
      queue.template wait<G::kLag>();
      if constexpr (G::kSplits) add(sums, parts);
      // After this barrier the tile may be multiplied, and the oldest one be overwritten.
      __syncthreads();
      queue.begin();
      if constexpr (G::kSplits) {
        multiply(queue, parts, small, read, row, false);
        multiply(queue, parts, read, small, row, true);
        multiply(queue, parts, read, read, row, true);
      } else {
        multiply(queue, sums, read, read, row, true);
      }
      queue.commit();
      copy_tile<false>(write, tile + G::kAhead < tiles);
      cp_async_commit();
      read = next(read);
      write = next(write);
    }
    queue.template wait<0>();
    if constexpr (G::kSplits) {
      add(sums, parts);
    } else {
      pin_all(sums);
    }
    if constexpr (G::kShares) __syncthreads();  // before the next tile's copies
  }

 private:
  static TW_DEVICE int next(int stage) {
    return stage == (knobs.stages - 1) * G::kStage ? 0 : stage + G::kStage;
  }

  // Starts the copies of the first kAhead tiles.
  TW_DEVICE void fill(int tiles) {
    copy_tile<true>(0, true);
    if (wraps_) {  // that was the last of k
      a_.take_back(first_k_ + G::kDepth);
      b_.take_back(first_k_ + G::kDepth);
    }
    cp_async_commit();
    for (int stage = 1; stage < G::kAhead; ++stage) {
      copy_tile<false>(stage * G::kStage, stage < tiles);
      cp_async_commit();
    }
  }

  template <bool kPartial>
  TW_DEVICE void copy_tile(int stage, bool wanted) {
    TW_UNROLL
    for (int i = 0; i < G::CopyA::kCopies; ++i) {
      a_.template copy<kPartial>(i, stage, wanted, depth_);
    }
    TW_UNROLL
    for (int i = 0; i < G::CopyB::kCopies; ++i) {
      b_.template copy<kPartial>(i, stage, wanted, depth_);
    }
  }

  // Rounds, or splits, what this thread has copied to the stage at `read`.
  TW_DEVICE void prepare(int read, int small) {
    TW_UNROLL
    for (int i = 0; i < G::CopyA::kCopies; ++i) prepare_vector(a_.place(i, read), small - read);
    TW_UNROLL
    for (int i = 0; i < G::CopyB::kCopies; ++i) prepare_vector(b_.place(i, read), small - read);
  }

  static TW_DEVICE void prepare_vector(SharedPointer<T> at, [[maybe_unused]] int to_small) {
    unsigned words[4];
    load_words(words, at);
    if constexpr (G::kSplits) {
      unsigned small[4];
      TW_UNROLL
      for (int i = 0; i < 4; ++i) {
        const SplitOperand split(__uint_as_float(words[i]));
        words[i] = split.big;
        small[i] = split.small;
      }
      store_words(at + to_small, small);
    } else {
      TW_UNROLL
      for (int i = 0; i < 4; ++i) words[i] = tf32_operand(__uint_as_float(words[i]));
    }
    store_words(at, words);
  }

  // Starts the products of a tile of A and one of B.
  TW_DEVICE void multiply(WgmmaQueue& queue, Sums& sums, int stage_a, int stage_b, int row,
                          bool adds) {
    const typename G::OperandA a(shared_ + stage_a);
    const typename G::OperandB b(shared_ + (stage_b + G::CopyA::kElements));
    TW_UNROLL
    for (int step = 0; step < 4; ++step) {
      TW_UNROLL
      for (int i = 0; i < G::kBlocks; ++i) {
        queue.multiply(sums[i], a.at(row + 64 * i, step), b.at(0, step), adds || step > 0);
      }
    }
  }

  static TW_DEVICE void pin_all(Sums& sums) {
    TW_UNROLL
    for (int i = 0; i < G::kBlocks; ++i) pin(sums[i]);
  }

  static TW_DEVICE void add(Sums& sums, Sums& parts) {
    pin_all(parts);
    TW_UNROLL
    for (int i = 0; i < G::kBlocks * G::kColumns * 4; ++i) {
      sums[i / 4 / G::kColumns][i / 4 % G::kColumns][i % 4] +=
          parts[i / 4 / G::kColumns][i / 4 % G::kColumns][i % 4];
    }
  }

  SharedPointer<T> shared_;
  int first_k_;
  int depth_;  // of the first tile
  bool wraps_;
  typename G::CopyA a_;
  typename G::CopyB b_;
};

// Where dynamic shared memory is first aligned to 1024 bytes, as wgmma's tiles have to be.
template <class T>
TW_DEVICE SharedPointer<T> aligned_shared() {
  const auto shared = SharedPointer<T>::dynamic();
#ifdef TW_CPU_DEVICE
  const auto address = reinterpret_cast<size_t>(shared.address());
#else
  const unsigned address = shared.address();
#endif
  return shared + static_cast<int>((1024 - address % 1024) % 1024 / sizeof(T));
}

// Grid: `workers` blocks, which share the first `shared_tiles` tiles of C, and one for each other
// tile of all matrices; without stream_k or split_k there are none of the former. Dynamic shared
// memory: 1024 bytes, and stages (of three passes: stages + 2) times (block_m + block_n) * 128.
// partials: block_m * block_n floats for each of a worker's tiles (see Shares::kSlots), arrived:
// one zero a shared tile.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(Tiling<T, V>::kThreads, V::knobs.min_blocks)
    kernel(int m, int n, int k, const T* __restrict__ a, long long lda, long long stride_a,
           const T* __restrict__ b, long long ldb, long long stride_b, T* c, long long ldc,
           long long stride_c, float alpha, float beta, typename Epilogue::Args epilogue,
           [[maybe_unused]] int workers, [[maybe_unused]] int shared_tiles,
           [[maybe_unused]] float* partials, [[maybe_unused]] unsigned* arrived) {
  using G = Tiling<T, V>;
  using Loop = MainLoop<G, T>;
  constexpr Knobs knobs = V::knobs;
  const int block = static_cast<int>(blockIdx.x);
  const int k_tiles = (k - 1) / G::kDepth + 1;
  // The same for all lanes, which the compiler is told: wgmma's descriptors are warp-uniform.
  const int warp = __shfl_sync(0xffffffffu, static_cast<int>(threadIdx.x) / 32, 0);
  const int group_row = warp / 4 * G::kGroupRows;
  const auto shared = aligned_shared<T>();

  const auto sum = [&](typename Loop::Sums& sums, const mma::TileIndex& tile, int begin, int end) {
    const mma::Operands<T> in{m,  n, k, a + tile.batch * stride_a, lda, b + tile.batch * stride_b,
                              ldb};
    Loop loop(shared, in, tile.row * knobs.block_m, tile.column * knobs.block_n, begin);
    loop.run(sums, end - begin, group_row);
  };
  const auto index = [&](int tile) {
    return mma::TileIndex(tile, knobs.raster, (m - 1) / knobs.block_m + 1,
                          (n - 1) / knobs.block_n + 1);
  };
  const auto store = [&](const typename Loop::Sums& sums, const mma::TileIndex& tile) {
    const long long offset = tile.batch * stride_c;
    const bool aligned =
        (ldc | offset) % G::kVector == 0 && reinterpret_cast<unsigned long long>(c) % 16 == 0;
    const mma::Output<T, Epilogue> out{c, ldc, offset, m, n, alpha, beta, epilogue, aligned};
    TW_UNROLL
    for (int i = 0; i < G::kBlocks; ++i) {
      float rows[1][G::kColumns][4];
      memcpy(rows[0], sums[i], sizeof rows);
      mma::store_sums(rows, out, tile.row * knobs.block_m + group_row + 64 * i + warp % 4 * 16,
                      tile.column * knobs.block_n);
    }
  };

  if constexpr (!G::kShares) {
    const mma::TileIndex tile = index(block);
    typename Loop::Sums sums = {};
    sum(sums, tile, 0, k_tiles);
    store(sums, tile);
  } else {
    // Not `const auto&`: NVRTC 13.0 takes such a lambda for a host function.
    mma::for_each_segment<typename G::Shares>(
        block, workers, shared_tiles, k_tiles,
        [&](const mma::Segment& segment, const typename G::Shares& shares) {
          const mma::TileIndex place = index(segment.tile);
          typename Loop::Sums sums = {};
          sum(sums, place, segment.begin, segment.end);
          if (segment.end - segment.begin == k_tiles ||
              mma::gather<G::kThreads>(sums, shares, block, segment, k_tiles, partials, arrived,
                                       dynamic_shared<unsigned>())) {
            store(sums, place);
          }
        });
  }
}

}  // namespace tw::gemm::wgmma
