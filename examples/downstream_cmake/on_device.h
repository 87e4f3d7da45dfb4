// What main.cpp needs that runs on the GPU: inputs, a cold L2, and a captured graph.
#pragma once
#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "gemm.h"

// Fills `count` floats with pseudo-random values in [-1, 1).
cudaError_t fill_random(float* to, std::size_t count, std::uint32_t seed, cudaStream_t stream);

// Evicts the L2 cache, and ends in reads so that nothing is left to be written back.
// `scratch` is `bytes` long, at least twice the L2.
cudaError_t flush_l2(float* scratch, std::size_t bytes, cudaStream_t stream);

// The same product as a graph: captures launch() once and runs the graph `times` times.
cudaError_t run_as_graph(const tuned::gemm::Args& args, void* workspace, int times);
