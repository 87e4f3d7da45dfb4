// A product of large matrices as two kinds of threads compute it on Hopper: one thread has the copy
// engine fill places in shared memory with tiles of A and B, and runs ahead as far as these allow;
// warpgroups multiply them by wgmma. A place has two barriers: full, once its bytes have landed;
// empty, once all warps have read them.
//
//   shared memory   | barriers | flag |..| A B | A B | .. | A B |   of three passes: | A B | A B |
//                    2 a place   a word       `stages` places         small parts, in turn
//                                          1024-byte boundaries
#pragma once

#include "common/config.cuh"
#include "common/mma.cuh"
#include "common/named_barrier.cuh"
#include "common/shared.cuh"
#include "common/shared_words.cuh"
#include "common/tensor_copy.cuh"
#include "common/wgmma.cuh"

namespace tw::wgmma {

// Sizes of a block that multiplies kBlockM x kBlockN, with 128 bytes of k in a tile. Warpgroups
// have a part of the rows each; kInTurn: all of them, in every kWarpgroups-th product, so that some
// store while others multiply.
template <class T, bool kKMajorA, bool kKMajorB, int kBlockM_, int kBlockN_, int kWarpgroups,
          bool kInTurn_, int kStages_, int kPasses>
struct Pipeline {
  using Element = T;
  static constexpr int kBlockM = kBlockM_;
  static constexpr int kBlockN = kBlockN_;
  static constexpr int kConsumers = 128 * kWarpgroups;  // threads; the warp after them copies
  static constexpr int kThreads = kConsumers + 32;
  static constexpr int kDepth = 128 / static_cast<int>(sizeof(T));  // values of k in a tile
  static constexpr bool kInTurn = kInTurn_;
  static constexpr int kReaders = kInTurn ? 4 : 4 * kWarpgroups;  // warps that read a tile
  static constexpr int kGroupRows = kInTurn ? kBlockM : kBlockM / kWarpgroups;
  static constexpr int kBlocks = kGroupRows / 64;  // of a warpgroup's rows
  static constexpr int kColumns = kBlockN / 8;

  using OperandA = WgmmaOperand<T, kKMajorA, kDepth>;
  using OperandB = WgmmaOperand<T, kKMajorB, kDepth>;

  static constexpr int kStages = kStages_;
  static constexpr bool kSplits = kPasses == 3;
  // In elements.
  static constexpr int kTileA = kBlockM * kDepth;
  static constexpr int kStage = kTileA + kBlockN * kDepth;
  static constexpr int kSmall = kStages * kStage;

  // The threads that hold sums.
  struct Consumers {
    static constexpr int kCount = kConsumers;
    static TW_DEVICE void sync() { sync_some<kConsumers>(1); }
  };

  static_assert(kGroupRows % 64 == 0 && kBlockN % 64 == 0, "a product has 64 rows");
  static_assert(!kInTurn || (!kSplits && kWarpgroups == 2), "two, who share no splitting");
  static_assert(kStages >= 2 && kStages <= 8, "a tile is copied while one is multiplied");
};

// Shared memory before the tiles: at most 16 barriers of the stages, a word for others' use, and
// the barrier of those that multiply in turn.
constexpr int kFlag = 32;  // the word
constexpr int kTurn = 17;  // the barrier
constexpr int kHeadBytes = 256;

// A place in shared memory that is filled and read in turn.
template <class G>
class Stage {
 public:
  TW_DEVICE int elements() const { return index_ * G::kStage; }  // where its tiles begin
  TW_DEVICE unsigned parity() const { return parity_; }          // of its round
  TW_DEVICE Barrier full() const { return barrier(index_); }
  TW_DEVICE Barrier empty() const { return barrier(G::kStages + index_); }

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

  // Of its phases each is a product's: over when its warpgroup has started all of it.
  static TW_DEVICE Barrier turn() { return barrier(kTurn); }

  // By one thread.
  static TW_DEVICE void init_all() {
    for (int i = 0; i < G::kStages; ++i) {
      barrier(i).init(1);
      barrier(G::kStages + i).init(G::kReaders);
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

// Multiplies what the places hold, one after the other: a warpgroup's part.
template <class G>
class Consumer {
  using T = typename G::Element;

 public:
  using Sums = float[G::kBlocks][G::kColumns][4];

  // `row`: the warpgroup's first in the block's tile.
  TW_DEVICE Consumer(SharedPointer<T> shared, int row) : shared_(shared), row_(row) {}

  // The next product, of so many `tiles` of k, is another warpgroup's.
  TW_DEVICE void skip(int tiles) {
    stage_.advance(tiles);
    ++product_;
  }

  // The next `tiles` of k, at least one.
  TW_DEVICE void run(Sums& sums, int tiles) {
    WgmmaQueue queue;
    [[maybe_unused]] Sums parts = {};
    Stage<G> last = stage_;
    pin_all(G::kSplits ? parts : sums);  // else ptxas serialises the products (C7515)
    // Not only to multiply in order: a barrier tells two phases apart, and the stages may go
    // through more before their turn. The barrier of the turns does so too: all warps of this
    // warpgroup have ended its own phase before one of them waits for the next.
    if (G::kInTurn && product_ > 0) {
      sync_warpgroup();
      Stage<G>::turn().wait(static_cast<unsigned>(product_ - 1) & 1u);
    }
    for (int tile = 0; tile < tiles; ++tile) {
      stage_.full().wait(stage_.parity());
      const int at = stage_.elements();
      if constexpr (G::kSplits) {
        // The other place than for the tile before, be it of another product: warps that have yet
        // to start its products read there.
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
        multiply(queue, sums, at, at, true);
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
  // This warp has read the stage.
  static TW_DEVICE void release(const Stage<G>& stage) { arrive(stage.empty()); }

  // One arrival a warp.
  static TW_DEVICE void arrive(const Barrier& barrier) {
    __syncwarp();
    if (threadIdx.x % 32 == 0) barrier.arrive();
  }

  // This thread's share of what lies at `big`, in any order.
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

  // Starts the products of a tile of A and one of B.
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
  int product_ = 0;  // the next one's place in the order of the block's
  int small_ = 0;    // the place of the next small parts, 0 or 1
  Stage<G> stage_;
};

}  // namespace tw::wgmma
