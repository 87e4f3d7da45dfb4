// Foreign kernels on a GPU: they are found by their C++ names, and are not launched with wrong
// parameters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "core/catalog/catalog.h"
#include "gpu_bench.h"

namespace tw::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* source = R"(
__global__ void plain(const float* x, float* y, int n) {
  const int i = blockIdx.x * BLOCK + threadIdx.x;
  if (i < n) y[i] = 2 * x[i];
}
namespace shop::ops {
template <typename T, int F>
__global__ void scale(const T* x, T* y, int n) {
  const int i = blockIdx.x * BLOCK + threadIdx.x;
  if (i < n) y[i] = F * x[i];
}
}
extern "C" __global__ void c_name(const float* x, float* y, int n) {
  const int i = blockIdx.x * BLOCK + threadIdx.x;
  if (i < n) y[i] = 2 * x[i];
}
__global__ void overloaded(const float* x, float* y, int n) {}
__global__ void overloaded(const double* x, double* y, int n) {}
__global__ void four(const float* x, float* y, int n, int m) { y[n + m] = x[0]; }
__global__ void two(const float* x, float* y) { y[0] = x[0]; }
using Wide = long long;  // a type of the source's own, which is not compared with the argument
__global__ void wide(const float* x, float* y, Wide n) { y[n] = x[0]; }
)";

constexpr const char* spec = R"({
  "ConfigurationSpace": {"TuningParameters": [{"Name": "BLOCK", "Values": "[64, 128]"}]},
  "KernelSpecification": {
    "Language": "CUDA",
    "KernelName": "NAME",
    "KernelFile": "foreign.cu",
    "GlobalSize": {"X": "4096 // BLOCK"},
    "LocalSize": {"X": "BLOCK"},
    "Arguments": [
      {"Name": "in", "Type": "float", "MemoryType": "Vector", "AccessType": "ReadOnly", "Size": 4096},
      {"Name": "out", "Type": "float", "MemoryType": "Vector", "AccessType": "WriteOnly", "Size": 4096},
      {"Name": "n", "Type": "int32", "MemoryType": "Scalar", "FillValue": 4096}
    ]
  }
})";

Measurement run_kernel(Device& device, const std::string& name) {
  const fs::path folder = fs::path(testing::TempDir()) / "foreign_test";
  fs::create_directories(folder);
  std::string text = spec;
  text.replace(text.find("NAME"), 4, name);
  std::ofstream(folder / "foreign.cu") << source;
  std::ofstream(folder / "foreign.json") << text;
  const Catalog catalog = Catalog::load_file(folder / "foreign.json", builtin_sources());
  fs::remove_all(folder);
  const OpEntry& entry = catalog.ops().front();
  Job job = job_for(catalog, entry.op.name, entry.kernels.front().name, {}, "BLOCK=128", device);
  job.limits.max_samples = 5;
  return run(device, std::move(job));
}

TEST(Foreign, KernelsAreFoundByTheirNames) {
  TW_NEEDS_GPU(device);
  for (const char* name :
       {"plain", "c_name", "shop::ops::scale<float, 2>", "shop::ops::scale<float, BLOCK>"}) {
    const Measurement measurement = run_kernel(*device, name);
    EXPECT_EQ(measurement.outcome, Outcome::ok) << name << ": " << measurement.note;
    EXPECT_GE(measurement.samples_ns.size(), 5u) << name;
  }
}

TEST(Foreign, ANameThatMeansSeveralKernelsDoesNotCompile) {
  TW_NEEDS_GPU(device);
  for (const char* name : {"overloaded", "shop::ops::scale"}) {
    const Measurement measurement = run_kernel(*device, name);
    EXPECT_EQ(measurement.outcome, Outcome::compile_failed) << name;
    EXPECT_THAT(measurement.note, testing::HasSubstr("a name of its own")) << name;
  }
}

TEST(Foreign, OtherParametersAreNotLaunched) {
  TW_NEEDS_GPU(device);
  const std::map<std::string, std::string> notes{
      {"four", "the kernel takes 4 parameters, it is passed 3"},
      {"two", "the kernel takes 2 parameters, it is passed 3"},
      {"wide", "parameter 3 of the kernel has 8 bytes, it is passed 4"}};
  for (const auto& [name, note] : notes) {
    const Measurement measurement = run_kernel(*device, name);
    EXPECT_EQ(measurement.outcome, Outcome::launch_failed) << name;
    EXPECT_EQ(measurement.note, note);
    const Measurement control = run_kernel(*device, "plain");
    EXPECT_EQ(control.outcome, Outcome::ok) << control.note;
  }
}

}  // namespace
}  // namespace tw::test
