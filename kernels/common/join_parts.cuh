// The sum of a tile whose terms several blocks share, each with a part of them (split-k, stream-k).
// The last block to finish adds up the parts in order, so the result does not depend on timing.
#pragma once

#include "common/config.cuh"
#include "common/shared.cuh"
#include "common/vector.cuh"

namespace tw {

// The threads of a block that hold sums, from thread 0 on: here all threads.
template <int kThreads>
struct AllThreads {
  static constexpr int kCount = kThreads;
  static TW_DEVICE void sync() { __syncthreads(); }
};

// Called by all blocks of a tile. A thread's sums are kGroups groups of four floats; group(i)
// returns the address of the i-th. This block writes them to part(own) and increments `arrived`.
// The last of the blocks reads all parts in order, from part(0) to part(parts - 1), into the sums
// and returns true; the counter is back at zero then. The other blocks get false.
//
// part(p) returns the address of a part: [group][thread] vectors of four floats, kGroups * 4 *
// Threads::kCount floats in all. arrived: zero before the first block. flag: a word of shared
// memory that no thread uses at the call.
template <class Threads, int kGroups, class Group, class Part>
TW_DEVICE bool join_parts(const Group& group, int own, int parts, const Part& part,
                          unsigned* arrived, unsigned* flag) {
  constexpr int kPitch = 4 * Threads::kCount;
  float* const mine = part(own) + threadIdx.x * 4;
  TW_UNROLL
  for (int i = 0; i < kGroups; ++i) {
    const float* const sums = group(i);
    store_vector(mine + i * kPitch, Vector<float, 4>{{sums[0], sums[1], sums[2], sums[3]}});
  }
  __threadfence();
  Threads::sync();
  const auto others = static_cast<unsigned>(parts - 1);
  if (threadIdx.x == 0) *flag = atomicInc(arrived, others);
  Threads::sync();
  const bool is_last = *flag == others;
  Threads::sync();  // the flag's memory is used again
  if (!is_last) return false;
  __threadfence();

  TW_UNROLL
  for (int i = 0; i < kGroups; ++i) {
    float* const sums = group(i);
    sums[0] = sums[1] = sums[2] = sums[3] = 0;
  }
  for (int p = 0; p < parts; ++p) {
    const float* const from = part(p) + threadIdx.x * 4;
    TW_UNROLL
    for (int i = 0; i < kGroups; ++i) {
      const float4 read = __ldcg(reinterpret_cast<const float4*>(from + i * kPitch));
      float* const sums = group(i);
      sums[0] += read.x;
      sums[1] += read.y;
      sums[2] += read.z;
      sums[3] += read.w;
    }
  }
  return true;
}

// join_parts for the slices of a tile, by all kThreads threads of their blocks. partials:
// [tile][slice]; arrived: [tile]. Dynamic shared memory must not be in use.
template <int kThreads, int kSlices, int kGroups, class Group>
TW_DEVICE bool join_slices(const Group& group, int tile, int slice, float* partials,
                           unsigned* arrived) {
  constexpr long long kPart = 4LL * kGroups * kThreads;
  return join_parts<AllThreads<kThreads>, kGroups>(
      group, slice, kSlices, [&](int part) { return partials + (tile * kSlices + part) * kPart; },
      arrived + tile, dynamic_shared<unsigned>());
}

}  // namespace tw
