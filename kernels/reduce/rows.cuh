// Reduction of contiguous rows: y[o] = epilogue(operation over x[o, :]).
//
//     a row     |head|<-------- tile: unroll * row_threads * vector -------->| ... |tail|
//               |    | vector of thread 0 | thread 1 | ... | thread 0 | ...  |     |    |
//                     \____________ first load __________/ \__ second load
//
// Vectors are aligned wherever the row begins. Head and tail are the elements before the first and
// after the last whole vector; a thread takes one element of each. A block has threads /
// row_threads rows. If there are few rows, several blocks share one row: the last block to finish
// adds up their results in the order of the parts, so that the result does not depend on timing.
//
// The knobs and their trade-offs:
//   threads        a block's size
//   row_threads    threads of a row: few for short rows, so that no thread is idle and few results
//                  are joined; many for long rows
//   vector         elements of a load; 16 bytes need the fewest instructions
//   unroll         loads that a thread starts before it uses the first: more bytes in flight, more
//                  registers
//   blocks_per_sm  0: a block has whole rows; otherwise rows are split into parts so that there are
//                  so many blocks
#pragma once

#include "common/config.cuh"
#include "common/convert.cuh"
#include "common/epilogue.cuh"
#include "common/half.cuh"
#include "common/vector.cuh"
#include "reduce/fold.cuh"
#include "reduce/op.cuh"

namespace tw::reduce::rows {

struct Knobs {
  int threads;
  int row_threads;
  int vector;
  int unroll;
  int blocks_per_sm;
};

// Reads one thread's share of a row.
template <class T, class V>
struct Reader {
  static constexpr Knobs knobs = V::knobs;
  static constexpr int kStep = knobs.row_threads * knobs.vector;
  static constexpr int kTile = kStep * knobs.unroll;
  using F = Fold<V::choices.operation>;
  using Values = Vector<T, knobs.vector>;

  F fold;
  int thread;  // index among the row's threads

  TW_DEVICE void add(const Values& stored) {
    float values[knobs.vector];
    widen(stored, values);
    fold.add(values);
  }

  // Adds `count` elements, a multiple of the vector, from an aligned address on.
  TW_DEVICE void add_vectors(const T* from, long long count) {
    from += thread * knobs.vector;
    for (; count >= kTile; count -= kTile, from += kTile) {
      Values values[knobs.unroll];
      TW_UNROLL
      for (int i = 0; i < knobs.unroll; ++i) {
        values[i] = load_vector<knobs.vector>(from + i * kStep);
      }
      TW_UNROLL
      for (int i = 0; i < knobs.unroll; ++i) add(values[i]);
    }
    if (count == 0) return;
    // Less than a tile is left: again all loads come before the first use.
    const int left = static_cast<int>(count) - thread * knobs.vector;
    Values values[knobs.unroll];
    TW_UNROLL
    for (int i = 0; i < knobs.unroll; ++i) {
      if (i * kStep < left) values[i] = load_vector<knobs.vector>(from + i * kStep);
    }
    TW_UNROLL
    for (int i = 0; i < knobs.unroll; ++i) {
      if (i * kStep < left) add(values[i]);
    }
  }

