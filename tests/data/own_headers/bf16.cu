#include <cuda_bf16.h>
#define T __nv_bfloat16
#define T2 __nv_bfloat162
#define MANTISSA 7
#define LEAST (-125)
#define LARGEST 3.38953139e38
#include "float16.cuh"

__device__ void more(unsigned h, Results& out) {
  const float f = (int(h >> 4) - 0x8000000) / 1234.5f;
  out.add(rounded(f), __bfloat162float(__float2bfloat16(f)));
  out.add(__float_as_uint(rounded(f)) >> 16,
          unsigned(__bfloat16_as_ushort(__float2bfloat16_rn(f))));
  out.add(rounded(f), __low2float(__floats2bfloat162_rn(f, 1)));
  out.add(rounded(f), float(__high2bfloat16(__float2bfloat162_rn(f))));
  // The exact sum is beside the middle of two numbers, by less than a double tells.
  const __nv_bfloat16 p = 1.5f, q = 1.0078125f, tiny = 1e-30f;
  out.add(1.515625f, float(__hfma(p, q, tiny)));
  out.add(1.5078125f, float(__hfma(p, q, -tiny)));
}
__global__ void check(const unsigned* x, unsigned* y, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  Results out{y + i * RESULTS};
  for (int k = 0; k < RESULTS; ++k) out.at[k] = 0;
  common(bits_of(x[i], i), out);
  more(bits_of(x[i], i + n), out);
}
