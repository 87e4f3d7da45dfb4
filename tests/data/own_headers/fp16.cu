#include <cuda_fp16.h>
#define T __half
#define T2 half2
#define MANTISSA 10
#define LEAST (-13)
#define LARGEST 65504.0
#include "float16.cuh"

__device__ void more(unsigned h, Results& out) {
  const float f = (int(h >> 4) - 0x8000000) / 1234.5f / 1024;
  const half near = __float2half(f), down = __float2half_rd(f), up = __float2half_ru(f);
  out.add(rounded(f), __half2float(near));
  out.add(rounded(f) <= f, float(down) == float(near));
  out.add(rounded(f) >= f, float(up) == float(near));
  out.add(fabsf(rounded(f)) <= fabsf(f), float(__float2half_rz(f)) == float(near));
  out.add(unsigned(near < half(0.0f)) << 15 | (__half_as_ushort(near) & 0x7fff),
          unsigned(__half_as_ushort(near)));
  out.add(int(rintf(rounded(f))), __half2int_rn(near));
  out.add(int(floorf(rounded(f))), __half2int_rd(near));
  out.add(rounded(int(h >> 16)), float(__int2half_rn(int(h >> 16))));
  const float2 pair = __half22float2(__floats2half2_rn(f, -f));
  out.add(rounded(f), pair.x);
  out.add(rounded(-f), pair.y);
  out.add(rounded(f), __half2float(__low2half(__float22half2_rn(make_float2(f, 1)))));
  out.add(rounded(f) < rounded(-f), __hblt2(__half2half2(near), __half2half2(-near)));
}
__global__ void check(const unsigned* x, unsigned* y, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  Results out{y + i * RESULTS};
  for (int k = 0; k < RESULTS; ++k) out.at[k] = 0;
  common(bits_of(x[i], i), out);
  more(bits_of(x[i], i + n), out);
}
