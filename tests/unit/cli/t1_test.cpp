// T1 files with every kind of argument, on the cpu device.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "unit/cli/fixture.h"

namespace tw {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// FAULT=1 reads the constant, the struct, the double or the byte where it is not.
constexpr const char* mixed_source = R"text(
struct Point { float x, y; int id; };
__constant__ double taps[3];
namespace shop {
template <class T>
__global__ void mix(const Point* points, const float4* v, const signed char* step,
                    const unsigned short* at, T* y, int* z, int n, double scale,
                    unsigned char shift, unsigned long long big) {
  extern __shared__ T tile[];
  const int i = blockIdx.x * BLOCK + threadIdx.x;
  if (i >= n) return;
  tile[threadIdx.x] = scale * v[i].w + taps[FAULT == 1 ? 0 : 2];
  y[i] = tile[threadIdx.x] + step[i];
  z[i] = points[FAULT == 2 ? 0 : i].id + at[i] + (FAULT == 3 ? 0 : shift) + (int)(big >> 60);
}
}  // namespace shop
)text";
constexpr const char* mixed_file = R"text({
  "ConfigurationSpace": {"TuningParameters": [
    {"Name": "BLOCK", "Type": "int", "Values": "[64, 128]"},
    {"Name": "FAULT", "Type": "int", "Values": "[0, 1, 2, 3]"}], "Conditions": []},
  "KernelSpecification": {
    "Language": "CUDA", "KernelName": "shop::mix<double>", "KernelFile": "k.cu",
    "ProblemSize": [1000], "GridDivX": ["BLOCK"], "GlobalSize": {"X": "262144 // BLOCK"},
    "LocalSize": {"X": "BLOCK"}, "SharedMemory": "BLOCK * 8", "Misc": {"jitify": true},
    "Arguments": [
      {"Name": "points", "Type": "custom", "TypeSize": 12, "MemoryType": "Vector", "Size": 1000,
       "AccessType": "ReadOnly", "FillType": "Random"},
      {"Name": "v", "Type": "float4", "TypeSize": 16, "MemoryType": "Vector", "Size": 1000,
       "AccessType": "ReadOnly", "FillType": "Random", "FillValue": 8.0},
      {"Name": "step", "Type": "int8", "MemoryType": "Vector", "Size": 1000,
       "AccessType": "ReadOnly", "FillType": "Random", "FillValue": [-5, 5]},
      {"Name": "at", "Type": "uint16", "MemoryType": "Vector", "Size": 1000,
       "AccessType": "ReadOnly", "FillType": "Constant", "FillValue": 7},
      {"Name": "y", "Type": "double", "MemoryType": "Vector", "Size": 1000,
       "AccessType": "WriteOnly"},
      {"Name": "z", "Type": "int32", "MemoryType": "Vector", "Size": 1000,
       "AccessType": "WriteOnly"},
      {"Name": "n", "Type": "int32", "MemoryType": "Scalar", "FillValue": 1000},
      {"Name": "scale", "Type": "double", "MemoryType": "Scalar", "FillValue": 0.1},
      {"Name": "shift", "Type": "uint8", "MemoryType": "Scalar", "FillValue": 200},
      {"Name": "big", "Type": "uint64", "MemoryType": "Scalar",
       "FillValue": 18446744073709551615},
      {"Name": "taps", "Type": "double", "MemoryType": "Symbol", "Size": 3,
       "AccessType": "ReadOnly", "FillType": "Random"}]}})text";

constexpr const char* launch_of_256 =
    R"("GlobalSize": {"X": "256 // BLOCK"}, "LocalSize": {"X": "BLOCK"})";

class CliT1 : public Cli {
 protected:
  // Writes k.json: the kernel of k.cu with parameters, the sizes of its launch, and arguments.
  void write_file(const std::string& kernel, const std::vector<std::string>& parameters,
                  const std::string& launch, const std::vector<std::string>& arguments,
                  const std::string& more = "") {
    std::vector<std::string> known;  // "BLOCK": "[64, 32]"
    for (const std::string& one : parameters) {
      const std::size_t equals = one.find('=');
      known.push_back(fmt::format(R"({{"Name": "{}", "Type": "int", "Values": "{}"}})",
                                  one.substr(0, equals), one.substr(equals + 1)));
    }
    write("k.json",
          fmt::format(R"({{"ConfigurationSpace": {{"TuningParameters": [{}], "Conditions": []}},
"KernelSpecification": {{"Language": "CUDA", "KernelName": "{}", "KernelFile": "k.cu", {},
"Arguments": [{}]{}}}}})",
                      fmt::join(known, ",\n"), kernel, launch, fmt::join(arguments, ",\n"), more));
  }
  // Returns a vector as an argument.
  static std::string vector(const std::string& name, const std::string& size,
                            const std::string& access, const std::string& more = "",
                            const std::string& type = "float") {
    return fmt::format(R"({{"Name": "{}", "Type": "{}", "MemoryType": "Vector", "Size": {},)"
                       R"( "AccessType": "{}"{}}})",
                       name, type, size, access, more);
  }
  json outcomes() {
    const Ran ran = tune("--spec k.json --device cpu --trust-code --quiet --json");
    EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
    const json document = json::parse(ran.out, nullptr, false);
    return document.is_object() ? document.at("results").at(0).at("outcomes") : json();
  }
};

TEST_F(CliT1, ArgumentsOfEveryTypeReachTheKernel) {
  write("k.cu", mixed_source);
  write("k.json", mixed_file);
  EXPECT_EQ(outcomes(), json({{"ok", 2}, {"wrong_result", 6}}));
}

