// Emitted products of a batch that is given by pointers, on a GPU, as in a user's program. The
// matrices are in any order, some are shared, some are not aligned. The results are compared with
// plain loops in double. Exit code 0; 1 if a case failed; 77 if there is no GPU.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <type_traits>
#include <vector>

#include "emit_values.h"
#include "pointers/gemm.cuh"

namespace {

namespace gemm = tuned::gemm;

constexpr std::size_t m = 200, n = 136, k = 128, batch = 5;

// The stored matrices that form the batch. Each matrix is `pitch` elements after the one before.
struct Places {
  std::size_t at[batch];
  std::size_t pitch;
  std::size_t first;  // elements before the first matrix

  std::size_t offset(std::size_t index) const { return first + at[index] * pitch; }
  std::size_t end() const { return first + batch * pitch; }
};

// An array in device memory of pointers to the matrices.
template <class T>
class Array {
 public:
  Array(T* first, const Places& places) {
    std::vector<T*> all;
    for (std::size_t i = 0; i < batch; ++i) all.push_back(first + places.offset(i));
    EXPECT_OK(cudaMalloc(&device_, batch * sizeof(T*)));
    EXPECT_OK(cudaMemcpy(device_, all.data(), batch * sizeof(T*), cudaMemcpyHostToDevice));
  }
  ~Array() { cudaFree(device_); }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  T* const* get() const { return device_; }

 private:
  T** device_ = nullptr;
};

template <class A>
void run(const A& args) {
  const std::size_t bytes = gemm::workspace_bytes(args);
  void* workspace = nullptr;
  EXPECT_OK(cudaMalloc(&workspace, bytes + 1));
  EXPECT_OK(gemm::initialise_workspace(args, workspace, nullptr));
  EXPECT_OK(gemm::launch(args, workspace, nullptr));
  EXPECT_OK(cudaDeviceSynchronize());
  cudaFree(workspace);
}

// Returns the largest error of C = A * B^T, as a fraction of `bound`. The elements between the
// matrices must not change.
template <class T>
double worst_error(const Values<T>& a, const Places& at_a, const Values<T>& b, const Places& at_b,
                   const Values<T>& c, const Places& at_c, double bound) {
  std::vector<T> got(at_c.end());
  EXPECT_OK(cudaMemcpy(got.data(), c.device, got.size() * sizeof(T), cudaMemcpyDeviceToHost));
  double worst = 0;
  std::vector<bool> written(got.size());
  for (std::size_t i = 0; i < batch; ++i) {
    for (std::size_t row = 0; row < m; ++row) {
      for (std::size_t column = 0; column < n; ++column) {
        double exact = 0;
        for (std::size_t p = 0; p < k; ++p) {
          exact += a.exact[at_a.offset(i) + row * k + p] * b.exact[at_b.offset(i) + column * k + p];
        }
        const std::size_t at = at_c.offset(i) + row * n + column;
        written[at] = true;
        const double error = std::fabs(static_cast<double>(to_float(got[at])) - exact) / bound;
        if (!(error <= worst)) worst = error;  // true for NaN too
      }
    }
  }
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (!written[i]) EXPECT(std::memcmp(&got[i], &c.stored[i], sizeof(T)) == 0);
  }
  return worst;
}

template <class A, class T>
void judge(std::size_t first, double bound, bool tuned) {
  const Places at_a{{3, 0, 4, 1, 2}, m * k + 64, first};
  const Places at_b{{1, 1, 0, 4, 1}, n * k, first};
  const Places at_c{{4, 3, 2, 1, 0}, m * n + 8, first};
  const Values<T> a(at_a.end(), 1), b(at_b.end(), 2), c(at_c.end(), 3);
  const Array<const T> as(a.device, at_a), bs(b.device, at_b);
  const Array<T> cs(c.device, at_c);
  A args;
  args.m = m;
  args.n = n;
  args.k = k;
  args.batch = batch;
  args.layout = std::remove_reference_t<decltype(args.layout)>::nt;
  args.batches = std::remove_reference_t<decltype(args.batches)>::pointers;
  EXPECT(gemm::launch(args, nullptr, nullptr) == cudaErrorInvalidValue);
  EXPECT(std::strcmp(gemm::select(args).reason, "a_pointers is null") == 0);
  args.a_pointers = reinterpret_cast<decltype(args.a_pointers)>(as.get());
  args.b_pointers = reinterpret_cast<decltype(args.b_pointers)>(bs.get());
  args.c_pointers = reinterpret_cast<decltype(args.c_pointers)>(cs.get());
  args.pointers_align = 3;
  EXPECT(gemm::launch(args, nullptr, nullptr) == cudaErrorInvalidValue);
  args.pointers_align = static_cast<std::int64_t>(first == 0 ? 16 : sizeof(T));
  const gemm::Selection selection = gemm::select(args);
  EXPECT(selection.status == cudaSuccess);
  EXPECT(!tuned || selection.match == gemm::Match::exact);
  run(args);
  const double worst = worst_error(a, at_a, b, at_b, c, at_c, bound);
  std::printf(
      "%zu bytes an element, aligned to %lld: %s, %s; the largest error is %.3g of the bound\n",
      sizeof(T), static_cast<long long>(args.pointers_align), selection.kernel,
      selection.configuration, worst);
  EXPECT(worst <= 1);
}

}  // namespace

int main() {
  if (lacks_gpu()) return 77;
  cudaDeviceProp device{};
  EXPECT_OK(cudaGetDeviceProperties(&device, 0));
  const bool tuned = device.major == 9 && device.minor == 0 && device.multiProcessorCount == 132;
  for (const std::size_t first : {std::size_t{0}, std::size_t{1}}) {
    judge<gemm::Args, float>(first, 1e-4, tuned && first == 0);
    // Sums are below 32 in magnitude, which bf16 stores with 8 bits.
    judge<gemm::ArgsBf16, std::uint16_t>(first, 0.07, tuned && first == 0);
  }
  return failures == 0 ? 0 : 1;
}
