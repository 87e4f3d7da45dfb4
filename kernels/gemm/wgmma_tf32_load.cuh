// How the tiles of wgmma_tf32.cuh get to shared memory: the work of the last warpgroup. A thread of
// some of its warps starts the copies. If the tiles of the shared operand must be transposed or
// split, the other warps do that in place once they have landed, and tell the multiplying
// warpgroups by a barrier of its own. These warps start no copies, because their fences would wait
// for them.
//
// An operand whose rows do not run along k is copied in panels: 32 lines of k, each with 32
// neighbouring x. A warp transposes a panel in place. Before and after, chunk c of 16 bytes of a
// line lies at c ^ (line % 8). A thread reads chunk c of the lines 4 * q to 4 * q + 3, and writes
// chunk q of the lines 4 * c to 4 * c + 3. The 8 lanes whose accesses are served together have all
// c once, and q = c ^ d for one d: so both their reads and their writes go to different banks.
#pragma once

#include "common/config.cuh"
#include "common/mma.cuh"
#include "common/opaque.cuh"
#include "common/shared.cuh"
#include "common/shared_words.cuh"
#include "common/tensor_copy.cuh"
#include "common/wgmma.cuh"
#include "common/wgmma_pipeline.cuh"
#include "gemm/wgmma_tf32_pack.cuh"

namespace tw::gemm::wgmma_tf32 {

// The barrier of a stage that completes when its shared operand has been transformed. The first of
// them is number kTransformed, in units of 8 bytes.
constexpr int kTransformed = 24;
template <class G>
TW_DEVICE Barrier transformed(const tw::wgmma::Stage<G>& stage) {
  static_assert(tw::wgmma::kFirst + 2 * G::kStages <= kTransformed, "after those of the stages");
  static_assert(8 * (kTransformed + G::kStages) <= tw::wgmma::kHeadBytes, "they fit");
  return Barrier(SharedPointer<unsigned long long>::dynamic() + kTransformed + stage.index());
}

// Initialises the barriers of all stages. One thread calls it.
template <class G>
TW_DEVICE void init_transformed() {
  for (int i = 0; i < G::kStages; ++i) {
    Barrier(SharedPointer<unsigned long long>::dynamic() + kTransformed + i).init(G::kTransformers);
  }
  fence_barrier_init();
}

constexpr int kPanel = 32 * 32;  // elements of a panel

// An operand: where its tiles of k begin.
struct Source {
  const TensorMap& map;
  int x;
  int batch;
};

// The packed operand (wgmma_tf32_pack.cuh): its tiles from x on.
struct Packed {
  const float* first;
  long long step;   // from the tiles of one k to those of the next
  long long small;  // from big parts to small ones

  // The operand has `extent` x and k_tiles tiles of k.
  TW_DEVICE Packed(const float* packed, int parts, int extent, int k_tiles, const Source& at)
      : step(static_cast<long long>(tiles_along(extent)) * parts * kPackedTile),
        small(static_cast<long long>(tiles_along(extent)) * kPackedTile) {
    first = packed + static_cast<long long>(at.batch) * k_tiles * step + at.x / 64LL * kPackedTile;
  }
};

// Starts copies of tiles: one thread of a warp.
template <class G>
class Copier {
 public:
  // `warp` is the warp's index among those that copy.
  TW_DEVICE Copier(SharedPointer<float> shared, int warp) : shared_(shared), warp_(warp) {}

  // Returns whether the warp copies. A stage is not full without the copies of all such warps, so
  // each of them sees every phase of the barriers.
  TW_DEVICE bool has_part() const {
    return warp_ == 0 || warp_ < (G::kHeldKMajor ? 0 : G::kHeldRows / 32) ||
           (G::kSharedKMajor || G::kPacked ? warp_ == 1 : warp_ < G::kWidth / 32);
  }

  // Copies the tiles of k from `begin` to `end`. `other` is a Source or Packed.
  template <class Other>
  TW_DEVICE void copy(const Source& held, const Other& other, int begin, int end) {
    for (int tile = begin; tile < end; ++tile) {
      stage_.empty().wait(stage_.parity() ^ 1u);
      // The first warp expects the bytes of all.
      if (warp_ == 0) stage_.full().arrive_and_expect(G::kCopied * 4);
      const SharedPointer<float> to = shared_ + stage_.elements();
      copy_tile<G::kHeldKMajor, G::kHeldRows>(to, held, tile, 0);
      copy_tile<G::kSharedKMajor, G::kWidth>(to + G::kTileHeld, other, tile, 1);
      stage_.advance();
    }
  }

