// Checks whether C is right and measures the time. C is compared with the product in double
// precision on the host, and the time with cuBLAS if it is there.
#pragma once
#include <functional>
#include <string>

#include "gemm.h"

// Throws std::runtime_error that names the call, unless `status` is cudaSuccess.
void check(cudaError_t status, const char* call);

// Returns the largest error of C = A * B, in units of 2^-24 of the sum of the absolute terms. It
// checks all elements, or `samples` random ones. The operands are dense, layout nn, alpha 1, beta
// 0.
double largest_error_ulps(const tuned::gemm::Args& args, int samples);

// Returns the median time of `run` in ms over `samples` runs, measured with CUDA events. `run`
// launches on the null stream; L2 is flushed before each run. `scratch` is device memory, at least
// twice the size of L2.
double median_ms(const std::function<void()>& run, float* scratch, std::size_t scratch_bytes,
                 int samples);

// Returns the time of cuBLAS's SGEMM (strict fp32) for the same product, in ms; 0 without cuBLAS.
// Writes C.
double cublas_ms(const tuned::gemm::Args& args, float* scratch, std::size_t scratch_bytes,
                 int samples);
