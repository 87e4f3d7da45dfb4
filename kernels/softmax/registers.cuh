// Softmax of rows that fit in the registers of their threads: one read, one write.
//
//     a row     |head| vector of thread 0 | thread 1 | ... | thread 0 | ...          |tail|
//                     \_____ the first of a thread's ____/ \__ its second of `vectors` ...
//
// A block has threads / row_threads rows. All of a thread's loads are under way before it uses one.
// Then it finds the maximum and the sum of its own elements, the threads of the row join what they
// found, and each element's exponential is computed a second time: that is cheaper than to keep it
// as a float where elements have 16 bits, and spares a second round of joining everywhere.
//
// What the knobs trade:
//   threads      a block's size
//   row_threads  threads a row: few have less to join, many hold longer rows
//   vector       elements a load: 16 bytes are the fewest instructions, if x and y are aligned
//                alike
//   vectors      vectors that a thread holds: bytes in flight, and the room for a row
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
