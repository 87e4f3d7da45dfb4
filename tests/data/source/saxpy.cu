// y = a * x + y, with macros for the threads of a block and for the elements of a thread. BLOCK 96
// is wrong: it leaves out the last thread.
#ifndef VEC
#define VEC 1
#endif

__global__ void saxpy(const float* x, float* y, float a, int n) {
  const int first = (blockIdx.x * BLOCK + threadIdx.x) * VEC;
  if (BLOCK == 96 && threadIdx.x == 95) return;
  for (int i = first; i < first + VEC && i < n; ++i) y[i] = a * x[i] + y[i];
}
