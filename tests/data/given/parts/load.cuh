#pragma once
#include <cuda_fp16.h>

extern "C" __device__ inline float load(const float* x, long long i, long long count) {
  return i < count ? x[i] : __half2float(__half(0.0f));
}
