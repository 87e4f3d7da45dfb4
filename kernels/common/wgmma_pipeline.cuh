// A product of large matrices on Hopper, computed by two kinds of threads. One thread makes the
// copy engine fill stages in shared memory with tiles of A and B; it runs ahead as far as free
// stages allow. Warpgroups multiply the tiles with wgmma. A stage has two barriers: `full`
// completes when the stage's bytes have landed, `empty` when all warps have read them.
//
//   shared memory   | flag | turn | barriers |..| A B | A B | .. | A B | A B | .. |
//                    a word        2 a stage        `stages` stages    for three passes: small
//                                                 1024-byte boundaries  parts, in turn
#pragma once

#include "common/cluster.cuh"
#include "common/config.cuh"
#include "common/mma.cuh"
#include "common/named_barrier.cuh"
#include "common/shared.cuh"
#include "common/shared_words.cuh"
#include "common/tensor_copy.cuh"
#include "common/wgmma.cuh"

namespace tw::wgmma {

// The sizes of a block that multiplies kBlockM x kBlockN, with 128 bytes of k in a tile. A stage
// holds kDeep pairs of tiles, for neighbouring values of k. Each warpgroup has a part of the rows.
// With kInTurn a warpgroup has all rows, in every kWarpgroups-th product, so that some warpgroups
// store while others multiply.
template <class T, bool kKMajorA, bool kKMajorB, int kBlockM_, int kBlockN_, int kWarpgroups,
          bool kInTurn_, int kStages_, int kPasses, Cluster kCluster = Cluster::none,
          int kDeep_ = 1>
struct Pipeline : Pairs<kCluster> {
  using Element = T;
  static constexpr int kBlockM = kBlockM_;
  static constexpr int kBlockN = kBlockN_;
  static constexpr int kConsumers = 128 * kWarpgroups;  // threads; the warp after them copies
  static constexpr int kThreads = kConsumers + 32;
  static constexpr int kDepth = 128 / static_cast<int>(sizeof(T));  // values of k in a tile
  static constexpr bool kInTurn = kInTurn_;
  static constexpr int kReaders = kInTurn ? 4 : 4 * kWarpgroups;  // warps that read a tile
  static constexpr int kGroupRows = kInTurn ? kBlockM : kBlockM / kWarpgroups;
  static constexpr int kBlocks = kGroupRows / 64;  // blocks of 64 rows of a warpgroup
  static constexpr int kColumns = kBlockN / 8;

  using OperandA = WgmmaOperand<T, kKMajorA, kDepth>;
  using OperandB = WgmmaOperand<T, kKMajorB, kDepth>;

  static constexpr int kStages = kStages_;
  static constexpr int kDeep = kDeep_;
  static constexpr bool kSplits = kPasses == 3;
  // In elements.
  static constexpr int kTileA = kBlockM * kDepth;
  // A tile whose columns run along the lines is copied in panels of 64 columns.
  static constexpr int kTileB = (kKMajorB ? kBlockN : (kBlockN + 63) / 64 * 64) * kDepth;
  static constexpr int kPair = kTileA + kTileB;
  static constexpr int kStage = kDeep * kPair;
  static constexpr int kSmall = kStages * kStage;

  // The threads that hold the sums.
  struct Consumers {
    static constexpr int kCount = kConsumers;
    static TW_DEVICE void sync() { sync_some<kConsumers>(1); }
  };

