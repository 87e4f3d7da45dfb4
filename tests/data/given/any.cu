// Any n, which is an argument.
#include <math_constants.h>

#ifdef __HIPCC__
#include <hip/hip_runtime.h>
#endif
#include "parts/load.cuh"

#define WIDTH \
  5 /* a comment
  of two lines */
#if BLOCK > 100
#define ROOM (BLOCK + 4)
#else
#define ROOM (BLOCK + WIDTH - 1)
#endif

#define KERNEL extern /* */ "C" __global__ void
#define LINKAGE "C"

extern LINKAGE __device__ float doubled(float x) { return 2 * x; }
enum { kNothing, kOne };
namespace scales {
struct Unit {
  static __device__ int root(int x) { return ::abs(x); }
};
}  // namespace scales
__constant__ float taps[WIDTH];
static __device__ float worst() { return CUDART_NAN_F; }  // it's not called

KERNEL any(const float* x, float* y, double scale, unsigned char shift, long long n) {
  extern __shared__ float tile[];
  const long long first = 1ll * blockIdx.x * BLOCK;
  for (int i = threadIdx.x; i < ROOM; i += BLOCK) tile[i] = ::load(x, first + i, n + 4);
  __syncthreads();
  const long long i = first + threadIdx.x;
  if (i >= n) return;
  SUM sum = 0;
  for (int k = 0; k < WIDTH; ++k) sum += SUM(::taps[k]) * tile[threadIdx.x + k];
  const float half = static_cast<float>(0.5 * (scale * sum + shift)) + ::kNothing;
  y[i] = n < 0 ? ::worst() : (float)::doubled(half) * ::scales::Unit::root(::kOne);
}
