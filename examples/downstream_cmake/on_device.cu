// A CUDA source that uses the header-only dispatch: the kernels are compiled in this file, while
// main.cpp uses those of the library. One program may use both.
#include "gemm.cuh"
#include "on_device.h"

namespace {

__global__ void fill(float* to, std::size_t count, std::uint32_t seed) {
  const std::size_t step = static_cast<std::size_t>(gridDim.x) * blockDim.x;
  for (std::size_t i = blockIdx.x * static_cast<std::size_t>(blockDim.x) + threadIdx.x; i < count;
       i += step) {
    // The finaliser of MurmurHash3, applied to the index.
    std::uint32_t x = static_cast<std::uint32_t>(i) * 2654435761u + seed;
    x = (x ^ (x >> 16)) * 0x85ebca6bu;
    x = (x ^ (x >> 13)) * 0xc2b2ae35u;
    x ^= x >> 16;
    to[i] = static_cast<float>(x) * (2.0f / 4294967296.0f) - 1.0f;
  }
}

__global__ void read_all(const float* from, std::size_t count, float* sink) {
  const std::size_t step = static_cast<std::size_t>(gridDim.x) * blockDim.x;
  float sum = 0;
  for (std::size_t i = blockIdx.x * static_cast<std::size_t>(blockDim.x) + threadIdx.x; i < count;
       i += step)
    sum += from[i];
  if (sum == 12345.678f) *sink = sum;  // never true, but the compiler cannot know
}

constexpr int blocks = 1024;
constexpr int threads = 256;

}  // namespace

cudaError_t fill_random(float* to, std::size_t count, std::uint32_t seed, cudaStream_t stream) {
  fill<<<blocks, threads, 0, stream>>>(to, count, seed);
  return cudaGetLastError();
}

cudaError_t flush_l2(float* scratch, std::size_t bytes, cudaStream_t stream) {
  const std::size_t half = bytes / sizeof(float) / 2;
  fill<<<blocks, threads, 0, stream>>>(scratch, half, 1);
  read_all<<<blocks, threads, 0, stream>>>(scratch + half, half, scratch);
  return cudaGetLastError();
}

cudaError_t run_as_graph(const tuned::gemm::Args& args, void* workspace, int times) {
  cudaStream_t stream = nullptr;
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  cudaError_t status = cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
  if (status == cudaSuccess) status = tuned::gemm::initialise_workspace(args, workspace, stream);
  if (status == cudaSuccess) status = cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal);
  if (status == cudaSuccess) {
    status = tuned::gemm::launch(args, workspace, stream);
    const cudaError_t ended = cudaStreamEndCapture(stream, &graph);
    if (status == cudaSuccess) status = ended;
  }
  if (status == cudaSuccess) status = cudaGraphInstantiate(&executable, graph, 0);
  for (int i = 0; i < times && status == cudaSuccess; ++i)
    status = cudaGraphLaunch(executable, stream);
  if (status == cudaSuccess) status = cudaStreamSynchronize(stream);
  if (executable != nullptr) cudaGraphExecDestroy(executable);
  if (graph != nullptr) cudaGraphDestroy(graph);
  if (stream != nullptr) cudaStreamDestroy(stream);
  return status;
}
