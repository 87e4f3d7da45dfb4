// Softmax of rows that fit in the registers of their threads: one read, one write.
//
//     a row     |head| vector of thread 0 | thread 1 | ... | thread 0 | ...          |tail|
//                     \_____ the first of a thread's ____/ \__ its second of `vectors` ...
//
// A block has threads / row_threads rows. A thread starts all its loads before it uses one. Then it
// finds the maximum and the sum of its own elements. The threads of the row merge their results,
// and each element's exponential is computed a second time. For 16-bit elements this is cheaper
// than keeping the exponential as a float; for all types it saves a second round of merging.
//
// The knobs and their trade-offs:
//   threads      a block's size
//   row_threads  threads of a row: with few threads, fewer results are merged; many threads hold
//                longer rows
//   vector       elements of a load: 16 bytes need the fewest instructions, if x and y are aligned
//                alike
//   vectors      vectors that a thread holds: more bytes in flight, and longer rows
#pragma once

#include "softmax/row.cuh"

namespace tw::softmax::registers {

struct Knobs {
  int threads;
  int row_threads;
  int vector;
  int vectors;
};

// Grid: a block for each threads / row_threads rows. Rows have at most row_threads * vectors
// vectors.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(V::knobs.threads)
    kernel(const T* x, T* y, int rows, int columns, long long ldx, long long ldy,
           typename Epilogue::Args epilogue) {
  constexpr Knobs knobs = V::knobs;
  using R = Row<T, Epilogue, knobs.vector>;
  const int thread = static_cast<int>(threadIdx.x) % knobs.row_threads;
  const int index = static_cast<int>(blockIdx.x) * (knobs.threads / knobs.row_threads) +
                    static_cast<int>(threadIdx.x) / knobs.row_threads;
  const bool exists = index < rows;
  const R row(x, y, exists ? index : rows - 1, columns, ldx, ldy, epilogue);
  const int count = exists ? row.vectors - thread : 0;

  const Ends<T, R, knobs.vector, knobs.row_threads> ends(row, thread, exists);
  float nothing[knobs.vector];
  TW_UNROLL
  for (int j = 0; j < knobs.vector; ++j) nothing[j] = -infinity();
  Vector<T, knobs.vector> stored[knobs.vectors];
  TW_UNROLL
  for (int i = 0; i < knobs.vectors; ++i) {
    stored[i] = narrow<T>(nothing);
    if (i * knobs.row_threads < count) stored[i] = row.vector(thread + i * knobs.row_threads);
  }

  const unsigned zero = static_cast<unsigned>(rows) >> 31;
  LogSumExp state;
  ends.add_to(state);
  float top = state.max;
  TW_UNROLL
  for (int i = 0; i < knobs.vectors; ++i) {
    float values[knobs.vector];
    widen(stored[i], values);
    top = largest_of(top, values);
    forget_floats(stored[i], zero);
  }
  const float base = LogSumExp::base_of(top);
  state.sum *= fast_exp(state.max - base);
  state.max = top;
  TW_UNROLL
  for (int i = 0; i < knobs.vectors; ++i) {
    float values[knobs.vector];
    widen(stored[i], values);
    TW_UNROLL
    for (int j = 0; j < knobs.vector; ++j) values[j] = fast_exp(values[j] - base);
    state.sum += sum_of(values);
    forget_floats(stored[i], zero);
  }
  join_row<knobs.threads, knobs.row_threads>(state);

  if (!exists) return;
  const Normalizer<V::choices.operation> normalize(state);
  ends.store(row, thread, normalize);
  TW_UNROLL
  for (int i = 0; i < knobs.vectors; ++i) {
    if (i * knobs.row_threads < count) {
      row.store(thread + i * knobs.row_threads, stored[i], normalize);
    }
  }
}

}  // namespace tw::softmax::registers
