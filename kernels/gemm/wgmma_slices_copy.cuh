// How wgmma_slices.cuh fills its stages. G is the kernel's Sizes.
#pragma once

#include "common/cluster.cuh"
#include "common/config.cuh"
#include "common/shared.cuh"
#include "common/tensor_copy.cuh"
#include "common/wgmma.cuh"
#include "common/wgmma_pipeline.cuh"
#include "gemm/op.cuh"
#include "gemm/wgmma_copy.cuh"

namespace tw::gemm::wgmma_slices {

// Copies the tiles of A and B to the stages: the part of the warps after those that multiply.
template <class G, class V, class T>
class Copier {
 public:
  // `a` and `b` are the matrices' maps, batch_a and batch_b their numbers in the batch; (row,
  // column) is the first element of the tile of C.
  TW_DEVICE Copier(SharedPointer<T> shared, const TensorMap& a, int batch_a, const TensorMap& b,
                   int batch_b, int row, int column)
      : shared_(shared),
        a_(a),
        b_(b),
        batch_a_(batch_a),
        batch_b_(batch_b),
        row_(row),
        column_(column) {}

  // Initialises the barriers, and copies what begin_of() says: the steps of k where the slices
  // begin. All threads of the block arrive at a __syncthreads() when the barriers are ready.
  template <class Begin>
  TW_DEVICE void run(const Begin& begin_of) const {
    tw::wgmma::Producer<G> producer(shared_);
    const auto all = [&](int tile, SharedPointer<T> to, const Barrier& full) {
      start<true, true>(tile, to, full);
    };
    const bool copies = threadIdx.x == G::kConsumers;
    // The stages are free for the first steps of the block's first slice.
    const int first = first_own_part(G::slice());
    const int begin = begin_of(first);
    const int early = min(begin + G::kStages, begin_of(first + 1));
    if (copies) {
      tw::wgmma::Stage<G>::init_all();
      fence_proxy_async();
      if constexpr (G::kPeers == 1) producer.fill(begin, early, all);
    }
    if constexpr (G::kPeers > 1) start_early(producer, copies, begin, early);
    __syncwarp();
    __syncthreads();
    if (!copies) return;
    for_own_parts<G::kSlices>(G::slice(), [&](int slice) {
      producer.fill(slice == first ? early : begin_of(slice), begin_of(slice + 1), all);
    });
  }

 private:
  // Starts the copies of the first steps. Those that other blocks get, too, must wait until the
  // barriers of the other blocks are ready.
  TW_DEVICE void start_early(tw::wgmma::Producer<G>& producer, bool copies, int begin,
                             int early) const {
    if (copies) {
      producer.fill(begin, early, [&](int tile, SharedPointer<T> to, const Barrier& full) {
        start<true, false>(tile, to, full);
      });
    }
    sync_cluster();
    if (!copies) return;
    tw::wgmma::Stage<G> stage;
    for (int step = begin; step < early; ++step) {
      for (int i = 0; i < G::kDeep; ++i) {
        start<false, true>(step * G::kDeep + i, shared_ + (stage.elements() + i * G::kPair),
                           stage.full());
      }
      stage.advance();
    }
  }

  // Starts the copies of the tile-th tiles along k of the operands that no other block gets (kOwn),
  // and of those that other blocks get, too (kShared).
  template <bool kOwn, bool kShared>
  TW_DEVICE void start(int tile, SharedPointer<T> to, const Barrier& full) const {
    if constexpr (G::kPairN == 1 ? kOwn : kShared) {
      wgmma::copy_operand<G, !transposed_a(V::choices.layout), G::kTileRows, G::kPairN,
                          wgmma::Share::turns>(G::kSwapped ? to + G::kTileA : to, a_, full, tile,
                                               row_, batch_a_, sharers_of_a<G>());
    }
    if constexpr (G::kPairM == 1 ? kOwn : kShared) {
      wgmma::copy_operand<G, transposed_b(V::choices.layout), G::kTileColumns, G::kPairM,
                          wgmma::Share::turns>(G::kSwapped ? to : to + G::kTileA, b_, full, tile,
                                               column_, batch_b_, sharers_of_b<G>());
    }
  }

  SharedPointer<T> shared_;
  const TensorMap& a_;
  const TensorMap& b_;
  int batch_a_, batch_b_;
  int row_, column_;
};

}  // namespace tw::gemm::wgmma_slices
