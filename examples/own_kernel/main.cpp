// Calls the tuned kernel from plain C++ and compares it with a loop. Exit code 0; 1 if they differ;
// 77 if there is no GPU.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "blur_4.h"

namespace {

float* on_device(const std::vector<float>& host) {
  void* at = nullptr;
  if (cudaMalloc(&at, host.size() * sizeof(float)) != cudaSuccess) std::exit(1);
  cudaMemcpy(at, host.data(), host.size() * sizeof(float), cudaMemcpyHostToDevice);
  return static_cast<float*>(at);
}

}  // namespace

int main(int count, char** words) {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) return 77;
  const int n = count > 1 ? std::atoi(words[1]) : 1000000;
  std::vector<float> x(static_cast<std::size_t>(n)), weights(9), y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 17);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = 0.1f * static_cast<float>(i);

  tuned::blur_4::Args args;
  args.n = n;
  args.scale = 0.5f;
  args.x = on_device(x);
  args.weights = on_device(weights);
  args.y = on_device(y);
  const tuned::blur_4::Selection selection = tuned::blur_4::select(args);
  std::printf("runs %s\n", selection.configuration);
  if (tuned::blur_4::launch(args, nullptr, 0, nullptr) != cudaSuccess) return 1;
  cudaMemcpy(y.data(), args.y, y.size() * sizeof(float), cudaMemcpyDeviceToHost);

  for (int i = 0; i < n; ++i) {
    double sum = 0;
    for (int k = -4; k <= 4; ++k) {
      const int at = std::clamp(i + k, 0, n - 1);
      sum += static_cast<double>(weights[static_cast<std::size_t>(k + 4)]) *
             static_cast<double>(x[static_cast<std::size_t>(at)]);
    }
    const double found = static_cast<double>(y[static_cast<std::size_t>(i)]);
    if (std::fabs(found - 0.5 * sum) > 1e-4) {
      std::printf("y[%d] is %g instead of %g\n", i, found, 0.5 * sum);
      return 1;
    }
  }
  std::printf("the results are right\n");
  return 0;
}
