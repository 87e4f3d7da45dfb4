#include <cuda_bf16.h>
#include <cuda_fp16.h>

__global__ void numbers(float* y, __half half_factor, __nv_bfloat16 count, signed char shift,
                        unsigned long long twice, float a, int n) {
  const int i = blockIdx.x * BLOCK + threadIdx.x;
  if (i < n) y[i] = a + shift + static_cast<float>(twice) + __half2float(half_factor);
}
