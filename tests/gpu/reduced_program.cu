// Emitted products whose rows are reduced, on a GPU, as in a user's program. The results are
// compared with plain loops in double, for the tuned shape and for others. Exit code 0; 1 if a case
// failed; 77 if there is no GPU.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <type_traits>
#include <vector>

#include "emit_values.h"
#include "reduced/gemm.cuh"

namespace {

namespace gemm = tuned::gemm;

struct Shape {
  std::size_t m, n, k, batch;
};

// C = log(sum over the columns of exp(A * B^T + bias)).
template <class T>
std::vector<double> expected(const Shape& shape, const Values<T>& a, const Values<T>& b,
                             const Values<T>& bias) {
  std::vector<double> result;
  for (std::size_t row = 0; row < shape.batch * shape.m; ++row) {
    const double* const mine = &a.exact[row * shape.k];
    double sum = 0;
    for (std::size_t j = 0; j < shape.n; ++j) {
      const double* const theirs = &b.exact[(row / shape.m * shape.n + j) * shape.k];
      double product = 0;
      for (std::size_t p = 0; p < shape.k; ++p) product += mine[p] * theirs[p];
      sum += std::exp(product + bias.exact[j]);
    }
    result.push_back(std::log(sum));
  }
  return result;
}

template <class A>
void run(const A& args) {
  const std::size_t bytes = gemm::workspace_bytes(args);
  EXPECT(bytes >= static_cast<std::size_t>(args.m) * 8);  // at least one partial result per row
  void* workspace = nullptr;
  EXPECT_OK(cudaMalloc(&workspace, bytes));
  EXPECT_OK(cudaMemset(workspace, 0x5a, bytes));
  EXPECT_OK(gemm::initialise_workspace(args, workspace, nullptr));
  EXPECT_OK(gemm::launch(args, workspace, nullptr));
  EXPECT_OK(cudaDeviceSynchronize());
  cudaFree(workspace);
}

// A result may be off by `absolute`, plus `relative` times the result.
template <class A, class T>
void judge(const Shape& shape, double absolute, double relative, const char* kernel) {
  const Values<T> a(shape.batch * shape.m * shape.k, 1), b(shape.batch * shape.n * shape.k, 2);
  const Values<T> bias(shape.n, 3), c(shape.batch * shape.m, 4);
  A args;
  args.m = static_cast<std::int64_t>(shape.m);
  args.n = static_cast<std::int64_t>(shape.n);
  args.k = static_cast<std::int64_t>(shape.k);
  args.batch = static_cast<std::int64_t>(shape.batch);
  args.layout = std::remove_reference_t<decltype(args.layout)>::nt;
  args.a = a.device;
  args.b = b.device;
  args.c = c.device;
  args.bias_column = bias.device;
  const gemm::Selection selection = gemm::select(args);
  std::printf("m=%zu n=%zu k=%zu batch=%zu, %zu bytes an element: %s, %s\n", shape.m, shape.n,
              shape.k, shape.batch, sizeof(T), selection.kernel, selection.configuration);
  EXPECT(kernel == nullptr || std::strcmp(selection.kernel, kernel) == 0);
  run(args);

  std::vector<T> got(shape.batch * shape.m);
  EXPECT_OK(cudaMemcpy(got.data(), c.device, got.size() * sizeof(T), cudaMemcpyDeviceToHost));
  const std::vector<double> exact = expected(shape, a, b, bias);
  double least = exact[0], most = exact[0], worst = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    least = std::fmin(least, exact[i]);
    most = std::fmax(most, exact[i]);
    const double error = std::fabs(static_cast<double>(to_float(got[i])) - exact[i]) /
                         (absolute + relative * std::fabs(exact[i]));
    if (!(error <= worst)) worst = error;  // true for NaN too
  }
  std::printf("  results from %g to %g; the largest error is %.3g of the bound\n", least, most,
              worst);
  EXPECT(worst <= 1);
  EXPECT(most - least > 1);  // otherwise a constant would pass

  args.beta = 1;
  EXPECT(gemm::launch(args, nullptr, nullptr) == cudaErrorInvalidValue);
  EXPECT(std::strstr(gemm::select(args).reason, "beta must be 0") != nullptr);
}

}  // namespace

int main() {
  if (lacks_gpu()) return 77;
  cudaDeviceProp device{};
  EXPECT_OK(cudaGetDeviceProperties(&device, 0));
  const bool tuned_gpu =
      device.major == 9 && device.minor == 0 && device.multiProcessorCount == 132;
  for (const Shape& shape : {Shape{300, 1000, 256, 1}, {77, 333, 64, 1}, {130, 200, 128, 3}}) {
    const bool tuned = tuned_gpu && shape.m == 300;
    judge<gemm::ArgsBiasColumnLogSumExp, float>(shape, 1e-4, 0, tuned ? "mma" : nullptr);
    judge<gemm::ArgsBf16BiasColumnLogSumExp, std::uint16_t>(shape, 1e-3, 1.0 / 256,
                                                            tuned ? "wgmma" : nullptr);
  }
  return failures == 0 ? 0 : 1;
}
