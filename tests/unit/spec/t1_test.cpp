// T1 files: our expressions mean what the file's Python means, or there is an error that says why
// not.
#include "core/t1/t1.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "core/plan/plan.h"
#include "core/space/space.h"
#include "core/spec/sources.h"
#include "unit/support/paths.h"

namespace tw {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* t1 = R"({"ConfigurationSpace": {
  "TuningParameters": [
    {"Name": "block_size_x", "Type": "int", "Values": "[16 * i for i in range(1, 5)]", "Default": 16},
    {"Name": "tile", "Type": "int", "Values": [1, 2, 4]},
    {"Name": "layout", "Type": "string", "Values": "['nhwc', 'nchw']"},
    {"Name": "padded", "Type": "bool", "Values": "[False, True]"}],
  "Conditions": [
    {"Parameters": ["block_size_x", "tile"], "Expression": "block_size_x * tile <= 64"},
    {"Parameters": ["layout", "padded"], "Expression": "layout == 'nhwc' or not padded"}]}})";

TEST(T1, IsASpace) {
  const BareSpace bare = parse_t1(t1, "x.json");
  const SearchSpace space = SearchSpace::enumerate(bare.knobs, bare.require, 0, {});
  EXPECT_EQ(space.size(), 7u * 3u);  // (3 + 2 + 1 + 1) for block and tile
  EXPECT_EQ(text_of(space.knobs(), space[0]), "block_size_x=16 tile=1 layout=nhwc padded=false");
}

