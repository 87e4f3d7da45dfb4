// Code that the kernels share: how a row is split into vectors, how the threads of a row merge
// their maxima and sums, and how elements become results.
//
//     a row of x   |head|  vector  |  vector  | ...  |  vector  |tail|
//                       ^ aligned, wherever the row begins
//
// The rows of y are split at the same places: they must begin as far from an aligned address as the
// rows of x.
#pragma once

#include "common/config.cuh"
#include "common/convert.cuh"
#include "common/epilogue.cuh"
#include "common/extrema.cuh"
#include "common/half.cuh"
#include "common/log_sum_exp.cuh"
#include "common/vector.cuh"
#include "softmax/op.cuh"

namespace tw::softmax {

// Update the largest element and then the sum with `values`. If all values are in registers, this
// takes fewer steps than LogSumExp::add.
template <int kCount>
TW_DEVICE float largest_of(float top, const float (&values)[kCount]) {
  TW_UNROLL
  for (int i = 0; i < kCount; ++i) top = fmaxf(top, values[i]);
  return top;
}

// Merges the states of all threads of each row; each thread gets the result. kRowThreads is a power
// of two.
template <int kThreads, int kRowThreads>
TW_DEVICE void join_row(LogSumExp& state) {
  constexpr int kLanes = min(kRowThreads, 32);
  TW_UNROLL
  for (int mask = kLanes / 2; mask > 0; mask /= 2) {
    const float max = __shfl_xor_sync(0xffffffffu, state.max, mask);
    const float sum = __shfl_xor_sync(0xffffffffu, state.sum, mask);
    state.merge({max, sum});
  }
  if constexpr (kRowThreads > 32) {
    constexpr int kWarps = kRowThreads / 32;
    __shared__ float maxima[kThreads / 32];
    __shared__ float sums[kThreads / 32];
    const int thread = static_cast<int>(threadIdx.x);
    if (thread % 32 == 0) {
      maxima[thread / 32] = state.max;
      sums[thread / 32] = state.sum;
    }
    __syncthreads();
    const int from = thread / kRowThreads * kWarps + thread % kWarps;
    state = {maxima[from], sums[from]};
    TW_UNROLL
    for (int mask = kWarps / 2; mask > 0; mask /= 2) {
      const float max = __shfl_xor_sync(0xffffffffu, state.max, mask);
      const float sum = __shfl_xor_sync(0xffffffffu, state.sum, mask);
      state.merge({max, sum});
    }
  }
}

// Computes results from the elements of a row.
template <Operation kOperation>
struct Normalizer {
  float top;
  float by;  // inverse or logarithm of the sum

  // A row with an infinity becomes NaN, and so does a row of -infinities, as in PyTorch.
  TW_DEVICE explicit Normalizer(const LogSumExp& state) : top(state.max) {
    const float sum = top == infinity() ? quiet_nan() : state.sum;
    by = kOperation == Operation::softmax ? 1.0f / sum : logf(sum);
  }

  TW_DEVICE float operator()(float x) const {
    if constexpr (kOperation == Operation::softmax) {
      return fast_exp(x - top) * by;
    } else {
      return (x - top) - by;
    }
  }
};

// One row, split into vectors of kVector elements.
template <class T, class Epilogue, int kVector>
struct Row {
  const T* x;
  T* y;
  int row;
  long long offset;  // of the row's first element, in y
  int columns;
  const typename Epilogue::Args& epilogue;
  int head;
  int vectors;
  int tail;

  TW_DEVICE Row(const T* all_x, T* all_y, int index, int length, long long ldx, long long ldy,
                const typename Epilogue::Args& args)
      : x(all_x + index * ldx),
        y(all_y + index * ldy),
        row(index),
        offset(index * ldy),
        columns(length),
        epilogue(args) {
    constexpr int kBytes = kVector * static_cast<int>(sizeof(T));
    const auto beyond = static_cast<int>(reinterpret_cast<unsigned long long>(x) % kBytes);
    head = min(length, (kBytes - beyond) % kBytes / static_cast<int>(sizeof(T)));
    vectors = (length - head) / kVector;
    tail = (length - head) % kVector;
  }

  TW_DEVICE Vector<T, kVector> vector(int i) const {
    return load_vector<kVector>(x + head + static_cast<long long>(i) * kVector);
  }

  template <class Normalize, int kCount>
  TW_DEVICE Vector<T, kCount> result(const Vector<T, kCount>& stored, int column,
                                     const Normalize& normalize) const {
    float values[kCount];
    widen(stored, values);
    TW_UNROLL
    for (int i = 0; i < kCount; ++i) {
      const int at = column + i;
      values[i] = Epilogue::template apply<T>(normalize(values[i]), epilogue,
                                              epilogue::Point{row, at, offset + at});
    }
    return narrow<T>(values);
  }

  template <class Normalize>
  TW_DEVICE void store(int i, const Vector<T, kVector>& stored, const Normalize& normalize) const {
    const int column = head + i * kVector;
    store_vector(y + column, result(stored, column, normalize));
  }
};

// The elements of a row that are in no vector. Thread t of kThreads has the t-th element of the
// head, the t-th of the tail, and so on.
template <class T, class R, int kVector, int kThreads>
struct Ends {
  static constexpr int kEach = kVector > 1 ? (kVector - 1 - 1) / kThreads + 1 : 0;
  Vector<T, 1> stored[2 * max(1, kEach)];

  // Returns the column of the thread's i-th element; `columns` if there is none.
  static TW_DEVICE int column(const R& row, int thread, int i) {
    const int at = thread + i / 2 * kThreads;
    if (i % 2 == 0) return at < row.head ? at : row.columns;
    return at < row.tail ? row.columns - row.tail + at : row.columns;
  }

  // If `wanted` is false, there are no elements.
  TW_DEVICE Ends(const R& row, int thread, bool wanted) {
    TW_UNROLL
    for (int i = 0; i < 2 * kEach; ++i) {
      const int at = column(row, thread, i);
      stored[i].at[0] = from_float<T>(-infinity());
      if (wanted && at < row.columns) stored[i] = load_vector<1>(row.x + at);
    }
  }

  TW_DEVICE void add_to(LogSumExp& state) const {
    if constexpr (kEach > 0) {
      float values[2 * kEach];
      TW_UNROLL
      for (int i = 0; i < 2 * kEach; ++i) values[i] = to_float(stored[i].at[0]);
      state.add(values);
    }
  }

  template <class Normalize>
  TW_DEVICE void store(const R& row, int thread, const Normalize& normalize) const {
    TW_UNROLL
    for (int i = 0; i < 2 * kEach; ++i) {
      const int at = column(row, thread, i);
      if (at < row.columns) store_vector(row.y + at, row.result(stored[i], at, normalize));
    }
  }
};

}  // namespace tw::softmax
