// Softmax of few long rows: several blocks for each row, in two passes. In the first pass each
// block finds the maximum and the sum of its part. In the second pass it merges the results of all
// parts of its row, reads its part again and writes the results. In the second pass blocks are
// numbered backwards: the parts that were read last are still in L2 and come first.
//
//     a row     |head|  part 0: tiles of unroll * threads * vector  |  part 1  |  ...  |tail|
//
// The knobs and their trade-offs:
//   threads        a block's size
//   vector         elements of a load: 16 bytes need the fewest instructions, if x and y are
//                  aligned alike
//   unroll         loads that a thread starts before it uses the first
//   blocks_per_sm  rows are split into parts so that there are so many blocks
#pragma once

#include "softmax/row.cuh"

namespace tw::softmax::split {

struct Knobs {
  int threads;
  int vector;
  int unroll;
  int blocks_per_sm;
};

// A part of a row: vectors [begin, end).
template <class T, class V, class Epilogue>
struct Part {
  static constexpr Knobs knobs = V::knobs;
  using R = Row<T, Epilogue, knobs.vector>;
  using AllEnds = Ends<T, R, knobs.vector, knobs.threads>;

  R row;
  int begin;
  int end;

  TW_DEVICE Part(const R& of, int part, int parts) : row(of) {
    const long long steps = (row.vectors + knobs.threads - 1) / knobs.threads;
    begin = static_cast<int>(steps * part / parts) * knobs.threads;
    end = min(static_cast<int>(steps * (part + 1) / parts) * knobs.threads, row.vectors);
  }

  // Calls use(index of the vector, vector) for all vectors of this thread.
  template <class Use>
  TW_DEVICE void visit(Use use) const {
    constexpr int kTile = knobs.threads * knobs.unroll;
    for (int at = begin + static_cast<int>(threadIdx.x); at < end; at += kTile) {
      Vector<T, knobs.vector> values[knobs.unroll];
      TW_UNROLL
      for (int i = 0; i < knobs.unroll; ++i) {
        if (i * knobs.threads < end - at) values[i] = row.vector(at + i * knobs.threads);
      }
      TW_UNROLL
      for (int i = 0; i < knobs.unroll; ++i) {
        if (i * knobs.threads < end - at) use(at + i * knobs.threads, values[i]);
      }
    }
  }
};

// Grid: `parts` blocks for each row. partials: rows * parts maxima, followed by as many sums.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(V::knobs.threads)
    find(const T* x, T* y, int columns, long long ldx, long long ldy, int parts, long long plane,
         typename Epilogue::Args epilogue, float* partials) {
  using P = Part<T, V, Epilogue>;
  constexpr Knobs knobs = V::knobs;
  const int index = static_cast<int>(blockIdx.x);
  const int thread = static_cast<int>(threadIdx.x);
  const P part({x, y, index / parts, columns, ldx, ldy, epilogue}, index % parts, parts);
  const typename P::AllEnds ends(part.row, thread, index % parts == 0);
  LogSumExp state;
  part.visit([&](int, const Vector<T, V::knobs.vector>& stored) {
    float values[knobs.vector];
    widen(stored, values);
    state.add(values);
  });
  ends.add_to(state);
  join_row<knobs.threads, knobs.threads>(state);
  if (thread == 0) {
    partials[index] = state.max;
    partials[plane + index] = state.sum;
  }
}

// The same grid as in the first pass. Each warp merges the parts on its own.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(V::knobs.threads)
    normalize(const T* x, T* y, int columns, long long ldx, long long ldy, int parts,
              long long plane, typename Epilogue::Args epilogue, const float* partials) {
  using P = Part<T, V, Epilogue>;
  const int index = static_cast<int>(gridDim.x - 1 - blockIdx.x);
  const int thread = static_cast<int>(threadIdx.x);
  const int first = index / parts * parts;
  LogSumExp state;
  for (int i = thread % 32; i < parts; i += 32) {
    state.merge({partials[first + i], partials[plane + first + i]});
  }
  join_row<V::knobs.threads, 32>(state);
  const Normalizer<V::choices.operation> to_result(state);
  const P part({x, y, index / parts, columns, ldx, ldy, epilogue}, index % parts, parts);
  const typename P::AllEnds ends(part.row, thread, true);
  part.visit([&](int at, const Vector<T, V::knobs.vector>& stored) {
    part.row.store(at, stored, to_result);
  });
  if (index == first) ends.store(part.row, thread, to_result);
}

}  // namespace tw::softmax::split
