// A kernel as its author wrote it: the weighted mean of 2 * RADIUS + 1 neighbours in a row, with
// macros for the threads of a block and for the elements of a thread.
#ifndef BLOCK
#define BLOCK 128
#endif
#ifndef WORK
#define WORK 1
#endif

template <int RADIUS>
__global__ void __launch_bounds__(BLOCK)
    blur(const float* __restrict__ x, const float* __restrict__ weights, float* __restrict__ y,
         float scale, int n) {
  const int first = (blockIdx.x * BLOCK + threadIdx.x) * WORK;
#pragma unroll
  for (int j = 0; j < WORK; ++j) {
    const int i = first + j;
    if (i >= n) return;
    float sum = 0;
    for (int k = -RADIUS; k <= RADIUS; ++k) {
      const int at = min(max(i + k, 0), n - 1);
      sum += weights[k + RADIUS] * x[at];
    }
    y[i] = scale * sum;
  }
}
