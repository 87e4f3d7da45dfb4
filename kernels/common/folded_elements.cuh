// Elements that the threads of a block fold in fp64, for the references of reductions. A block has
// one thread, or a power of two of up to 256.
#pragma once

#include "common/config.cuh"
#include "common/half.cuh"

namespace tw {

// `count` elements, `stride` elements apart.
template <class T>
struct FoldedElements {
  const T* first;
  long long count;
  long long stride;

  // Returns, to all threads, the join over map(x) of all elements x. Threads are joined by halves.
  template <class Map, class Join>
  TW_DEVICE double fold(double start, Map map, Join join) const {
    double mine = start;
    for (long long i = threadIdx.x; i < count; i += blockDim.x) {
      mine = join(mine, map(static_cast<double>(to_float(first[i * stride]))));
    }
    if (blockDim.x == 1) return mine;
    __shared__ double all[256];
    __syncthreads();
    all[threadIdx.x] = mine;
    for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
      __syncthreads();
      if (threadIdx.x < half) all[threadIdx.x] = join(all[threadIdx.x], all[threadIdx.x + half]);
    }
    __syncthreads();
    return all[0];
  }
};

}  // namespace tw