// The third argument of Kernel Tuner's convolution: a constant array that is a parameter besides.
TEST_F(CliT1, ConstantsAreArgumentsIfTheKernelHasParametersForThem) {
  for (const char* parameter : {"", ", const float* unused"}) {
    write("k.cu",
          fmt::format("__constant__ float taps[5];\n"
                      "extern \"C\" __global__ void blur(float* y, const float* x{}) {{\n"
                      "  float sum = 0;\n"
                      "  for (int k = OFF; k < 5; ++k) sum += taps[k] * x[threadIdx.x + k];\n"
                      "  y[threadIdx.x] = sum;\n}}\n",
                      parameter));
    write_file("blur", {"OFF=[0, 1]"},
               R"("ProblemSize": [64], "GridDivX": [64], "LocalSize": {"X": 64})",
               {vector("y", R"("ProblemSize[0]")", "WriteOnly"),
                vector("x", R"("ProblemSize[0] + 4")", "ReadOnly"),
                vector("taps", "5", "ReadOnly", R"(, "MemType": "Constant")")});
    EXPECT_EQ(outcomes(), json({{"ok", 1}, {"wrong_result", 1}})) << parameter;
  }
}

// Blocks of other sizes have other partial sums, so only `whole` is compared.
TEST_F(CliT1, ResultsWhoseSizeDependsOnParametersAreNotCompared) {
  write("k.cu",
        "extern \"C\" __global__ void sums(const float* x, float* part, float* whole) {\n"
        "  const int i = blockIdx.x * BLOCK + threadIdx.x;\n"
        "  whole[i] = x[i] + OFF;\n"
        "  if (threadIdx.x == 0) part[blockIdx.x] = x[i] + BLOCK;\n}\n");
  write_file("sums", {"BLOCK=[64, 32, 128]", "OFF=[0, 1]"}, launch_of_256,
             {vector("x", "256", "ReadOnly"), vector("part", R"("256 // BLOCK")", "WriteOnly"),
              vector("whole", "256", "WriteOnly")});
  EXPECT_EQ(outcomes(), json({{"ok", 3}, {"wrong_result", 3}}));
  const Ran ran = tune("--spec k.json --device cpu --trust-code --json");
  EXPECT_THAT(ran.err, HasSubstr("256 // BLOCK depends on parameters, so its values are not"));
  EXPECT_EQ(json::parse(ran.out).at("results").at(0).at("oracle"), "default");
}

// A default that writes only a part of its scratch memory works.
TEST_F(CliT1, IfNothingIsComparedThereIsNoOracle) {
  write("k.cu",
        "extern \"C\" __global__ void sums(const float* x, float* part) {\n"
        "  if (threadIdx.x == 0) part[blockIdx.x] = x[blockIdx.x * BLOCK];\n}\n");
  write_file("sums", {"BLOCK=[64, 32]"}, launch_of_256,
             {vector("x", "256", "ReadOnly"), vector("part", R"("256 // BLOCK")", "WriteOnly")});
  EXPECT_EQ(outcomes(), json({{"ok", 2}}));
  const Ran ran = tune("--spec k.json --device cpu --trust-code");
  EXPECT_THAT(ran.out, HasSubstr("oracle   none: the op says that its results are not compared"));
  EXPECT_EQ(ran.err.find("does not work"), std::string::npos) << ran.err;
}

// As in KTT's tutorial: x[i] = i / 2, and y[i] = i + 3 is expected.
TEST_F(CliT1, GeneratorsFillInputsAndSayWhatIsExpected) {
  write("k.cu",
        "extern \"C\" __global__ void add(const float* x, const int* z, float* y) {\n"
        "  const int i = threadIdx.x;\n"
        "  y[i] = 2 * x[i] + 3 + OFF + (z[i] != (i % 7 - 3));\n}\n");
  const auto generated = [](const std::string& python) {
    return fmt::format(R"(, "FillType": "Generator", "DataSource": "{}")", python);
  };
  write_file("add", {"OFF=[1, 0]"}, R"("GlobalSize": {"X": 1}, "LocalSize": {"X": 64})",
             {vector("x", "64", "ReadOnly", generated("i * 0.5")),
              vector("z", "64", "ReadOnly", generated("i % 7 - 3"), "int32"),
              vector("y", "64", "WriteOnly")},
             R"(, "ReferenceArguments": [{"Name": "right", "TargetName": "y")" +
                 generated("i + 3") + "}]");
  EXPECT_EQ(outcomes(), json({{"ok", 1}, {"wrong_result", 1}}));
}

// The threshold allows an error of 0.5 in each element.
TEST_F(CliT1, ExpectedResultsComeFromAFile) {
  write("k.cu",
        "extern \"C\" __global__ void add(const float* x, float* y) {\n"
        "  y[threadIdx.x] = x[threadIdx.x] + OFF * 0.2f;\n}\n");
  const std::string file = R"(, "FillType": "BinaryRaw", "DataSource": "x.bin")";
  write_file("add", {"OFF=[4, 2, 3, 0]"}, R"("GlobalSize": {"X": 1}, "LocalSize": {"X": 4})",
             {vector("x", "4", "ReadOnly", file), vector("y", "4", "WriteOnly")},
             R"(, "ReferenceArguments": [{"Name": "right", "TargetName": "y", )"
             R"("ValidationMethod": "SideBySideComparison", "ValidationThreshold": 0.5)" +
                 file + "}]");
  const float values[] = {1, 2, 300, -4};
  write("x.bin", std::string(reinterpret_cast<const char*>(values), sizeof values));
  EXPECT_EQ(outcomes(), json({{"ok", 2}, {"wrong_result", 2}}));
}

}  // namespace
}  // namespace tw
