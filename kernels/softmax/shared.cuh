// Softmax of long rows, one block for each row. As much of a row as fits is kept in shared memory.
// The rest is read a second time, backwards: the elements that were read last are still in L2 and
// come first.
//
//     a row     |head| kept: kept * threads vectors of 16 bytes | the rest               |tail|
//                      cp.async -> shared memory                  unroll loads at a time
//
// A thread reads from shared memory only what it has copied there. So the only barrier is the one
// for merging the threads' maxima and sums, which are computed in one pass.
//
// The knobs and their trade-offs:
//   threads        a block's size
//   unroll         vectors of the rest that a thread loads before it uses the first
//   blocks_per_sm  blocks that share the shared memory of an SM: with fewer blocks, more of each
//                  row is kept; with more blocks, some compute while others wait for memory
#pragma once

#include "common/async_copy.cuh"
#include "common/shared.cuh"
#include "softmax/row.cuh"

namespace tw::softmax::shared {

struct Knobs {
  int threads;
  int unroll;
  int blocks_per_sm;
};

template <class T, class V, class Epilogue>
struct Block {
  static constexpr Knobs knobs = V::knobs;
  static constexpr int kVector = 16 / static_cast<int>(sizeof(T));
  using R = Row<T, Epilogue, kVector>;
  using Values = Vector<T, kVector>;

  const R& row;
  int kept;  // vectors of each thread in shared memory
  int thread;

  static TW_DEVICE SharedPointer<T> slot(int i) {
    const int vector = i * knobs.threads + static_cast<int>(threadIdx.x);
    return SharedPointer<T>::dynamic() + vector * kVector;
  }

  static TW_DEVICE void add(LogSumExp& state, const Values& stored) {
    float values[kVector];
    widen(stored, values);
    state.add(values);
  }

  // Calls use(index of the vector, vector) for this thread's part of the `unroll * threads` vectors
  // from `first` on.
  template <class Use>
  TW_DEVICE void tile(int first, Use use) const {
    Values values[knobs.unroll];
    TW_UNROLL
    for (int i = 0; i < knobs.unroll; ++i) {
      const int at = first + i * knobs.threads + thread;
      if (at < row.vectors) values[i] = row.vector(at);
    }
    TW_UNROLL
    for (int i = 0; i < knobs.unroll; ++i) {
      const int at = first + i * knobs.threads + thread;
      if (at < row.vectors) use(at, values[i]);
    }
  }

  // The same for the vectors in shared memory.
  template <class Use>
  TW_DEVICE void keep(Use use) const {
    int at = thread;
    for (int i = 0; i < kept && at < row.vectors; ++i, at += knobs.threads) {
      use(at, load_vector<kVector>(slot(i)));
    }
  }
};

// Grid: a block for each row. Dynamic shared memory: kept * threads vectors of 16 bytes.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(V::knobs.threads)
    kernel(const T* x, T* y, int kept, int columns, long long ldx, long long ldy,
           typename Epilogue::Args epilogue) {
  using B = Block<T, V, Epilogue>;
  constexpr Knobs knobs = V::knobs;
  constexpr int kTile = knobs.unroll * knobs.threads;
  const int thread = static_cast<int>(threadIdx.x);
  const typename B::R row(x, y, static_cast<int>(blockIdx.x), columns, ldx, ldy, epilogue);
  const B block{row, kept, thread};

  for (int i = 0; i < kept; ++i) {
    const int at = i * knobs.threads + thread;
    cp_async_if<16>(at < row.vectors, B::slot(i),
                    row.x + row.head + static_cast<long long>(at) * B::kVector);
  }
  cp_async_commit();
  const Ends<T, typename B::R, B::kVector, knobs.threads> ends(row, thread, true);

  LogSumExp state;
  const int first = kept * knobs.threads;
  int tiles = 0;
  for (; tiles < (row.vectors - first + kTile - 1) / kTile; ++tiles) {
    block.tile(first + tiles * kTile,
               [&](int, const typename B::Values& stored) { B::add(state, stored); });
  }
  cp_async_wait<0>();
  block.keep([&](int, const typename B::Values& stored) { B::add(state, stored); });
  ends.add_to(state);
  join_row<knobs.threads, knobs.threads>(state);

  const Normalizer<V::choices.operation> normalize(state);
  const auto store = [&](int at, const typename B::Values& stored) {
    row.store(at, stored, normalize);
  };
  for (int i = tiles - 1; i >= 0; --i) block.tile(first + i * kTile, store);
  block.keep(store);
  ends.store(row, thread, normalize);
}

}  // namespace tw::softmax::shared
