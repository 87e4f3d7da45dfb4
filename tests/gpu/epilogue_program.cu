// Runs every float through every step of the epilogue chains, and compares it with the step's own
// double precision (which epilogue_steps_test compares with an independent implementation). The
// error in units in the last place comes from the device's functions and from our formulas. Exit
// code 0; 1 if a step exceeds the bound; 77 if there is no GPU.
#include <cstdio>

#include "common/epilogue_steps.cuh"
#include "unit/verdict/epilogue_accuracy.h"

namespace {

constexpr double bound = 8;  // in units in the last place

// `worst` gets the bits of the largest error, a float, and then the bits of the input.
template <class Step>
__global__ void try_all(const float* scalars, unsigned long long* worst) {
  const float own[2] = {scalars[0], scalars[1]};
  unsigned long long here = 0;
  const unsigned long long step = static_cast<unsigned long long>(gridDim.x) * blockDim.x;
  for (unsigned long long i = blockIdx.x * blockDim.x + threadIdx.x; i < 1ull << 32; i += step) {
    const float x = __uint_as_float(static_cast<unsigned>(i));
    const float result = epilogue_accuracy::apply<Step>(x, own);
    const double exact = epilogue_accuracy::apply<Step>(static_cast<double>(x), own);
    const float error = static_cast<float>(epilogue_accuracy::error_in_ulps(result, exact));
    const unsigned long long found =
        static_cast<unsigned long long>(__float_as_uint(error)) << 32 | static_cast<unsigned>(i);
    here = found > here ? found : here;
  }
  atomicMax(worst, here);
}

int failures = 0;

void check(cudaError_t status) {
  if (status == cudaSuccess) return;
  std::printf("%s\n", cudaGetErrorString(status));
  ++failures;
}

template <class Subject>
void judge(const Subject& subject) {
  float* scalars = nullptr;
  unsigned long long* worst = nullptr;
  check(cudaMalloc(&scalars, sizeof subject.scalars));
  check(cudaMalloc(&worst, sizeof *worst));
  check(cudaMemcpy(scalars, subject.scalars, sizeof subject.scalars, cudaMemcpyHostToDevice));
  check(cudaMemset(worst, 0, sizeof *worst));
  try_all<typename Subject::Step><<<4096, 256>>>(scalars, worst);
  check(cudaGetLastError());
  unsigned long long found = ~0ull;
  check(cudaMemcpy(&found, worst, sizeof found, cudaMemcpyDeviceToHost));
  const auto error_bits = static_cast<std::uint32_t>(found >> 32);
  const auto input_bits = static_cast<std::uint32_t>(found);
  float error = 0, input = 0;
  std::memcpy(&error, &error_bits, sizeof error);
  std::memcpy(&input, &input_bits, sizeof input);
  const bool good = static_cast<double>(error) <= bound;
  std::printf("%-12s %8.2f ulps at %.9g%s\n", subject.word, static_cast<double>(error),
              static_cast<double>(input), good ? "" : "  TOO MUCH");
  if (!good) ++failures;
  check(cudaFree(scalars));
  check(cudaFree(worst));
}

}  // namespace

int main() {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
    std::printf("no GPU\n");
    return 77;
  }
  std::printf("the largest error of each step over all floats\n");
  epilogue_accuracy::for_each_step([](const auto& subject) { judge(subject); });
  return failures == 0 ? 0 : 1;
}
