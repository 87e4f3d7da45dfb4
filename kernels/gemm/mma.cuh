// C = epilogue(alpha * op(A) * op(B) + beta * C) on the tensor cores (mma.sync, sm_80 and later):
// f16 and bf16, and f32 as TF32 (one pass) or with fp32's accuracy (three passes: 3xTF32).
//
//                     block_n
//            +--------+--------+         A block computes block_m x block_n of C and walks along k
//    block_k |   B    |        |         in steps of block_k. `stages` tiles of A and B are in
//            +--------+--------+         shared memory, in the order in which they are stored (see
//   block_k    warp_n                    mma_copy.cuh): one is multiplied while cp.async fills the
//    +---+   +--------+--------+         others.
//    | A |   | warp 0 | warp 1 | warp_m
//    |   |   |        |        |         A warp's sums stay in registers: mma tiles of 16 x 8. For
//    +---+   +--------+--------+ block_m each step of 32 bytes of k (8 TF32 or 16 elements of 16
//    |   |   | warp 2 | warp 3 |         bits) the warp reads fragments of A and B with ldmatrix.
//    |   |   |        |        |         If k does not run along the rows, ldmatrix transposes
//    +---+   +--------+--------+         16-bit elements; 32-bit elements are read word by word.
//                                        Then each fragment of A is multiplied with each of B.
//
// If k is not a multiple of block_k, the incomplete tile comes first. So all other tiles are whole,
// and rows that start aligned stay aligned.
//
// The knobs and their trade-offs:
//   passes            1: an f32 is rounded to TF32; 3: it is the sum of two (mma_fragment.cuh)
//   partial           for three passes, what has sums of its own: a step, so that fewer registers
//                     hold them; or a tile of k, so that they are added less often
//   block_m, block_n  larger: fewer bytes through L2 and shared memory; smaller: more blocks, so
//                     less of the last wave is idle
//   block_k           larger: fewer barriers; smaller: less shared memory a stage
//   warp_m, warp_n    larger: fewer bytes from shared memory for a product, but more registers, so
//                     fewer warps that hide latency
//   stages            larger: more copies in flight, more shared memory
//   prefetch          fragments of the next step are read during the products of this step; this
//                     takes registers for them
//   vector            elements of a copy; more than one needs aligned rows
//   raster            rows of tiles that are walked together: more reuse in L2
//   schedule          tiles: a block for each tile of C; stream_k: as many blocks as run at once
//                     share the tiles of the last waves evenly, which costs device memory traffic
//   split_k           blocks that share a tile of C, each with a slice of k
//   min_blocks        blocks that must fit on an SM: caps the registers
#pragma once

#include "common/async_copy.cuh"
#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/shared.cuh"
#include "gemm/mma_copy.cuh"
#include "gemm/mma_fragment.cuh"
#include "gemm/mma_results.cuh"
#include "gemm/mma_schedule.cuh"
#include "gemm/op.cuh"

namespace tw::gemm::mma {

enum class Partial { step, tile };

struct Knobs {
  int passes;
  Partial partial;
  int block_m, block_n, block_k;
  int warp_m, warp_n;
  int stages;
  bool prefetch;
  int vector;
  int raster;
  Schedule schedule;
  int split_k;
  int min_blocks;
};

// Everything that follows from the knobs of a configuration V.
template <class T, class V>
struct Tiling : Sharing<V::knobs.schedule, V::knobs.split_k> {
  static constexpr Knobs knobs = V::knobs;
  static constexpr bool kKMajorA = !transposed_a(V::choices.layout);
  static constexpr bool kKMajorB = transposed_b(V::choices.layout);

  static constexpr int kWarpsN = knobs.block_n / knobs.warp_n;
  static constexpr int kThreads = 32 * (knobs.block_m / knobs.warp_m) * kWarpsN;
  static constexpr int kSteps = knobs.block_k * static_cast<int>(sizeof(T)) / 32;
  static constexpr int kRows = knobs.warp_m / 16;  // mma tiles of a warp
  // of the warp's mma tiles: 16 columns each, along n
  static constexpr int kPairs = knobs.warp_n / 16;
  static constexpr int kColumns = knobs.warp_n / 8;

  using CopyA = TileCopy<T, kKMajorA, knobs.block_m, knobs.block_k, knobs.vector, kThreads>;
  using CopyB = TileCopy<T, kKMajorB, knobs.block_n, knobs.block_k, knobs.vector, kThreads>;
  using ReadA = FragmentReader<T, true, kKMajorA, knobs.block_m, knobs.block_k, kRows>;
  using ReadB = FragmentReader<T, false, kKMajorB, knobs.block_n, knobs.block_k, kPairs>;

  // Shared memory: `stages` times a tile of A and a tile of B. Sizes are in elements.
  static constexpr int kStage = CopyA::kElements + CopyB::kElements;