  static_assert(kGroupRows % 64 == 0 && kBlockN % 8 == 0, "the extents of a product");
  static_assert(kDeep == 1 || !kSplits, "a stage to split has one pair of tiles");
  static_assert(!kInTurn || (!kSplits && kWarpgroups == 2), "two, who share no splitting");
  static_assert(kStages >= 2 && kStages <= 14, "a tile is copied while one is multiplied");
};

// The shared memory before the tiles: a word for use by callers, the barrier of warpgroups that
// multiply in turn, and two barriers for each stage. Barriers are counted in units of 8 bytes.
constexpr int kFlag = 0;   // the word, the first of the shared memory
constexpr int kTurn = 1;   // the barrier
constexpr int kFirst = 2;  // the barriers of the stages
constexpr int kHeadBytes = 256;
constexpr int kMostStages = 14;
static_assert(8 * (kFirst + 2 * kMostStages) <= kHeadBytes, "the barriers fit");

// The current stage: a buffer in shared memory that is filled and read in turn.
template <class G>
class Stage {
 public:
  TW_DEVICE int index() const { return index_; }
  TW_DEVICE int elements() const { return index_ * G::kStage; }  // offset of its tiles
  TW_DEVICE unsigned parity() const { return parity_; }          // of the current round
  TW_DEVICE Barrier full() const { return barrier(kFirst + index_); }
  TW_DEVICE Barrier empty() const { return barrier(kFirst + G::kStages + index_); }

  TW_DEVICE void advance(int count) {
    const int to = index_ + count;
    parity_ ^= static_cast<unsigned>(to / G::kStages) & 1u;
    index_ = to % G::kStages;
  }
  TW_DEVICE void advance() {
    const bool wraps = index_ == G::kStages - 1;
    index_ = wraps ? 0 : index_ + 1;
    parity_ ^= wraps ? 1 : 0;
  }

  // Returns the barrier of the turns. Each of its phases belongs to one product. A phase ends when
  // the product's warpgroup has started all of the product.
  static TW_DEVICE Barrier turn() { return barrier(kTurn); }

  // Initialises all barriers. One thread calls it.
  static TW_DEVICE void init_all() {
    for (int i = 0; i < G::kStages; ++i) {
      barrier(kFirst + i).init(1);
      barrier(kFirst + G::kStages + i).init(G::kReaders * G::kHeard);
    }
    if constexpr (G::kInTurn) turn().init(4);
    fence_barrier_init();
  }

 private:
  static TW_DEVICE Barrier barrier(int index) {
    return Barrier(SharedPointer<unsigned long long>::dynamic() + index);
  }

  int index_ = 0;
  unsigned parity_ = 0;
};

// Fills the stages one after the other: the part of the thread that copies.
template <class G>
class Producer {
  using T = typename G::Element;

 public:
  TW_DEVICE explicit Producer(SharedPointer<T> shared) : shared_(shared) {}

  // Fills a stage for each of the steps of k from `begin` to `end`, when it is free. A step has
  // kDeep tiles. copy(tile, to, full) starts the copies of the tile of A to `to`, and of the tile
  // of B to kTileA elements further on. The copies signal `full`.
  template <class Copy>
  TW_DEVICE void fill(int begin, int end, const Copy& copy) {
    for (int step = begin; step < end; ++step) {
      stage_.empty().wait(stage_.parity() ^ 1u);
      stage_.full().arrive_and_expect(G::kStage * static_cast<int>(sizeof(T)));
      TW_UNROLL
      for (int i = 0; i < G::kDeep; ++i) {
        copy(step * G::kDeep + i, shared_ + (stage_.elements() + i * G::kPair), stage_.full());
      }
      stage_.advance();
    }
  }

 private:
  SharedPointer<T> shared_;
  Stage<G> stage_;
};

// Multiplies the stages' tiles one after the other: the part of one warpgroup.
template <class G>
class Consumer {
  using T = typename G::Element;

 public:
  using Sums = float[G::kBlocks][G::kColumns][4];

  // `row` is the warpgroup's first row in the block's tile.
  TW_DEVICE Consumer(SharedPointer<T> shared, int row) : shared_(shared), row_(row) {}

  // Skips the next product, which is another warpgroup's and has `tiles` steps of k.
  TW_DEVICE void skip(int tiles) {
    stage_.advance(tiles);
    ++product_;
  }

