// The warpgroups that multiply in wgmma_tf32.cuh, and the way of the held operand from shared
// memory to registers. A thread needs A[g][t], A[g + 8][t], A[g][t + 4] and A[g + 8][t + 4] of 16
// rows and 8 of k, where it is thread 4 * g + t of its warp.
//
// If k runs along the operand's rows, ldmatrix reads that. If not, neighbouring rows stand side by
// side, and the numbering of the 16 rows is free: rows g and g + 8 of the product are neighbours,
// read with one load of 8 bytes. The 16 lanes whose loads are served together read 4 lines of k,
// in each line the chunks c and c + 4 of 16 bytes. Since a chunk lies at c ^ (line % 8), they read
// different banks.
//
//     a line of 32 rows of the held operand, chunks of 4 rows:
//       chunk         0   1   2   3   4   5   6   7
//       warp (of 2)   0   0   1   1   0   0   1   1
#pragma once

#include "common/config.cuh"
#include "common/mma.cuh"
#include "common/shared.cuh"
#include "common/shared_words.cuh"
#include "common/vector.cuh"
#include "common/wgmma.cuh"
#include "common/wgmma_pipeline.cuh"
#include "gemm/mma_schedule.cuh"
#include "gemm/mma_store.cuh"
#include "gemm/wgmma_tf32_load.cuh"
#include "gemm/wgmma_walk.cuh"

namespace tw::gemm::wgmma_tf32 {

// The rows of the held operand that a thread has, among the 64 of its warpgroup: at(0) and at(1).
template <bool kKMajor>
struct HeldRows {
  static constexpr int kSpan = 64;
  static TW_DEVICE int at(int i) {
    const int warp = static_cast<int>(threadIdx.x) / 32 % 4;
    const int g = static_cast<int>(threadIdx.x) % 32 / 4;
    if constexpr (kKMajor) return warp * 16 + g + 8 * i;
    const int chunk = warp % 2 * 2 + g / 4 + g / 2 % 2 * 4;
    return warp / 2 * 32 + chunk * 4 + g % 2 * 2 + i;
  }
};

// Reads the held operand.
template <bool kKMajor>
class HeldReader {
 public:
  // `first` is the warpgroup's first row in the tile, a multiple of 64.
  TW_DEVICE explicit HeldReader(int first) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    if constexpr (kKMajor) {
      const int row = static_cast<int>(threadIdx.x) / 32 % 4 * 16 + lane % 16;
      offsets_[0] = (first + row) * 32 + (lane / 16 ^ row % 8) * 4;
    } else {
      const int row = HeldRows<false>::at(0);
      for (int j = 0; j < 2; ++j) {
        const int line = lane % 4 + 4 * j;
        offsets_[j] =
            (first + row / 32 * 32) * 32 + line * 32 + (row % 32 / 4 ^ line) * 4 + row % 4;
      }
    }
  }

  // Reads a step of 8 of k of a tile, which is aligned to 1024 bytes.
  TW_DEVICE WgmmaHeld read(SharedPointer<float> tile, int step) const {
    WgmmaHeld held;
    if constexpr (kKMajor) {
      ldmatrix(held.words, tile + (offsets_[0] ^ step * 8));
    } else {
      TW_UNROLL
      for (int j = 0; j < 2; ++j) {
        unsigned pair[2];
        load_words(pair, tile + (offsets_[j] + step * 256));
        held.words[2 * j] = pair[0];
        held.words[2 * j + 1] = pair[1];
      }
    }
    return held;
  }

 private:
  int offsets_[kKMajor ? 1 : 2];
};

// Multiplies the stages' tiles one after the other: the part of one warpgroup.
template <class G>
class Consumer {
 public:
  using Sums = float[G::kColumns][4];

  // `row` is the warpgroup's first row in the held operand's tile.
  TW_DEVICE Consumer(SharedPointer<float> shared, int row) : shared_(shared), reader_(row) {}

  // Adds to `sums` the products of the next `tiles` tiles of k, at least one.
  TW_DEVICE void run(Sums& sums, int tiles) {
    if constexpr (G::kSplits) {
      run_split(sums, tiles);
    } else {
      run_whole(sums, tiles);
    }
  }

 private:
  using Shared = WgmmaOperand<float, true>;
  static constexpr int kSteps = G::kDepth / 8;

  // The registers of a step are loaded for the next tile once the step's product is over.
  // Meanwhile the products of the three other steps are under way.
  TW_DEVICE void run_whole(Sums& sums, int tiles) {
    WgmmaQueue queue;
    WgmmaHeld held[kSteps];
    tw::wgmma::Stage<G> last = stage_;
    pin(sums);
    wait();
    held[0] = reader_.read(shared_ + stage_.elements(), 0);
    for (int tile = 0; tile < tiles; ++tile) {
      const SharedPointer<float> from = shared_ + stage_.elements();
      const Shared other(from + G::kTileHeld);
      TW_UNROLL
      for (int step = 0; step < kSteps; ++step) {
        queue.begin();
        queue.multiply(sums, held[step], other.at(0, step), true);
        queue.commit();
        queue.wait<kSteps - 1>();
        if (step < kSteps - 1) held[step + 1] = reader_.read(from, step + 1);
      }
      if (tile > 0) release(last);
      last = stage_;
      stage_.advance();
      if (tile + 1 < tiles) {
        wait();
        held[0] = reader_.read(shared_ + stage_.elements(), 0);
      }
    }
    queue.wait<0>();
    release(last);
    pin(sums);
  }