  static_assert(knobs.block_m % knobs.warp_m == 0 && knobs.block_n % knobs.warp_n == 0,
                "warps fill the block");
  static_assert(knobs.warp_m % 16 == 0 && knobs.warp_n % 16 == 0, "fragments fill the warp");
  static_assert(kSteps >= 2 && knobs.stages >= 2, "fragments and stages alternate");
};

// Computes the sum over some tiles of k. `shared` holds stages * kStage elements.
template <class G, class T>
class MainLoop {
  static constexpr Knobs knobs = G::knobs;
  static constexpr int kCopies = G::CopyA::kCopies + G::CopyB::kCopies;
  // The copies of a tile are issued in portions, between the products of the columns of mma tiles.
  // The last step issues no copies, since it waits for them.
  static constexpr int kPortion = ceil_div(kCopies, (G::kSteps - 1) * G::kColumns);
  using Products = Multiply<T, knobs.passes, knobs.partial == Partial::tile>;
  static constexpr int kWordsA = 4 * G::kRows;
  static constexpr int kWords = kWordsA + 4 * G::kPairs;  // words of the fragments of one step

 public:
  using Sums = float[G::kRows][G::kColumns][4];

  // Prepares the sum for the block's tile of C at (row, column), from the tile `begin` of k on.
  TW_DEVICE MainLoop(SharedPointer<T> shared, const Operands<T>& in, int row, int column, int begin)
      : shared_(shared),
        first_k_(begin == 0 ? (in.k - 1) / knobs.block_k * knobs.block_k
                            : (begin - 1) * knobs.block_k),
        depth_(min(knobs.block_k, in.k - first_k_)),
        wraps_(begin == 0),
        a_(shared, in.a, in.lda, row, in.m, first_k_),
        b_(shared + G::CopyA::kElements, in.b, in.ldb, column, in.n, first_k_) {}

  // Adds up `tiles` tiles of k, at least one. (row, column) is the warp's place in the block's
  // tile.
  TW_DEVICE void run(Sums& sums, int tiles, int row, int column) {
    const typename G::ReadA read_a(row);
    const typename G::ReadB read_b(column);
    fill(tiles);
    int read = 0;
    int write = (knobs.stages - 1) * G::kStage;
    cp_async_wait<knobs.stages - 2>();
    __syncthreads();
    const auto load = [&](int step) {
      read_a.read(words_a_[step % 2].words, shared_ + read, step);
      read_b.read(words_b_[step % 2], shared_ + read + G::CopyA::kElements, step);
    };
    const auto prepare = [&](int step, int begin, int end) {
      TW_UNROLL
      for (int i = begin; i < end; ++i) prepare_word(step % 2, i);
    };
    if constexpr (knobs.prefetch) {
      load(0);
      prepare(0, 0, kWords);
    }
    typename Products::template Carry<G::kRows, G::kColumns> carry{};
    for (int tile = 0; tile < tiles; ++tile) {
      const bool more = tile + knobs.stages - 1 < tiles;
      TW_UNROLL
      for (int step = 0; step < G::kSteps; ++step) {
        if constexpr (!knobs.prefetch) {
          load(step);
          prepare(step, 0, kWords);
        }
        if (step == G::kSteps - 1) {
          // After this barrier the next tile may be read, and the tile that has been read may be
          // overwritten.
          cp_async_commit();
          cp_async_wait<knobs.stages - 2>();
          __syncthreads();
          write = read;
          read = read == (knobs.stages - 1) * G::kStage ? 0 : read + G::kStage;
        }
        if constexpr (knobs.prefetch) load((step + 1) % G::kSteps);
        Products::add(sums, carry, words_a_[step % 2], words_b_[step % 2], step, [&](int column) {
          if (step < G::kSteps - 1) copy_portion(step * G::kColumns + column, write, more);
          if constexpr (knobs.prefetch) {  // once the copies have arrived
            constexpr int kWaits = G::kColumns / 4;
            constexpr int kPart = ceil_div(kWords, G::kColumns - kWaits);
            const int part = column - kWaits;
            prepare(step + 1, max(part * kPart, 0), min((part + 1) * kPart, kWords));
          }
        });
      }
    }
    Products::finish(sums, carry);
  }

 private:
  // Starts the copies of the first stages - 1 tiles.
  TW_DEVICE void fill(int tiles) {
    TW_UNROLL
    for (int i = 0; i < kCopies; ++i) copy<true>(i, 0, true);
    if (wraps_) {  // this was the last tile of k
      a_.take_back(first_k_ + knobs.block_k);
      b_.take_back(first_k_ + knobs.block_k);
    }
    cp_async_commit();
    for (int stage = 1; stage < knobs.stages - 1; ++stage) {
      TW_UNROLL
      for (int i = 0; i < kCopies; ++i) copy<false>(i, stage * G::kStage, stage < tiles);
      cp_async_commit();
    }
  }

