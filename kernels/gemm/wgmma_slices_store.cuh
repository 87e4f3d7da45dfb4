// The end of wgmma_slices.cuh: the blocks of a cluster add up their sums of a tile of C through
// their shared memory. G is the kernel's Sizes.
//
//     block 0       block 1                  the tile of C, kTileRows x kTileColumns floats, row
//    | part 0 |    | part 0 |  -> block 0    after row, kPitch floats apart. Runs of four floats
//    | part 1 |    | part 1 |  -> block 1    are dealt to the threads of all blocks.
#pragma once

#include "common/cluster.cuh"
#include "common/config.cuh"
#include "common/shared.cuh"
#include "common/shared_words.cuh"
#include "common/vector.cuh"
#include "gemm/mma_store.cuh"

namespace tw::gemm::wgmma_slices {

// Writes a warpgroup's sums, 64 rows of the product from `row` on, to the tile of C.
template <class G, int kColumns>
TW_DEVICE void put(SharedPointer<float> tile, const float (&sums)[kColumns][4], int row) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int first = row + static_cast<int>(threadIdx.x) % 128 / 32 * 16 + lane / 4;
  TW_UNROLL
  for (int j = 0; j < kColumns; ++j) {
    TW_UNROLL
    for (int half = 0; half < 2; ++half) {
      const int at = first + 8 * half;
      const int column = 8 * j + lane % 4 * 2;
      const float* const pair = sums[j] + 2 * half;
      if constexpr (G::kSwapped) {
        TW_UNROLL
        for (int i = 0; i < 2; ++i) {
          const unsigned word[1] = {__float_as_uint(pair[i])};
          store_words(tile + ((column + i) * G::kPitch + at), word);
        }
      } else {
        const unsigned words[2] = {__float_as_uint(pair[0]), __float_as_uint(pair[1])};
        store_words(tile + (at * G::kPitch + column), words);
      }
    }
  }
}

// A barrier of the kConsumers threads of all blocks of the cluster. On the cpu device each block
// runs by itself.
template <class G>
TW_DEVICE void sync_slices() {
#ifndef TW_CPU_DEVICE
  if constexpr (G::kSlices * G::kPeers > 1) return sync_cluster();
#endif
  G::Consumers::sync();
}

// The two ways of store_own_part. kWhole: the tile's columns are inside C, its rows are aligned,
// and C is not read.
template <class G, bool kWhole, class T, class Epilogue>
TW_DEVICE void store_runs(SharedPointer<float> tile, const mma::Output<T, Epilogue>& out, int row,
                          int column) {
  constexpr int kRuns = G::kTileColumns / 4;  // of four floats in a row
  // Runs of a thread that are under way. The code of edges is small instead of fast.
  constexpr int kBatch = !kWhole ? 1 : G::kSlices > 4 ? 2 : 4;
  constexpr int kStep = G::kSlices * G::kConsumers;
#ifdef TW_CPU_DEVICE
  constexpr int kParts = 1;  // this block has the sums of all slices
#else
  constexpr int kParts = G::kSlices;
#endif
  const int runs = min(G::kTileRows, out.m - row) * kRuns;
  const int first = G::slice() * G::kConsumers + static_cast<int>(threadIdx.x);
  for (int begin = first; begin < runs; begin += kBatch * kStep) {
    Vector<float, 4> sums[kBatch] = {};
    TW_UNROLL
    for (int part = 0; part < kParts; ++part) {
      TW_UNROLL
      for (int i = 0; i < kBatch; ++i) {
        const int run = min(begin + i * kStep, runs - 1);
        const auto from = tile + (run / kRuns * G::kPitch + run % kRuns * 4);
        const auto read =
            G::kSlices == 1
                ? load_vector<4>(from)
                : load_from_peer(from, G::block_of(part, G::pair_row(), G::pair_column()));
        TW_UNROLL
        for (int e = 0; e < 4; ++e) sums[i].at[e] += read.at[e];
      }
    }
    TW_UNROLL
    for (int i = 0; i < kBatch; ++i) {
      const int run = begin + i * kStep;
      if (run >= runs) break;
      const int at = column + run % kRuns * 4;
      if constexpr (kWhole) {
        mma::store_whole_run(out, sums[i], row + run / kRuns, at);
      } else if (at < out.n) {
        mma::store_run(out, sums[i], row + run / kRuns, at);
      }
    }
  }
}

// Adds up this block's part of the tile of C, whose first element is (row, column), from the shared
// memory of all blocks of the cluster, and stores it. Called by the kConsumers threads.
template <class G, class T, class Epilogue>
TW_DEVICE void store_own_part(SharedPointer<float> tile, const mma::Output<T, Epilogue>& out,
                              int row, int column) {
  if (out.aligned && out.beta == 0 && column + G::kTileColumns <= out.n) {
    store_runs<G, true>(tile, out, row, column);
  } else {
    store_runs<G, false>(tile, out, row, column);
  }
}

}  // namespace tw::gemm::wgmma_slices
