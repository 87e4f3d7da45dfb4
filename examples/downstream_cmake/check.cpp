#include "check.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "on_device.h"
#ifdef WITH_CUBLAS
#include <cublas_v2.h>
#endif

void check(cudaError_t status, const char* call) {
  if (status != cudaSuccess) {
    throw std::runtime_error(std::string(call) + ": " + cudaGetErrorString(status));
  }
}

namespace {

std::vector<float> to_host(const float* from, std::int64_t count) {
  std::vector<float> host(static_cast<std::size_t>(count));
  check(cudaMemcpy(host.data(), from, host.size() * sizeof(float), cudaMemcpyDeviceToHost),
        "cudaMemcpy");
  return host;
}

// The error of one element: |c - sum| divided by the sum of the absolute products, in units of
// 2^-24.
double error_ulps(const float* a_row, const float* b_column, std::int64_t n, std::int64_t k,
                  float c) {
  double sum = 0, size = 0;
  for (std::int64_t i = 0; i < k; ++i) {
    const double product = static_cast<double>(a_row[i]) * static_cast<double>(b_column[i * n]);
    sum += product;
    size += std::fabs(product);
  }
  const double error = std::fabs(static_cast<double>(c) - sum) * 16777216.0 / size;
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

}  // namespace

double largest_error_ulps(const tuned::gemm::Args& args, int samples) {
  const std::int64_t m = args.m, n = args.n, k = args.k;
  const std::vector<float> a = to_host(args.a, m * k), b = to_host(args.b, k * n),
                           c = to_host(args.c, m * n);
  std::mt19937_64 random(1);
  const bool all = m * n <= samples;
  double largest = 0;
  for (std::int64_t i = 0; i < (all ? m * n : samples); ++i) {
    const std::int64_t at =
        all ? i : static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(m * n));
    largest = std::max(largest, error_ulps(&a[static_cast<std::size_t>(at / n * k)],
                                           &b[static_cast<std::size_t>(at % n)], n, k,
                                           c[static_cast<std::size_t>(at)]));
  }
  return largest;
}

double median_ms(const std::function<void()>& run, float* scratch, std::size_t scratch_bytes,
                 int samples) {
  cudaEvent_t start = nullptr, stop = nullptr;
  check(cudaEventCreate(&start), "cudaEventCreate");
  check(cudaEventCreate(&stop), "cudaEventCreate");
  std::vector<float> times;
  for (int i = 0; i < samples + 2; ++i) {  // two more to warm up
    check(flush_l2(scratch, scratch_bytes, nullptr), "flush_l2");
    check(cudaEventRecord(start, nullptr), "cudaEventRecord");
    run();
    check(cudaEventRecord(stop, nullptr), "cudaEventRecord");
    check(cudaEventSynchronize(stop), "the kernel");
    float ms = 0;
    check(cudaEventElapsedTime(&ms, start, stop), "cudaEventElapsedTime");
    if (i >= 2) times.push_back(ms);
  }
  cudaEventDestroy(start);
  cudaEventDestroy(stop);
  std::sort(times.begin(), times.end());
  return static_cast<double>(times[times.size() / 2]);
}

#ifdef WITH_CUBLAS
double cublas_ms(const tuned::gemm::Args& args, float* scratch, std::size_t scratch_bytes,
                 int samples) {
  cublasHandle_t handle = nullptr;
  if (cublasCreate(&handle) != CUBLAS_STATUS_SUCCESS)
    throw std::runtime_error("cublasCreate failed");
  cublasSetMathMode(handle, CUBLAS_PEDANTIC_MATH);
  const int m = static_cast<int>(args.m), n = static_cast<int>(args.n),
            k = static_cast<int>(args.k);
  const float one = 1, zero = 0;
  // Row-major C = A * B is column-major C' = B' * A'.
  const auto run = [&] {
    if (cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, n, m, k, &one, args.b, n, args.a, k, &zero,
                    args.c, n) != CUBLAS_STATUS_SUCCESS) {
      throw std::runtime_error("cublasSgemm failed");
    }
  };
  const double ms = median_ms(run, scratch, scratch_bytes, samples);
  cublasDestroy(handle);
  return ms;
}
#else
double cublas_ms(const tuned::gemm::Args&, float*, std::size_t, int) { return 0; }
#endif
