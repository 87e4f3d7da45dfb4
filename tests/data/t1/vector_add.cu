extern "C" __global__ void vector_add(const float* a, const float* b, float* c, float factor,
                                      int n) {
  for (int i = 0; i < WORK; ++i) {
    const int at = (blockIdx.x * WORK + i) * BLOCK + threadIdx.x;
    if (at < n) c[at] = a[at] + factor * b[at];
  }
}
