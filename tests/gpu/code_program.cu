// Tests which code a program takes that was compiled for a list of architectures. KERNEL is the
// expected code on an H100 or H200, for which the op of tests/data/code was "tuned" for sm_90a.
// Exit code 0; 1 if a case failed; 77 if there is no such GPU.
#include "code/twice.cuh"
#include "emit_values.h"

int main() {
  if (lacks_gpu()) return 77;
  cudaDeviceProp device{};
  EXPECT_OK(cudaGetDeviceProperties(&device, 0));
  if (device.major != 9 || device.minor != 0) {
    std::printf("SKIPPED: needs an H100 or H200\n");
    return 77;
  }
  const Values<float> x(1000, 1), y(1000, 2);
  tuned::twice::Args args;
  args.n = 1000;
  args.x = x.device;
  args.y = y.device;
  const tuned::twice::Selection selection = tuned::twice::select(args);
  std::printf("%s: %s\n", selection.kernel, selection.reason);
  EXPECT_OK(selection.status);
  EXPECT(std::strcmp(selection.kernel, KERNEL) == 0);
  const bool passed_over = std::strcmp(KERNEL, "specific") != 0;
  EXPECT((std::strstr(selection.reason, "specific was passed over") != nullptr) == passed_over);
  EXPECT((std::strstr(selection.reason, "arch=compute_90a,code=sm_90a") != nullptr) == passed_over);
  EXPECT_OK(tuned::twice::launch(args, nullptr, nullptr));
  EXPECT_OK(cudaDeviceSynchronize());
  std::vector<float> got(1000);
  EXPECT_OK(cudaMemcpy(got.data(), y.device, got.size() * 4, cudaMemcpyDeviceToHost));
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT(got[i] == 2 * x.stored[i]);
  return failures == 0 ? 0 : 1;
}