 private:
  // A tile of one box is copied by warp `first`.
  template <bool kKMajor, int kExtent>
  TW_DEVICE void copy_tile(SharedPointer<float> to, const Source& from, int tile, int first) {
    if constexpr (kKMajor) {
      if (warp_ == first % G::kCopiers) {
        load_tensor(to, from.map, stage_.full(), tile * G::kDepth, from.x, from.batch);
      }
    } else {
      TW_UNROLL
      for (int i = 0; i < kExtent / 32; i += G::kCopiers) {
        const int panel = i + warp_;
        if (kExtent / 32 % G::kCopiers == 0 || panel < kExtent / 32) {
          load_tensor(to + panel * kPanel, from.map, stage_.full(), from.x + 32 * panel,
                      tile * G::kDepth, from.batch);
        }
      }
    }
  }
  template <bool, int kExtent>
  TW_DEVICE void copy_tile(SharedPointer<float> to, const Packed& from, int tile, int first) {
    if (warp_ != first) return;
    const float* const at = from.first + tile * from.step;
    load_bytes(to, at, kExtent * G::kDepth * 4, stage_.full());
    if constexpr (G::kSplits) {
      load_bytes(to + kExtent * G::kDepth, at + from.small, kExtent * G::kDepth * 4, stage_.full());
    }
  }

  SharedPointer<float> shared_;
  int warp_;
  tw::wgmma::Stage<G> stage_;
};

// Transposes or splits the tiles of the shared operand: the part of one warp.
template <class G>
class Transformer {
 public:
  // `warp` is the warp's index among those that transform.
  TW_DEVICE Transformer(SharedPointer<float> shared, int warp) : shared_(shared), warp_(warp) {
    const int c = static_cast<int>(threadIdx.x) % 8, d = static_cast<int>(threadIdx.x) % 32 / 8;
    read_ = place(c ^ d, c);
    write_ = place(c, c ^ d);
  }

  // Transforms the next `tiles` tiles.
  TW_DEVICE void run(int tiles) {
    for (int i = 0; i < tiles; ++i) {
      stage_.full().wait(stage_.parity());
      const SharedPointer<float> tile = shared_ + (stage_.elements() + G::kTileHeld);
      if constexpr (G::kSharedKMajor) {
        split(tile);
      } else {
        for (int panel = warp_; panel < G::kWidth / 32; panel += G::kTransformers) {
          transpose(tile + panel * kPanel);
        }
      }
      fence_proxy_async();
      __syncwarp();
      if (threadIdx.x % 32 == 0) transformed(stage_).arrive();
      stage_.advance();
    }
  }

 private:
  TW_DEVICE void split(SharedPointer<float> tile) {
    constexpr int kAtOnce = 4;  // 16 bytes a lane each
    const SharedPointer<float> mine = tile + static_cast<int>(threadIdx.x) % 32 * 4;
    for (int i = warp_; i < G::kTileShared / 128 / kAtOnce; i += G::kTransformers) {
      unsigned words[kAtOnce][4];
      TW_UNROLL
      for (int j = 0; j < kAtOnce; ++j) load_words(words[j], mine + (i * kAtOnce + j) * 128);
      TW_UNROLL
      for (int j = 0; j < kAtOnce; ++j) store(mine + (i * kAtOnce + j) * 128, words[j]);
    }
  }

  TW_DEVICE void transpose(SharedPointer<float> panel) {
    unsigned words[2][4][4];
    const int read = opaque(read_), write = opaque(write_);
    TW_UNROLL
    for (int i = 0; i < 2; ++i) {
      TW_UNROLL
      for (int j = 0; j < 4; ++j) load_words(words[i][j], panel + (read ^ 512 * i ^ 36 * j));
    }
    __syncwarp();
    TW_UNROLL
    for (int i = 0; i < 2; ++i) {
      TW_UNROLL
      for (int j = 0; j < 4; ++j) {
        const unsigned line[4] = {words[i][0][j], words[i][1][j], words[i][2][j], words[i][3][j]};
        store(panel + (write ^ 16 * i ^ 36 * j), line);
      }
    }
  }

  // Returns the offset in a panel of chunk `chunk` of line 4 * group. That of line 4 * group + j is
  // this ^ 36 * j.
  static TW_DEVICE int place(int group, int chunk) {
    return group * 128 + (chunk ^ group % 2 * 4) * 4;
  }

  // Writes four neighbouring values of the shared operand.
  TW_DEVICE void store(SharedPointer<float> to, const unsigned (&words)[4]) {
    if constexpr (G::kSplits) {
      unsigned big[4], small[4];
      TW_UNROLL
      for (int i = 0; i < 4; ++i) {
        const SplitOperand parts(__uint_as_float(words[i]));
        big[i] = parts.big;
        small[i] = parts.small;
      }
      store_words(to, big);
      store_words(to + G::kTileShared, small);
    } else {
      store_words(to, words);
    }
  }

  SharedPointer<float> shared_;
  int warp_;
  // The thread's places when it transposes, for d < 4. Those for d + 4 are read_ ^ 512 and
  // write_ ^ 16.
  int read_, write_;
  tw::wgmma::Stage<G> stage_;
};

}  // namespace tw::gemm::wgmma_tf32