  // Adds part `part` of `parts` of a row.
  TW_DEVICE void add_row(const T* row, long long extent, int part, int parts) {
    constexpr int kBytes = knobs.vector * static_cast<int>(sizeof(T));
    const auto beyond = static_cast<int>(reinterpret_cast<unsigned long long>(row) % kBytes);
    const auto head = static_cast<int>(
        min(extent, static_cast<long long>((kBytes - beyond) % kBytes / sizeof(T))));
    const long long vectors = (extent - head) / knobs.vector;
    const auto tail = static_cast<int>((extent - head) % knobs.vector);
    // One load for each end; its value is used after all others.
    constexpr int kEnds = knobs.vector > 1 ? (knobs.vector - 1) / knobs.row_threads + 1 : 0;
    float ends[2 * max(1, kEnds)];
    TW_UNROLL
    for (int i = 0; i < kEnds; ++i) {
      const int at = thread + i * knobs.row_threads;
      ends[2 * i] = part == 0 && at < head ? to_float(row[at]) : F::neutral();
      ends[2 * i + 1] = part == 0 && at < tail ? to_float(row[extent - tail + at]) : F::neutral();
    }
    if constexpr (knobs.blocks_per_sm == 0) {
      add_vectors(row + head, vectors * knobs.vector);
    } else {
      const long long steps = (vectors - 1) / knobs.row_threads + 1;
      const long long begin = steps * part / parts * knobs.row_threads;
      const long long end = min(steps * (part + 1) / parts * knobs.row_threads, vectors);
      add_vectors(row + head + begin * knobs.vector, max(end - begin, 0ll) * knobs.vector);
    }
    if constexpr (kEnds > 0) fold.add(ends);
  }
};

// Leaves the fold of all threads of each row in the row's first thread.
template <int kThreads, int kRowThreads, class F>
TW_DEVICE void join_row(F& fold) {
  join_lanes<min(kRowThreads, 32)>(fold);
  if constexpr (kRowThreads > 32) {
    constexpr int kWarps = kRowThreads / 32;
    __shared__ float words[F::kWords][kThreads / 32];
    const int thread = static_cast<int>(threadIdx.x);
    __syncthreads();
    if (thread % 32 == 0) {
      TW_UNROLL
      for (int i = 0; i < F::kWords; ++i) words[i][thread / 32] = fold.word[i];
    }
    __syncthreads();
    const int from = thread / kRowThreads * kWarps + thread % kWarps;
    TW_UNROLL
    for (int i = 0; i < F::kWords; ++i) fold.word[i] = words[i][from];
    join_lanes<kWarps>(fold);
  }
}

// Grid: a block for each `threads / row_threads` rows, times `parts`. If blocks_per_sm is 0, parts
// is 1 and the workspace is not used; otherwise row_threads equals threads. partials: a fold for
// each part of each row. arrived: a zero for each row.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(V::knobs.threads)
    kernel(const T* x, T* y, int outer, long long extent, long long ldx, int parts,
           typename Epilogue::Args epilogue, [[maybe_unused]] float* partials,
           [[maybe_unused]] unsigned* arrived) {
  constexpr Knobs knobs = V::knobs;
  using F = Fold<V::choices.operation>;
  const int thread = static_cast<int>(threadIdx.x);
  int group = static_cast<int>(blockIdx.x);
  int part = 0;
  if constexpr (knobs.blocks_per_sm != 0) {
    part = group % parts;
    group /= parts;
  }
  const long long row = static_cast<long long>(group) * (knobs.threads / knobs.row_threads) +
                        thread / knobs.row_threads;
  Reader<T, V> reader{{}, thread % knobs.row_threads};
  if (row < outer) reader.add_row(x + row * ldx, extent, part, parts);
  join_row<knobs.threads, knobs.row_threads>(reader.fold);

  if constexpr (knobs.blocks_per_sm != 0) {
    const long long plane = static_cast<long long>(outer) * parts;
    float* const mine = partials + row * parts;
    if (thread == 0) store_fold(mine + part, plane, reader.fold);
    if (!arrives_last(arrived + row, parts)) return;
    reader.fold = {};
    for (int i = thread; i < parts; i += knobs.threads) {
      reader.fold.merge(load_fold<F>(mine + i, plane));
    }
    join_row<knobs.threads, knobs.row_threads>(reader.fold);
  }
  if (row < outer && reader.thread == 0) {
    const float result = reader.fold.result(extent);
    y[row] = from_float<T>(
        Epilogue::template apply<T>(result, epilogue, {static_cast<int>(row), 0, row}));
  }
}

}  // namespace tw::reduce::rows