  TW_DEVICE void copy_portion(int portion, int stage, bool wanted) {
    TW_UNROLL
    for (int i = portion * kPortion; i < min((portion + 1) * kPortion, kCopies); ++i) {
      copy<false>(i, stage, wanted);
    }
  }

  TW_DEVICE void prepare_word(int buffer, int i) {
    if (i < kWordsA) {
      Products::prepare_a(words_a_[buffer], i);
    } else {
      Products::prepare_b(words_b_[buffer], i - kWordsA);
    }
  }

  template <bool kPartial>
  TW_DEVICE void copy(int i, int stage, bool wanted) {
    if (i < G::CopyA::kCopies) {
      a_.template copy<kPartial>(i, stage, wanted, depth_);
    } else {
      b_.template copy<kPartial>(i - G::CopyA::kCopies, stage, wanted, depth_);
    }
  }

  SharedPointer<T> shared_;
  int first_k_;
  int depth_;  // values of k in the first tile
  bool wraps_;
  typename G::CopyA a_;
  typename G::CopyB b_;
  typename Products::template FragmentsA<G::kRows> words_a_[2];
  Words<G::kPairs> words_b_[2];
};

// Grid: `workers` blocks, which share the first `shared_tiles` tiles of C, and one block for each
// other tile of all matrices. Without stream_k or split_k there are no workers. Dynamic shared
// memory: stages * block_k * (block_m + block_n) elements. partials: block_m * block_n floats for
// each of a worker's tiles (see Shares::kSlots). arrived: one zero for each shared tile.
// row_partials: for a chain that ends in a reduction; see mma_results.cuh. The parameters are no
// structs (arguments.cuh): with these ptxas 13.0 spills up to 784 bytes in kernels of 255
// registers.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(Tiling<T, V>::kThreads, V::knobs.min_blocks)
    kernel(int m, int n, int k, Matrices<const T, V> __restrict__ a, long long lda,
           long long stride_a, Matrices<const T, V> __restrict__ b, long long ldb,
           long long stride_b, Matrices<T, V> c, long long ldc, long long stride_c, float alpha,
           float beta, typename Epilogue::Args epilogue, [[maybe_unused]] int workers,
           [[maybe_unused]] int shared_tiles, [[maybe_unused]] float* partials,
           [[maybe_unused]] unsigned* arrived, [[maybe_unused]] float* row_partials) {
  using G = Tiling<T, V>;
  using Loop = MainLoop<G, T>;
  constexpr Knobs knobs = V::knobs;
  const int block = static_cast<int>(blockIdx.x);
  const int k_tiles = (k - 1) / knobs.block_k + 1;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int warp_row = warp / G::kWarpsN * knobs.warp_m;
  const int warp_column = warp % G::kWarpsN * knobs.warp_n;
  const auto shared = SharedPointer<T>::dynamic();

  const auto sum = [&](typename Loop::Sums& sums, const TileIndex& tile, int begin, int end) {
    const Operands<T> in{
        m, n, k, matrix(a, tile.batch, stride_a), lda, matrix(b, tile.batch, stride_b), ldb};
    Loop loop(shared, in, tile.row * knobs.block_m, tile.column * knobs.block_n, begin);
    loop.run(sums, end - begin, warp_row, warp_column);
  };
  const auto index = [&](int tile) {
    return TileIndex(tile, knobs.raster, (m - 1) / knobs.block_m + 1, (n - 1) / knobs.block_n + 1);
  };
  const Results<T, Epilogue, Matrices<T, V>> results{
      {c, ldc, stride_c, alpha, beta}, m, n, epilogue, row_partials};
  const auto store = [&](const typename Loop::Sums& sums, const TileIndex& tile) {
    results.take(sums, tile.batch, tile.row * knobs.block_m + warp_row,
                 tile.column * knobs.block_n + warp_column);
  };

  if constexpr (!G::kShares) {
    const TileIndex tile = index(block);
    typename Loop::Sums sums = {};
    sum(sums, tile, 0, k_tiles);
    store(sums, tile);
  } else {
    // The parameter is not `const auto&`, because NVRTC 13.0 takes such a lambda for a host
    // function.
    for_each_segment<typename G::Shares>(
        block, workers, shared_tiles, k_tiles,
        [&](const Segment& segment, const typename G::Shares& shares) {
          const TileIndex place = index(segment.tile);
          typename Loop::Sums sums = {};
          sum(sums, place, segment.begin, segment.end);
          if (segment.end - segment.begin == k_tiles ||
              gather<AllThreads<G::kThreads>>(sums, shares, block, segment, k_tiles, partials,
                                              arrived, dynamic_shared<unsigned>())) {
            store(sums, place);
          }
        });
  }
}

}  // namespace tw::gemm::mma
