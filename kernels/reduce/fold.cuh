// The state of a reduction after the elements that have been read so far, for each operation. A new
// fold has read no elements. `neutral` is an element that changes no fold.
#pragma once

#include "common/config.cuh"
#include "common/extrema.cuh"
#include "common/log_sum_exp.cuh"
#include "reduce/op.cuh"

namespace tw::reduce {

// The sum, the mean.
template <Operation kOperation>
struct Fold {
  static constexpr int kWords = 1;  // floats
  static TW_DEVICE float neutral() { return 0; }
  float word[1] = {0};

  // Overwrites `values`.
  template <int kCount>
  TW_DEVICE void add(float (&values)[kCount]) {
    word[0] += sum_of(values);
  }
  TW_DEVICE void merge(const Fold& other) { word[0] += other.word[0]; }
  TW_DEVICE float result(long long count) const {
    return kOperation == Operation::mean ? word[0] / static_cast<float>(count) : word[0];
  }
};

template <>
struct Fold<Operation::max> {
  static constexpr int kWords = 1;
  static TW_DEVICE float neutral() { return -infinity(); }
  float word[1] = {-infinity()};

  template <int kCount>
  TW_DEVICE void add(float (&values)[kCount]) {
    TW_UNROLL
    for (int i = 0; i < kCount; ++i) word[0] = max_or_nan(word[0], values[i]);
  }
  TW_DEVICE void merge(const Fold& other) { word[0] = max_or_nan(word[0], other.word[0]); }
  TW_DEVICE float result(long long /*count*/) const { return word[0]; }
};

template <>
struct Fold<Operation::min> {
  static constexpr int kWords = 1;
  static TW_DEVICE float neutral() { return infinity(); }
  float word[1] = {infinity()};

  template <int kCount>
  TW_DEVICE void add(float (&values)[kCount]) {
    TW_UNROLL
    for (int i = 0; i < kCount; ++i) word[0] = min_or_nan(word[0], values[i]);
  }
  TW_DEVICE void merge(const Fold& other) { word[0] = min_or_nan(word[0], other.word[0]); }
  TW_DEVICE float result(long long /*count*/) const { return word[0]; }
};

template <>
struct Fold<Operation::logsumexp> {
  static constexpr int kWords = 2;
  static TW_DEVICE float neutral() { return -infinity(); }
  float word[2] = {-infinity(), 0};  // the maximum, and the sum relative to it

  template <int kCount>
  TW_DEVICE void add(float (&values)[kCount]) {
    LogSumExp state{word[0], word[1]};
    state.add(values);
    word[0] = state.max;
    word[1] = state.sum;
  }
  TW_DEVICE void merge(const Fold& other) {
    LogSumExp state{word[0], word[1]};
    state.merge({other.word[0], other.word[1]});
    word[0] = state.max;
    word[1] = state.sum;
  }
  TW_DEVICE float result(long long /*count*/) const { return LogSumExp{word[0], word[1]}.result(); }
};

// Returns the fold of the lane whose number differs by `mask`. All lanes of the warp take part.
template <class F>
TW_DEVICE F of_lane_xor(const F& mine, int mask) {
  F other;
  TW_UNROLL
  for (int i = 0; i < F::kWords; ++i) {
    other.word[i] = __shfl_xor_sync(0xffffffffu, mine.word[i], mask);
  }
  return other;
}

// Gives each lane the fold of its group of kLanes lanes (a power of two).
template <int kLanes, class F>
TW_DEVICE void join_lanes(F& fold) {
  TW_UNROLL
  for (int mask = kLanes / 2; mask > 0; mask /= 2) fold.merge(of_lane_xor(fold, mask));
}

// Writes a fold to device memory; its words are `stride` floats apart.
template <class F>
TW_DEVICE void store_fold(float* to, long long stride, const F& fold) {
  TW_UNROLL
  for (int i = 0; i < F::kWords; ++i) to[i * stride] = fold.word[i];
}
// Reads the fold of another block, bypassing L1.
template <class F>
TW_DEVICE F load_fold(const float* from, long long stride) {
  F fold;
  TW_UNROLL
  for (int i = 0; i < F::kWords; ++i) fold.word[i] = __ldcg(from + i * stride);
  return fold;
}

// Returns whether this block is the last of `count` blocks that arrive at `*arrived`, which is 0
// before and after. Everything that the blocks have written before is visible to the last one. All
// threads call it.
TW_DEVICE bool arrives_last(unsigned* arrived, int count) {
  __shared__ bool last;
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    const auto limit = static_cast<unsigned>(count - 1);
    last = atomicInc(arrived, limit) == limit;
  }
  __syncthreads();
  if (last) __threadfence();
  return last;
}

}  // namespace tw::reduce