TEST(T1, ErrorsNameTheFileAndThePlace) {
  const auto message = [](std::string text) {
    try {
      parse_t1(text, "x.json");
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  std::string broken = t1;
  broken.replace(broken.find("<= 64"), 5, "<= f()");
  EXPECT_NE(message(broken).find("ConfigurationSpace.Conditions[0].Expression"), std::string::npos)
      << message(broken);
  EXPECT_NE(message("{}").find("x.json"), std::string::npos);
  EXPECT_NE(message("{").find("is not JSON"), std::string::npos);
  std::string values = "[0";
  for (int i = 1; i < 400'000; ++i) values += fmt::format(",{}", i);
  EXPECT_NE(message(R"({"ConfigurationSpace":{"TuningParameters":[{"Name":"a","Values":)" + values +
                    "]}]}}")
                .find("more than 65535 values"),
            std::string::npos);
}

const std::string vector_add = test_data("t1/vector_add.json");

TEST(T1, AKernelIsAnOp) {
  const Catalog catalog = Catalog::load_file(vector_add, builtin_sources());
  EXPECT_TRUE(catalog.foreign());
  const OpEntry& entry = catalog.at("vector_add");
  ASSERT_EQ(entry.kernels.size(), 1u);
  const KernelSpec& kernel = entry.kernels[0];
  const Problem problem = parse_problem(entry.op, {});
  EXPECT_EQ(problem.dims, (std::vector<std::int64_t>{10000, 10000, 10000}));
  EXPECT_EQ(problem.scalars, std::vector<double>{2});
  const DeviceInfo device = emulated_device(90);
  const SearchSpace space =
      SearchSpace::enumerate(kernel, slots_of(entry.op, kernel.names, problem, device));
  EXPECT_EQ(space.size(), 10u);  // of 12: 96 * 4 and 128 * 4 are too many
  EXPECT_EQ(text_of(space.knobs(), space[space.default_index()]), "BLOCK=64 WORK=1");
  const Plan plan = lower(catalog, kernel, problem, device, std::vector<std::int64_t>{96, 2}).plan;
  EXPECT_EQ(plan.launches[0].grid[0], 53);  // 10000 / 192, rounded up by the file
  EXPECT_EQ(plan.launches[0].block[0], 96);
  EXPECT_EQ(plan.launches[0].args.size(), 5u);
}

TEST(T1, TrialsOfOtherSizesAreOfAnotherKernel) {
  const std::string text = read_text_file(vector_add);
  std::string longer = text;
  longer.replace(longer.find("10000},"), 5, "20000");
  EXPECT_NE(t1_specs(longer, "x.json").at("vector_add.toml"),
            t1_specs(text, "x.json").at("vector_add.toml"));
}

std::string with_sizes(const std::string& first) {
  std::string text = read_text_file(vector_add);
  text.replace(text.find("10000},"), 5, first);
  return t1_specs(text, "x.json").at("op.toml");
}

TEST(T1, SizesReadParametersAndProblemSize) {
  const auto size = [](const std::string& text) { return "default = \"" + text + "\"\n"; };
  // The largest of BLOCK's values is 128, that of WORK's is 4.
  EXPECT_THAT(with_sizes("\"10000 // WORK + max(BLOCK) - min(BLOCK)\""), HasSubstr(size("10096")));
  EXPECT_THAT(with_sizes("\"BLOCK * WORK\""), HasSubstr(size("512")));
  EXPECT_THAT(with_sizes("\"sum(WORK) * len(BLOCK)\""), HasSubstr(size("28")));
  std::string text = read_text_file(vector_add);
  text.replace(text.find("10000},"), 5, "\"ProblemSize[0] * ProblemSize[-1]\"");
  text.replace(text.find("\"GlobalSizeType\""), 0, "\"ProblemSize\": [30, 2, 7], ");
  EXPECT_THAT(t1_specs(text, "x.json").at("op.toml"), HasSubstr(size("210")));
}

// The types of a and b decide what a call must be aligned to.
std::string needs_of(const std::string& a, const std::string& b = "\"float\"") {
  std::string text = read_text_file(vector_add);
  for (const auto& [name, type] : {std::pair("a", a), std::pair("b", b)}) {
    const std::string of_name = std::string("\"Name\": \"") + name + "\", \"Type\": ";
    text.replace(text.find(of_name + "\"float\""), of_name.size() + 7, of_name + type);
  }
  const std::string kernel = t1_specs(text, "x.json").at("vector_add.toml");
  const auto at = kernel.find("needs = ");
  return kernel.substr(at, kernel.find('\n', at) - at);
}

TEST(T1, VectorTypesAndStructsAreAligned) {
  EXPECT_EQ(needs_of("\"float\""), "needs = \"true\"");
  EXPECT_EQ(needs_of("\"float4\""), "needs = \"align >= 16\"");
  EXPECT_EQ(needs_of("\"float2\""), "needs = \"align >= 8\"");
  EXPECT_EQ(needs_of("\"float3\""), "needs = \"true\"");
  EXPECT_EQ(needs_of("\"float2\"", "\"double\""), "needs = \"true\"");  // always aligned to 8
  EXPECT_EQ(needs_of("\"double2\"", "\"uchar4\""), "needs = \"align >= 16\"");
  EXPECT_EQ(needs_of("\"custom\", \"TypeSize\": 24"), "needs = \"align >= 8\"");
  // Nothing points to an array in constant memory.
  EXPECT_EQ(needs_of("\"float4\", \"MemType\": \"Constant\""), "needs = \"true\"");
}

TEST(T1, ADefaultThatIsNoValueIsSaid) {
  const std::string path = ::testing::TempDir() + "/t1_default.json";
  std::string text = read_text_file(vector_add);
  text.replace(text.find("\"Default\": 64"), 13, "\"Default\": 63");
  const T1File file(text, path, [](const auto&, const auto&) { return std::nullopt; });
  EXPECT_THAT(file.notices(),
              ElementsAre(HasSubstr("the Default of BLOCK, 63, is none of its Values: the default "
                                    "is 32")));
}

TEST(T1, TextsAreTomlWhateverTheyHold) {
  std::string text = read_text_file(vector_add);
  text.replace(text.find("vector_add.cu"), 6, "\x7f\\n\\u0001");
  const std::string kernel = t1_specs(text, "x.json").at("vector_add.toml");
  EXPECT_NE(kernel.find("\"\\u007F\\n\\u0001_add.cu\""), std::string::npos) << kernel;
}

TEST(T1, OpenClsGlobalSizeIsThreads) {
  std::string text = read_text_file(vector_add);
  const auto replace = [&](const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
  };
  replace(R"("GlobalSizeType": "CUDA")", R"("GlobalSizeType": "OpenCL")");
  replace("(10000 + BLOCK * WORK - 1) / (BLOCK * WORK)", "10000 / WORK");
  const std::string kernel = t1_specs(text, "x.json").at("vector_add.toml");
  EXPECT_NE(kernel.find("ceil_div(10000 / WORK, BLOCK)"), std::string::npos) << kernel;
}

TEST(T1, WhatAKernelCannotSayIsAnErrorThatNamesThePlace) {
  struct Fault {
    const char *from, *to, *said;
  };
  const Fault faults[] = {
      {R"("Language": "CUDA")", R"("Language": "OpenCL")", "KernelSpecification.Language"},
      {R"("KernelName": "vector_add",)", "", "KernelName"},
      {R"("Type": "float")", R"("Type": "quad")", "Arguments[0].Type"},
      {R"("Vector", "AccessType": "WriteOnly")", R"("Image", "AccessType": "WriteOnly")",
       "Arguments[2].MemoryType"},
      {R"("Name": "b")", R"("Name": "a")", "Arguments[1].Name"},
      {R"("ReadOnly")", R"("Constant")", "Arguments[0].AccessType"},
      {R"("Size": 10000)", R"("Size": "N")", "Arguments[0].Size"},
      {R"("Size": 10000)", R"("Size": 1e30)",
       "Arguments[0].Size = 1e+30: is no whole number of 64 bits"},
      {R"("FillValue": 2)", R"("FillValue": "two")", "Arguments[3].FillValue"},
      {R"("-I.")", R"("-I")", "CompilerOptions[0]"},
      {R"({"X": "BLOCK"})", R"({"Y": "BLOCK"})", "LocalSize"},
      {R"("GlobalSizeType": "CUDA")", R"("GlobalSizeType": "Vulkan")", "GlobalSizeType"},
      {R"("[1, 2, 4]")", R"("['a', 'b']")", "TuningParameters[1].Values"},
  };
  for (const Fault& fault : faults) {
    std::string text = read_text_file(vector_add);
    const auto at = text.find(fault.from);
    ASSERT_NE(at, std::string::npos) << fault.from;
    text.replace(at, std::string(fault.from).size(), fault.to);
    try {
      t1_specs(text, "x.json");
      ADD_FAILURE() << fault.to;
    } catch (const Error& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with("x.json:")) << error.what();
      EXPECT_NE(std::string(error.what()).find(fault.said), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace tw
