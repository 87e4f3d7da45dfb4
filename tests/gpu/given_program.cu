// Emitted kernels with macros (tests/data/given), on a GPU, as in a user's program: in a file that
// has macros of the same names. The results are compared with plain loops. Exit code 0; 1 if a case
// failed; 77 if there is no GPU.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <type_traits>
#include <vector>

#define BLOCK "the user's own"
#define WIDTH "the user's own"
#include "emit_values.h"
#include "given/smooth.cuh"

namespace {

namespace smooth = tuned::smooth;
static_assert(sizeof(BLOCK) == 15 && sizeof(WIDTH) == 15, "a header leaves macros as they are");
static_assert(std::is_same<decltype(smooth::Args::scale), double>::value, "as the kernel has it");
static_assert(std::is_same<decltype(smooth::Args::shift), std::uint8_t>::value,
              "as the kernel has it");

void judge(std::int64_t n, const char* kernel, double scale, int shift) {
  const Values<float> x(static_cast<std::size_t>(n) + 4, 1), taps(5, 2);
  const Values<float> y(static_cast<std::size_t>(n), 3);
  smooth::Args args;
  args.n = n;
  args.x = x.device;
  args.taps = taps.device;
  args.y = y.device;
  args.scale = scale;
  args.shift = static_cast<std::uint8_t>(shift);
  const smooth::Selection selection = smooth::select(args);
  EXPECT(selection.status == cudaSuccess);
  if (std::strcmp(selection.kernel, kernel) != 0) {
    std::fprintf(stderr, "n = %lld ran %s\n", static_cast<long long>(n), selection.kernel);
    ++failures;
  }
  EXPECT_OK(smooth::launch(args, nullptr, nullptr));
  EXPECT_OK(cudaDeviceSynchronize());
  std::vector<float> found(static_cast<std::size_t>(n));
  EXPECT_OK(
      cudaMemcpy(found.data(), y.device, found.size() * sizeof(float), cudaMemcpyDeviceToHost));
  for (std::size_t i = 0; i < found.size(); ++i) {
    double sum = 0;
    for (std::size_t k = 0; k < 5; ++k) sum += taps.exact[k] * x.exact[i + k];
    if (std::fabs(found[i] - (scale * sum + shift)) < 1e-4) continue;
    std::fprintf(stderr, "n = %lld: y[%zu] = %g\n", static_cast<long long>(n), i, found[i]);
    ++failures;
    return;
  }
}

}  // namespace

int main() {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) return 77;
  judge(1000, "fixed", 0.5, 3);  // the code of `fixed` contains n
  judge(2000, "any", 0.5, 3);
  judge(2000, "any", 0.25, 7);  // the array in constant memory is filled before each launch
  judge(1001, "any", 2, 200);
  judge(5, "any", 0.5, 3);
  std::printf("%s\n", failures == 0 ? "passed" : "failed");
  return failures == 0 ? 0 : 1;
}
