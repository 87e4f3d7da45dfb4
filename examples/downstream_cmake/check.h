// Is C right, and how long does it take? Against the product in double precision on the host, and
// against cuBLAS where there is one.
#pragma once
#include <functional>
#include <string>

#include "gemm.h"

// Throws std::runtime_error that names the call, unless `status` is cudaSuccess.
void check(cudaError_t status, const char* call);

// The largest error of C = A * B, in units of 2^-24 of the sum of the absolute terms, over all
// elements or `samples` of them drawn at random. The operands are dense, layout nn, alpha 1, beta
// 0.
double largest_error_ulps(const tuned::gemm::Args& args, int samples);

// The median time in ms of `run`, which launches on the null stream, over `samples` runs, each
// after a flush of the L2; by CUDA events. `scratch` is device memory, at least twice the L2.
double median_ms(const std::function<void()>& run, float* scratch, std::size_t scratch_bytes,
                 int samples);

// The time of cuBLAS's SGEMM (strict fp32) for the same product, in ms; 0 without cuBLAS. Writes C.
double cublas_ms(const tuned::gemm::Args& args, float* scratch, std::size_t scratch_bytes,
                 int samples);
