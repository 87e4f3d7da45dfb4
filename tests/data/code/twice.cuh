// What the kernels and the oracle of y = 2 x share.
#pragma once
#include "common/epilogue.cuh"
#include "common/shared.cuh"

namespace tests::twice {

// One thread an element, by way of the far end of 60000 bytes of shared memory.
template <int kThreads, class T>
TW_DEVICE void double_through(int n, const T* x, T* y) {
  T* const far = tw::dynamic_shared<T>() + 60000 / static_cast<int>(sizeof(T)) - kThreads;
  const int t = static_cast<int>(threadIdx.x), i = static_cast<int>(blockIdx.x) * kThreads + t;
  if (i >= n) return;
  far[t] = x[i];
  y[i] = far[t] + far[t];
}

template <class T, class V, class Epilogue>
__global__ void reference(int n, const T* x, double* expected, double* magnitude) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i >= n) return;
  expected[i] = 2.0 * static_cast<double>(x[i]);
  magnitude[i] = fabs(expected[i]);
}

}  // namespace tests::twice
