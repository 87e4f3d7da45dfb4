// On every architecture.
#pragma once
#include "twice.cuh"

namespace tests::twice::everywhere {

struct Knobs {
  int threads;
};

template <class T, class V, class Epilogue>
__global__ void kernel(int n, const T* x, T* y) {
  double_through<V::knobs.threads>(n, x, y);
}

}  // namespace tests::twice::everywhere
