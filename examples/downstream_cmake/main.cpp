// Computes C = A * B with a tuned GEMM, checks the result, and prints what ran and how fast.
//
//   downstream M N K              check and time it
//   downstream M N K --launch N   only launch it N times, each after a flush of the L2, for a
//                                 profiler to time
//
// Exit code: 0; 1 if the result is wrong; 2 for wrong options or a CUDA error; 77 without a GPU.
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "check.h"
#include "gemm.h"
#include "on_device.h"

namespace {

constexpr int samples = 30;
constexpr int checked_elements = 4096;

struct Buffers {
  float *a = nullptr, *b = nullptr, *c = nullptr, *scratch = nullptr;
  void* workspace = nullptr;
  std::size_t scratch_bytes = 0;

  ~Buffers() {
    for (void* buffer : {static_cast<void*>(a), static_cast<void*>(b), static_cast<void*>(c),
                         static_cast<void*>(scratch), workspace}) {
      cudaFree(buffer);
    }
  }
};

float* allocate(std::int64_t count) {
  void* memory = nullptr;
  check(cudaMalloc(&memory, static_cast<std::size_t>(count) * sizeof(float)), "cudaMalloc");
  return static_cast<float*>(memory);
}

// Allocates random A and B, a scratch for flushes, and the workspace that the call needs.
tuned::gemm::Args prepare(std::int64_t m, std::int64_t n, std::int64_t k, Buffers& buffers) {
  tuned::gemm::Args args;
  args.m = m;
  args.n = n;
  args.k = k;
  args.a = buffers.a = allocate(m * k);
  args.b = buffers.b = allocate(k * n);
  args.c = buffers.c = allocate(m * n);
  check(fill_random(buffers.a, static_cast<std::size_t>(m * k), 1, nullptr), "fill_random");
  check(fill_random(buffers.b, static_cast<std::size_t>(k * n), 2, nullptr), "fill_random");
  int device = 0, l2_bytes = 0;
  check(cudaGetDevice(&device), "cudaGetDevice");
  check(cudaDeviceGetAttribute(&l2_bytes, cudaDevAttrL2CacheSize, device),
        "cudaDeviceGetAttribute");
  buffers.scratch_bytes = static_cast<std::size_t>(l2_bytes) * 4;
  buffers.scratch = allocate(static_cast<std::int64_t>(buffers.scratch_bytes / sizeof(float)));
  const std::size_t workspace_bytes = tuned::gemm::workspace_bytes(args);
  if (workspace_bytes > 0) check(cudaMalloc(&buffers.workspace, workspace_bytes), "cudaMalloc");
  check(tuned::gemm::initialise_workspace(args, buffers.workspace, nullptr),
        "initialise_workspace");
  return args;
}

void print_selection(const tuned::gemm::Args& args) {
  const tuned::gemm::Selection selection = tuned::gemm::select(args);
  if (selection.status != cudaSuccess) throw std::runtime_error(selection.reason);
  constexpr const char* names[] = {"exact", "nearest", "fallback", "none"};
  std::printf("branch v%d (%s match): %s %s\n", selection.branch,
              names[static_cast<int>(selection.match)], selection.kernel, selection.configuration);
  if (*selection.tuned_problem != '\0') {
    std::printf("tuned for %s: %.4f ms\n", selection.tuned_problem, selection.tuned_ns / 1e6);
  }
  cudaFuncAttributes attributes{};
  check(tuned::gemm::attributes(args, &attributes), "attributes");
  std::printf("registers %d, local bytes %zu\n", attributes.numRegs, attributes.localSizeBytes);
}

bool check_and_time(const tuned::gemm::Args& args, const Buffers& buffers) {
  const auto launch = [&] {
    check(tuned::gemm::launch(args, buffers.workspace, nullptr), "launch");
  };
  const std::size_t c_bytes = static_cast<std::size_t>(args.m * args.n) * sizeof(float);
  const auto poison = [&] { check(cudaMemset(args.c, 0xff, c_bytes), "cudaMemset"); };
  poison();
  check(run_as_graph(args, buffers.workspace, 2), "run_as_graph");
  const double graph_error = largest_error_ulps(args, checked_elements);
  poison();
  launch();
  const double error = largest_error_ulps(args, checked_elements);
  const double ms = median_ms(launch, buffers.scratch, buffers.scratch_bytes, samples);
  const double flops =
      2.0 * static_cast<double>(args.m) * static_cast<double>(args.n) * static_cast<double>(args.k);
  std::printf("time %.4f ms, %.2f TFLOP/s\n", ms, flops / ms / 1e9);
  std::printf("largest error %.2f ulps, as a graph %.2f\n", error, graph_error);
  const double theirs = cublas_ms(args, buffers.scratch, buffers.scratch_bytes, samples);
  if (theirs > 0) {
    const double their_error = largest_error_ulps(args, checked_elements);
    std::printf("cuBLAS %.4f ms, largest error %.2f ulps; ours is %.3f times as fast\n", theirs,
                their_error, theirs / ms);
  }
  // for random signs: far above the error of fp32 sums, far below that of TF32
  const double bound = 16;
  const bool right = error <= bound && graph_error <= bound;
  std::printf("%s\n", right ? "correct" : "WRONG");
  return right;
}

int run(int count, char** words) {
  const bool only_launch = count == 6 && std::string(words[4]) == "--launch";
  if (count != 4 && !only_launch) {
    std::fprintf(stderr, "usage: downstream M N K [--launch TIMES]\n");
    return 2;
  }
  int devices = 0;
  const cudaError_t found = cudaGetDeviceCount(&devices);
  if (found != cudaSuccess || devices == 0) {
    std::printf("no GPU: %s\n", cudaGetErrorString(found));
    return 77;
  }
  Buffers buffers;
  const tuned::gemm::Args args =
      prepare(std::atoll(words[1]), std::atoll(words[2]), std::atoll(words[3]), buffers);
  print_selection(args);
  if (!only_launch) return check_and_time(args, buffers) ? 0 : 1;
  for (int i = std::atoi(words[5]); i > 0; --i) {
    check(flush_l2(buffers.scratch, buffers.scratch_bytes, nullptr), "flush_l2");
    check(tuned::gemm::launch(args, buffers.workspace, nullptr), "launch");
  }
  check(cudaDeviceSynchronize(), "the kernel");
  return 0;
}

}  // namespace

int main(int count, char** words) {
  try {
    return run(count, words);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "downstream: %s\n", error.what());
    return 2;
  }
}
