// The parts of main.cpp that run on the GPU: inputs, a cold L2, and a captured graph.
#pragma once
#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "gemm.h"

// Fills `count` floats with pseudo-random values in [-1, 1).
cudaError_t fill_random(float* to, std::size_t count, std::uint32_t seed, cudaStream_t stream);

// Evicts the L2 cache. It ends with reads, so that nothing is left to be written back. `scratch`
// has `bytes` bytes, at least twice the size of L2.
cudaError_t flush_l2(float* scratch, std::size_t bytes, cudaStream_t stream);

// Computes the same product as a graph: captures launch() once and runs the graph `times` times.
cudaError_t run_as_graph(const tuned::gemm::Args& args, void* workspace, int times);
