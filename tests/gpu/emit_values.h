// Shared by the programs that call emitted products on a GPU: values, and checks that count
// failures.
#pragma once
#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

namespace {

int failures = 0;

void expect(bool good, const char* what, int line) {
  if (good) return;
  ++failures;
  std::fprintf(stderr, "line %d: failed: %s\n", line, what);
}
#define EXPECT(condition) expect((condition), #condition, __LINE__)
#define EXPECT_OK(call) expect((call) == cudaSuccess, #call, __LINE__)

// Values in [-1, 1) as they are stored in T: float, or the upper half of a float.
template <class T>
struct Values {
  std::vector<T> stored;
  std::vector<double> exact;
  T* device = nullptr;

  Values(std::size_t count, unsigned seed) {
    for (std::size_t i = 0; i < count; ++i) {
      seed = seed * 1664525u + 1013904223u;
      const float value = static_cast<float>(seed >> 8) / 8388608.0f - 1.0f;
      std::uint32_t bits = 0;
      std::memcpy(&bits, &value, 4);
      bits &= sizeof(T) == 2 ? 0xffff0000u : 0xffffffffu;
      float kept = 0;
      std::memcpy(&kept, &bits, 4);
      T element{};
      std::memcpy(&element, reinterpret_cast<const char*>(&bits) + 4 - sizeof(T), sizeof(T));
      stored.push_back(element);
      exact.push_back(static_cast<double>(kept));
    }
    EXPECT_OK(cudaMalloc(&device, count * sizeof(T)));
    EXPECT_OK(cudaMemcpy(device, stored.data(), count * sizeof(T), cudaMemcpyHostToDevice));
  }
  ~Values() { cudaFree(device); }
  Values(const Values&) = delete;
  Values& operator=(const Values&) = delete;
};

[[maybe_unused]] float to_float(float value) { return value; }
[[maybe_unused]] float to_float(std::uint16_t value) {
  const std::uint32_t bits = static_cast<std::uint32_t>(value) << 16;
  float result = 0;
  std::memcpy(&result, &bits, 4);
  return result;
}

// Returns whether there is no GPU, and prints this; the program then ends.
bool lacks_gpu() {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) == cudaSuccess && devices > 0) return false;
  std::printf("no GPU\n");
  return true;
}

}  // namespace