  // The values of the next tile are read while the tensor cores multiply this one.
  TW_DEVICE void run_split(Sums& sums, int tiles) {
    WgmmaQueue queue;
    WgmmaHeld big[kSteps], small[kSteps];
    Sums parts = {};
    tw::wgmma::Stage<G> last = stage_;
    pin(parts);
    for (int tile = 0; tile < tiles; ++tile) {
      wait();
      const SharedPointer<float> from = shared_ + stage_.elements();
      WgmmaHeld values[kSteps];
      TW_UNROLL
      for (int step = 0; step < kSteps; ++step) values[step] = reader_.read(from, step);
      queue.wait<0>();
      if (tile > 0) release(last);
      add(sums, parts);
      TW_UNROLL
      for (int i = 0; i < 4 * kSteps; ++i) {
        const SplitOperand split(__uint_as_float(values[i / 4].words[i % 4]));
        big[i / 4].words[i % 4] = split.big;
        small[i / 4].words[i % 4] = split.small;
      }
      queue.begin();
      multiply(queue, parts, small, from + G::kTileHeld, false);
      multiply(queue, parts, big, from + G::kSmall, true);
      multiply(queue, parts, big, from + G::kTileHeld, true);
      queue.commit();
      last = stage_;
      stage_.advance();
    }
    queue.wait<0>();
    release(last);
    add(sums, parts);
  }

  // Starts the products of a tile.
  static TW_DEVICE void multiply(WgmmaQueue& queue, Sums& sums, const WgmmaHeld (&held)[kSteps],
                                 SharedPointer<float> tile, bool adds) {
    const Shared other(tile);
    TW_UNROLL
    for (int step = 0; step < kSteps; ++step) {
      queue.multiply(sums, held[step], other.at(0, step), adds || step > 0);
    }
  }

  static TW_DEVICE void add(Sums& sums, Sums& parts) {
    pin(parts);
    TW_UNROLL
    for (int i = 0; i < G::kColumns * 4; ++i) sums[i / 4][i % 4] += parts[i / 4][i % 4];
  }

  // Waits until the stage has landed and has been transformed.
  TW_DEVICE void wait() const {
    stage_.full().wait(stage_.parity());
    if constexpr (G::kTransforms) transformed(stage_).wait(stage_.parity());
  }

  // Signals that this warp has read the stage.
  static TW_DEVICE void release(const tw::wgmma::Stage<G>& stage) {
    __syncwarp();
    if (threadIdx.x % 32 == 0) stage.empty().arrive();
  }

  SharedPointer<float> shared_;
  HeldReader<G::kHeldKMajor> reader_;
  tw::wgmma::Stage<G> stage_;
};

// Stores the sums of a transposed product: its rows are the columns of C. (row, column) is C's
// element at the product's first row and column.
template <class Rows, class T, class Epilogue, int kColumns>
TW_DEVICE void store_transposed(const float (&sums)[kColumns][4],
                                const mma::Output<T, Epilogue>& out, int row, int column) {
  const int t = static_cast<int>(threadIdx.x) % 4;
  const int x = column + Rows::at(0);
  TW_UNROLL
  for (int i = 0; i < 2 * kColumns; ++i) {
    const int y = row + i / 2 * 8 + 2 * t + i % 2;
    const Vector<float, 2> run{{sums[i / 2][i % 2], sums[i / 2][2 + i % 2]}};
    if (y < out.m && x < out.n) mma::store_run(out, run, y, x);
  }
}

// The work of the warpgroups: they compute the sums of each tile and pass them to mma::Results.
template <class G, class Results>
TW_DEVICE void multiply(const wgmma::Walk<G>& walk, SharedPointer<float> shared, int warp,
                        const Results& results) {
  using Rows = HeldRows<G::kHeldKMajor>;
  const int group_row = warp / 4 * 64;
  Consumer<G> consumer(shared, group_row);
  walk.for_each_segment(
      [&](const mma::Segment& segment, const typename G::Shares& shares, int block) {
        const mma::TileIndex place = walk.place(segment.tile);
        float sums[1][G::kColumns][4] = {};
        consumer.run(sums[0], segment.end - segment.begin);
        if (!walk.join(sums, segment, shares, block)) return;
        const int row = place.row * G::kBlockM, column = place.column * G::kBlockN;
        if constexpr (G::kHoldsA) {
          results.template take<Rows>(sums, place.batch, row + group_row, column);
        } else {
          store_transposed<Rows>(sums[0], results.output(place.batch), row, column + group_row);
        }
      });
}

}  // namespace tw::gemm::wgmma_tf32
