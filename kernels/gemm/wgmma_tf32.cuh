// C = epilogue(alpha * op(A) * op(B) + beta * C) for f32 on Hopper's tensor cores (wgmma, sm_90a),
// in every layout: as TF32 (one pass) or with fp32's accuracy (three passes: 3xTF32).
//
// wgmma takes 32-bit operands from shared memory only if k runs along their rows. But it takes one
// operand from registers, and those are loaded from any layout (wgmma_tf32_multiply.cuh). `held`
// says which operand that is: A for C, or B for the transposed product. The other operand, the
// shared one, must have k along its rows. If it does not, either warps of the last warpgroup
// transpose its tiles in shared memory (wgmma_tf32_load.cuh), or a first pass has packed it
// (wgmma_tf32_pack.cuh).
//
//    layout   held   the shared operand               width
//      nt      a     B, as it is stored       +--------------------+
//      tt      a     B, as it is stored       |   shared operand   | 32 of k
//      nn      b     A, as it is stored       +--------------------+
//      nn      a     B, transposed      +---+ +--------------------+
//      tn      a     B, transposed      |   | |    warpgroup 0     |
//      tn      b     A, transposed      | h | +--------------------+
//                                       | e | |    warpgroup 1     |
//                                       | l | +--------------------+
//                                       | d |   64 rows a warpgroup
//                                       +---+
//
// Shared memory holds `stages` tiles of k:
//
//    | barriers |..| held, shared (, small) | held, shared (, small) | ..
//
// For three passes x = big + small (SplitOperand in common/mma.cuh). The warpgroups split the held
// operand in registers. The shared one is split where it would be transposed: big replaces x, small
// stands beside it. The tensor cores add with truncation, which would make a long chain drift
// towards zero. So the sums of a tile of k are added to the others with rounding.
//
// The knobs and their trade-offs:
//   passes            1: an f32 is rounded to TF32; 3: it is the sum of two
//   held              the operand that goes through registers. Best is the one that need not leave
//                     the other to be transposed
//   packs             a first pass transposes, rounds or splits the shared operand: one more trip
//                     through device memory, but fewer bytes through shared memory
//   warpgroups        each has 64 rows of the held operand
//   width             extent of the shared operand. Larger: fewer bytes through L2 and shared
//                     memory; smaller: more blocks, so less of the last wave is idle
//   stages            larger: more copies in flight, more shared memory
//   raster, schedule, split_k
//                     as in wgmma.cuh
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
#include "gemm/mma_schedule.cuh"
#include "gemm/op.cuh"
#include "gemm/wgmma_tf32_load.cuh"
#include "gemm/wgmma_tf32_multiply.cuh"
#include "gemm/wgmma_tf32_pack.cuh"
#include "gemm/wgmma_walk.cuh"

namespace tw::gemm::wgmma_tf32 {

enum class Held { a, b };
using mma::Schedule;

struct Knobs {
  int passes;
  Held held;
  bool packs;
  int warpgroups;
  int width;
  int stages;
  int raster;
  Schedule schedule;
  int split_k;
};

// Everything that follows from the knobs of a configuration V. Sizes are in elements.
template <class V>
struct Tiling : mma::Sharing<V::knobs.schedule, V::knobs.split_k>, Pairs<Cluster::none> {
  using Element = float;
  static constexpr Knobs knobs = V::knobs;
  static constexpr bool kHoldsA = knobs.held == Held::a;
  static constexpr bool kKMajorA = !transposed_a(V::choices.layout);
  static constexpr bool kKMajorB = transposed_b(V::choices.layout);
  static constexpr bool kHeldKMajor = kHoldsA ? kKMajorA : kKMajorB;
  static constexpr bool kSharedKMajor = kHoldsA ? kKMajorB : kKMajorA;

  static constexpr int kDepth = 32;  // values of k in a tile
  static constexpr int kHeldRows = 64 * knobs.warpgroups;
  static constexpr int kWidth = knobs.width;
  static constexpr int kColumns = kWidth / 8;
  static constexpr int kBlockM = kHoldsA ? kHeldRows : kWidth;
  static constexpr int kBlockN = kHoldsA ? kWidth : kHeldRows;

  static constexpr bool kSplits = knobs.passes == 3;
  static constexpr bool kPacked = knobs.packs;
  static constexpr bool kTransforms = !kPacked && (kSplits || !kSharedKMajor);
  static constexpr int kStages = knobs.stages;
  static constexpr int kTileHeld = kHeldRows * kDepth;
  static constexpr int kTileShared = kWidth * kDepth;
  static constexpr int kSmall = kTileHeld + kTileShared;  // offset of the small parts
  static constexpr int kStage = kSmall + (kSplits ? kTileShared : 0);
  static constexpr int kCopied = kPacked ? kStage : kSmall;