  // Adds to `sums` the products of the next `tiles` steps of k, at least one.
  TW_DEVICE void run(Sums& sums, int tiles) {
    WgmmaQueue queue;
    [[maybe_unused]] Sums parts = {};
    Stage<G> last = stage_;
    pin_all(G::kSplits ? parts : sums);  // otherwise ptxas serialises the products (C7515)
    // The wait also keeps the phases of the stages apart. A barrier can tell only two phases apart,
    // and the stages may go through more phases before this warpgroup's turn. The same holds for
    // the barrier of the turns: all warps of this warpgroup have ended its own phase before one of
    // them waits for the next phase.
    if (G::kInTurn && product_ > 0) {
      sync_warpgroup();
      Stage<G>::turn().wait(static_cast<unsigned>(product_ - 1) & 1u);
    }
    for (int tile = 0; tile < tiles; ++tile) {
      stage_.full().wait(stage_.parity());
      const int at = stage_.elements();
      if constexpr (G::kSplits) {
        // Use the other buffer than for the tile before, even if that tile is of another product:
        // warps that have not started the earlier products yet still read there.
        const int small = G::kSmall + small_ * G::kStage;
        small_ ^= 1;
        split(at, small);
        fence_proxy_async();
        queue.template wait<0>();
        if (tile > 0) release(last);
        add(sums, parts);
        G::Consumers::sync();
        queue.begin();
        multiply(queue, parts, small, at, false);
        multiply(queue, parts, at, small, true);
        multiply(queue, parts, at, at, true);
        queue.commit();
      } else {
        queue.begin();
        TW_UNROLL
        for (int i = 0; i < G::kDeep; ++i) {
          multiply(queue, sums, at + i * G::kPair, at + i * G::kPair, true);
        }
        queue.commit();
        queue.template wait<1>();
        if (tile > 0) release(last);
      }
      last = stage_;
      stage_.advance();
    }
    if constexpr (G::kInTurn) arrive(Stage<G>::turn());
    ++product_;
    queue.template wait<0>();
    release(last);
    if constexpr (G::kSplits) {
      add(sums, parts);
    } else {
      pin_all(sums);
    }
  }

 private:
  // Signals that this warp has read the stage, to all blocks that fill it.
  static TW_DEVICE void release(const Stage<G>& stage) {
    if constexpr (G::kHeard == 1) {
      arrive(stage.empty());
    } else {
      __syncwarp();
      const int lane = static_cast<int>(threadIdx.x) % 32;
      if (lane < G::kHeard) arrive_at(stage.empty(), block_that_copies<G>(lane));
    }
  }

  // Arrives once for the whole warp.
  static TW_DEVICE void arrive(const Barrier& barrier) {
    __syncwarp();
    if (threadIdx.x % 32 == 0) barrier.arrive();
  }

  // Splits this thread's share of the values at `big`, in any order.
  TW_DEVICE void split(int big, int small) {
    TW_UNROLL
    for (int i = 0; i < G::kStage / 4 / G::kConsumers; ++i) {
      const int offset = (i * G::kConsumers + static_cast<int>(threadIdx.x)) * 4;
      unsigned words[4], rest[4];
      load_words(words, shared_ + (big + offset));
      TW_UNROLL
      for (int j = 0; j < 4; ++j) {
        const SplitOperand parts(__uint_as_float(words[j]));
        words[j] = parts.big;
        rest[j] = parts.small;
      }
      store_words(shared_ + (big + offset), words);
      store_words(shared_ + (small + offset), rest);
    }
  }

  // Starts the products of one tile of A and one tile of B.
  TW_DEVICE void multiply(WgmmaQueue& queue, Sums& sums, int stage_a, int stage_b, bool adds) {
    const typename G::OperandA a(shared_ + stage_a);
    const typename G::OperandB b(shared_ + (stage_b + G::kTileA));
    TW_UNROLL
    for (int step = 0; step < 4; ++step) {
      TW_UNROLL
      for (int i = 0; i < G::kBlocks; ++i) {
        queue.multiply(sums[i], a.at(row_ + 64 * i, step), b.at(0, step), adds || step > 0);
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
  int row_;
  int product_ = 0;  // index of the next product among the block's products
  int small_ = 0;    // index of the buffer for the next small parts, 0 or 1
  Stage<G> stage_;
};

}  // namespace tw::wgmma
