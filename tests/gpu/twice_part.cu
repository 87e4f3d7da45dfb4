// One user of the emitted header of tests/data/code: a library, or a file of a program. PART is the
// name of its function.
#include <vector>

#include "code/twice.cuh"
#include "twice_part.h"

TWICE_PART(PART) {
  const int n = 1000;
  std::vector<float> values(n, 1.5f);
  float *x = nullptr, *y = nullptr;
  cudaMalloc(&x, n * sizeof(float));
  cudaMalloc(&y, n * sizeof(float));
  cudaMemcpy(x, values.data(), n * sizeof(float), cudaMemcpyHostToDevice);
  cudaMemset(y, 0, n * sizeof(float));
  tuned::twice::Args args;
  args.n = n;
  args.x = x;
  args.y = y;
  cudaError_t status = tuned::twice::launch(args, nullptr, nullptr);
  if (status == cudaSuccess) status = cudaDeviceSynchronize();
  if (status == cudaSuccess) {
    status = cudaMemcpy(values.data(), y, n * sizeof(float), cudaMemcpyDeviceToHost);
  }
  cudaFree(x);
  cudaFree(y);
  if (status != cudaSuccess) return cudaGetErrorString(status);
  for (const float value : values) {
    if (value != 3.0f) return "wrong result";
  }
  return nullptr;
}