  // The warps of the last warpgroup transform, or copy.
  static constexpr int kConsumers = 128 * knobs.warpgroups;
  static constexpr int kThreads = kConsumers + 128;
  static constexpr int kReaders = 4 * knobs.warpgroups;
  static constexpr int kTransformers = kTransforms ? 3 : 0;
  static constexpr int kCopiers = 4 - kTransformers;
  static constexpr bool kInTurn = false;

  // Registers of a thread, if two warpgroups multiply. They are launched with 168, and the last
  // warpgroup leaves them some of its own.
  static constexpr bool kMovesRegisters = knobs.warpgroups == 2;
  static constexpr int kLoaderRegisters = !kTransforms ? 40 : kSplits ? 88 : 120;
  static constexpr int kConsumerRegisters = (3 * 168 - kLoaderRegisters) / 2 / 8 * 8;

  // The threads that hold the sums.
  struct Consumers {
    static constexpr int kCount = kConsumers;
    static TW_DEVICE void sync() { sync_some<kConsumers>(1); }
  };

  static_assert(knobs.warpgroups == 1 || knobs.warpgroups == 2, "the registers of a block");
  static_assert(kHoldsA || !kKMajorB, "B in registers has n along its rows");
  static_assert(kWidth % 64 == 0 && kWidth <= 256, "the extents of a product");
  static_assert(kStages >= 3 && kStages <= 8, "one is copied, one transformed, one multiplied");
};

// Grid, moves_a, moves_b, blocks, work and row_partials: as wgmma.cuh's. packed: the shared
// operand, if it is packed. Dynamic shared memory: 1280 bytes, and `stages` stages.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(Tiling<V>::kThreads, 1)
    kernel(Size size, const __grid_constant__ TensorMap a, int moves_a,
           const __grid_constant__ TensorMap b, int moves_b, [[maybe_unused]] const T* packed,
           Destination<T, V> c, typename Epilogue::Args epilogue, int blocks, Work work,
           [[maybe_unused]] float* row_partials) {
  using G = Tiling<V>;
  const int k_tiles = (size.k - 1) / G::kDepth + 1;
  const int warp = uniform_warp();
  const auto shared = aligned_shared<float>(tw::wgmma::kHeadBytes);
  if (threadIdx.x == 0) {
    tw::wgmma::Stage<G>::init_all();
    if constexpr (G::kTransforms) init_transformed<G>();
  }
  __syncthreads();

  const wgmma::Walk<G> walk{size.m, size.n, k_tiles, blocks, work};
  if (warp >= G::kConsumers / 32) {
    if constexpr (G::kMovesRegisters) give_registers<G::kLoaderRegisters>();
    const int helper = warp - G::kConsumers / 32;
    if (helper < G::kTransformers) {
      Transformer<G> transformer(shared, helper);
      walk.for_each_segment([&](const mma::Segment& segment, const typename G::Shares&, int) {
        transformer.run(segment.end - segment.begin);
      });
      return;
    }
    Copier<G> copier(shared, helper - G::kTransformers);
    if (threadIdx.x % 32 > 0 || !copier.has_part()) return;
    walk.for_each_segment([&](const mma::Segment& segment, const typename G::Shares&, int) {
      const mma::TileIndex place = walk.place(segment.tile);
      const Source in_a{a, place.row * G::kBlockM, place.batch * moves_a};
      const Source in_b{b, place.column * G::kBlockN, place.batch * moves_b};
      const Source& held = G::kHoldsA ? in_a : in_b;
      const Source& other = G::kHoldsA ? in_b : in_a;
      if constexpr (G::kPacked) {
        const Packed source(packed, G::kSplits ? 2 : 1, G::kHoldsA ? size.n : size.m, k_tiles,
                            other);
        copier.copy(held, source, segment.begin, segment.end);
      } else {
        copier.copy(held, other, segment.begin, segment.end);
      }
    });
  } else {
    if constexpr (G::kMovesRegisters) take_registers<G::kConsumerRegisters>();
    const mma::Results<T, Epilogue> results{c, size.m, size.n, epilogue, row_partials};
    multiply(walk, shared, warp, results);
  }
}

}  // namespace tw::gemm::wgmma_tf32
