#include "core/plan/plan.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>

#include "core/base/texts.h"
#include "core/catalog/catalog.h"
#include "core/lowering/baseline_job.h"
#include "core/lowering/lowering.h"
#include "core/lowering/variant_text.h"
#include "core/plan/job.h"
#include "unit/core/fixture.h"

namespace tw {
namespace {

using test::changed;

class PlanTest : public ::testing::Test {
 protected:
  Catalog catalog_ = test::toy_catalog();
  DeviceInfo device_ = emulated_device(90);

  const OpSpec& op() const { return catalog_.at("axpy").op; }
  const KernelSpec& kernel() const { return catalog_.at("axpy").kernels[0]; }
  LoweredPlan lowered(const std::string& shape, const std::vector<std::int64_t>& configuration,
                      const std::string& epilogue = "") const {
    const Problem problem = parse_problem(op(), {shape, "f32", "", epilogue});
    return lower(catalog_, kernel(), problem, device_, configuration);
  }
  // Returns why the plan is invalid with `to` instead of `from` in the kernel's file.
  std::string invalid_with(const std::string& from, const std::string& to) {
    Texts spaces = test::toy_spaces();
    spaces["axpy/simple.toml"] = changed(test::toy_kernel, from, to);
    catalog_ = Catalog::load(spaces, test::toy_sources());
    return lowered("3x5", {128, 0, 1}).invalid;
  }
};

TEST_F(PlanTest, StructsArePassedByTheirMembers) {
  const auto with = [&](const std::string& members) {
    return invalid_with("{i64 = \"pitch\"}",
                        "{struct = \"tw::axpy::Shape\", members = [" + members + "]}");
  };
  EXPECT_EQ(with("\"rows\", {i64 = \"columns - 9\"}, \"x\""), "");
  std::vector<PlanArg> members;
  const LoweredPlan lowering = lowered("3x5", {128, 0, 1});
  for (const PlanArg& arg : lowering.plan.launches.at(0).args) {
    if (arg.structure == 1) members.push_back(arg);
  }
  ASSERT_EQ(members.size(), 3u);
  EXPECT_EQ(members[0].kind, ArgSpec::Kind::int32);
  EXPECT_EQ(members[0].value, 3);
  EXPECT_EQ(members[1].kind, ArgSpec::Kind::int64);
  EXPECT_EQ(members[1].value, -4);
  EXPECT_EQ(members[2].kind, ArgSpec::Kind::tensor);
  EXPECT_EQ(with("\"rows << 40\""),
            "argument \"rows << 40\" = 3298534883328 does not fit in an int");
}

// The layouts are those of C++: a member is aligned to its size, a struct to its largest member.
TEST(PlanParameters, StructsAreLaidOutAsInCpp) {
  const auto arg = [](int structure) {
    PlanArg one;
    one.structure = structure;
    return one;
  };
  const auto bytes = [](std::size_t count, int value) {
    return std::vector<std::byte>(count, std::byte(value));
  };
  struct First {
    std::int32_t a;
    std::int64_t b;
    std::int16_t c;
  };
  struct Second {
    std::int16_t a;
    std::int32_t b;
  };
  const auto parameters = parameters_of(
      {arg(0), arg(1), arg(1), arg(1), arg(2), arg(2), arg(0)},
      {bytes(24, 1), bytes(4, 2), bytes(8, 3), bytes(2, 4), bytes(2, 5), bytes(4, 6), bytes(1, 7)});
  ASSERT_EQ(parameters.size(), 4u);
  EXPECT_EQ(parameters[0], bytes(24, 1));
  ASSERT_EQ(parameters[1].size(), sizeof(First));
  EXPECT_EQ(parameters[1][offsetof(First, a)], std::byte{2});
  EXPECT_EQ(parameters[1][offsetof(First, b)], std::byte{3});
  EXPECT_EQ(parameters[1][offsetof(First, c)], std::byte{4});
  ASSERT_EQ(parameters[2].size(), sizeof(Second));
  EXPECT_EQ(parameters[2][offsetof(Second, a)], std::byte{5});
  EXPECT_EQ(parameters[2][offsetof(Second, b)], std::byte{6});
  EXPECT_EQ(parameters[3], bytes(1, 7));
}

// Returns the argument `text` of a kernel whose knobs are macros, or why it cannot be passed.
std::string passed(const std::string& text) {
  Texts spaces = test::toy_spaces();
  spaces["axpy/simple.toml"] = "[kernel]\nsource = \"axpy/simple.cuh\"\nknobs = \"macros\"\n" +
                               std::string("[[launch]]\nentry = \"kernel\"\ngrid = [1]\n") +
                               "block = [1]\nargs = [" + text + "]\n";
  const Catalog catalog = Catalog::load(spaces, test::toy_sources());
  const OpEntry& entry = catalog.ops().front();
  const LoweredPlan made =
      lower(catalog, entry.kernels.front(), parse_problem(entry.op, {"3x5"}), {}, {});
  if (!made.invalid.empty()) return made.invalid;
  std::string hexadecimal;
  for (const std::byte byte : number_bytes(made.plan.launches.at(0).args.at(0))) {
    hexadecimal.insert(0, fmt::format("{:02x}", static_cast<unsigned>(byte)));
  }
  return hexadecimal;
}

TEST(PlanNumbers, HaveTheBitsOfTheirType) {
  EXPECT_EQ(passed("{f64 = 2.5}"), "4004000000000000");
  EXPECT_EQ(passed("{f32 = 2.5}"), "40200000");
  EXPECT_EQ(passed("{f16 = 0.5}"), "3800");
  EXPECT_EQ(passed("{f16 = -65504.0}"), "fbff");
  EXPECT_EQ(passed("{bf16 = 0.5}"), "3f00");
  EXPECT_EQ(passed("{f32 = \"rows\"}"), "40400000");
  EXPECT_EQ(passed("{f64 = 3}"), "4008000000000000");
  EXPECT_EQ(passed("{i8 = \"-rows\"}"), "fd");
  EXPECT_EQ(passed("{u8 = 255}"), "ff");
  EXPECT_EQ(passed("{i16 = \"-1\"}"), "ffff");
  EXPECT_EQ(passed("{u16 = \"columns\"}"), "0005");
  EXPECT_EQ(passed("{u32 = 4294967295}"), "ffffffff");
  EXPECT_EQ(passed("{u64 = 4294967296}"), "0000000100000000");
  EXPECT_EQ(passed("{u8 = \"rows - 4\"}"), "argument \"rows - 4\" = -1 does not fit in u8");
  EXPECT_EQ(passed("{i8 = 128}"), "argument \"128\" = 128 does not fit in i8");
}

TEST_F(PlanTest, TensorMapsSayWhatTheTensorIs) {
  Texts spaces = test::toy_spaces();
  spaces["axpy/simple.toml"] =
      changed(test::toy_kernel, "{i64 = \"pitch\"}",
              "{tensor_map = \"y\", box = [\"threads / 8\", 8], swizzle = 32, tf32 = \"vector\"}");
  catalog_ = Catalog::load(spaces, test::toy_sources());
  const LoweredPlan lowering = lowered("30x50,pitch=60", {64, 1, 0});
  ASSERT_EQ(lowering.invalid, "");
  const PlanArg& arg = lowering.plan.launches[0].args[4];
  EXPECT_EQ(arg.kind, ArgSpec::Kind::tensor_map);
  EXPECT_EQ(arg.index, 1);
  EXPECT_EQ(arg.map.rank, 2);
  EXPECT_EQ(arg.map.extents[0], 50);  // the innermost first
  EXPECT_EQ(arg.map.extents[1], 30);
  EXPECT_EQ(arg.map.strides[1], 240);
  EXPECT_EQ(arg.map.box[0], 8);
  EXPECT_EQ(arg.map.box[1], 8);
  EXPECT_EQ(arg.map.swizzle, 32);
  EXPECT_TRUE(arg.map.tf32);
  EXPECT_EQ(lowered("30x50,pitch=50", {64, 0, 0}).invalid,
            "tensor map of y: the strides of a mapped tensor must be multiples of 16 bytes");
}

TEST_F(PlanTest, ATensorByPointersIsAnArrayToKernels) {
  Texts spaces = test::toy_spaces();
  spaces["axpy/op.toml"] = changed(test::toy_op, "strides = [\"pitch\", \"1\"]",
                                   "strides = [\"pitch\", \"1\"]\n"
                                   "pointers = \"order == 'padded'\"");
  catalog_ = Catalog::load(spaces, test::toy_sources());
  const Plan plan = lowered("3x5,order=padded", {128, 0, 0}).plan;
  EXPECT_FALSE(plan.problem->tensors[0].by_pointers);
  EXPECT_TRUE(plan.problem->tensors[1].by_pointers);
  EXPECT_EQ(slice_offsets(plan.problem->tensors[1]), (std::vector<std::int64_t>{0, 8, 16}));
  EXPECT_EQ(plan.launches[0].args[2].kind, ArgSpec::Kind::tensor);
  EXPECT_EQ(plan.launches[0].args[3].kind, ArgSpec::Kind::pointers);
  EXPECT_EQ(plan.launches[0].args[3].index, 1);
  EXPECT_EQ(plan.problem->oracle.launches.at(0).args[2].kind, ArgSpec::Kind::tensor);
  const Problem problem = parse_problem(op(), {"3x5,order=padded"});
  const Job job = baseline_job(catalog_, problem, device_, op().baselines.at(0));
  for (const auto& [word, arg] : job.baseline_args) {
    const bool is_y = word == "y";
    if (is_y || word == "x") {
      EXPECT_EQ(arg.kind, is_y ? ArgSpec::Kind::pointers : ArgSpec::Kind::tensor);
    }
  }
  EXPECT_FALSE(lowered("3x5", {128, 0, 0}).plan.problem->tensors[1].by_pointers);
  EXPECT_EQ(lowered("3x5", {128, 0, 0}).plan.launches[0].args[3].kind, ArgSpec::Kind::tensor);

  spaces["axpy/simple.toml"] =
      changed(test::toy_kernel, "{i64 = \"pitch\"}", "{tensor_map = \"y\", box = [8, 8]}");
  catalog_ = Catalog::load(spaces, test::toy_sources());
  EXPECT_EQ(lowered("3x5,order=padded", {128, 0, 0}).invalid,
            "no tensor map describes y, which is given by pointers: say so in 'needs'");
}

TEST_F(PlanTest, VariantIsAType) {
  const Problem problem = parse_problem(op(), {"3x5,order=padded"});
  const std::vector<std::int64_t> configuration{64, 1, 1};
  EXPECT_EQ(variant_text(op(), kernel(), problem, configuration, "v7"),
            "struct v7 {\n"
            "  static constexpr tw::axpy::Choices choices{tw::axpy::Order::padded};\n"
            "  static constexpr tw::axpy::simple::Knobs knobs{64, true, "
            "tw::axpy::simple::Walk::backward};\n"
            "};\n");
  const std::string moved = variant_text(op(), kernel(), problem, configuration, "v0", "tw_1f");
  EXPECT_NE(moved.find("tw_1f::axpy::simple::Walk::backward"), std::string::npos);
  EXPECT_NE(moved.find("tw_1f::axpy::Order::padded"), std::string::npos);
  EXPECT_EQ(moved.find("tw::"), std::string::npos);
  EXPECT_EQ(namespace_of(kernel()), "tw::axpy::simple");
}

TEST_F(PlanTest, LowersTheLaunchesThatApply) {
  const LoweredPlan both = lowered("30x50,beta=2,pitch=60", {64, 1, 1}, "clamp(0,6),bias_column");
  ASSERT_EQ(both.invalid, "");
  const Plan& plan = both.plan;
  ASSERT_EQ(plan.launches.size(), 2U);
  EXPECT_EQ(plan.launches[0].grid, (std::array<std::int64_t, 3>{24, 1, 1}));
  EXPECT_EQ(plan.launches[0].block, (std::array<std::int64_t, 3>{64, 1, 1}));
  EXPECT_EQ(plan.launches[0].smem_bytes, 256);
  EXPECT_EQ(plan.workspaces.at(0).bytes, 4 * 24);
  EXPECT_EQ(plan.program.entries,
            (std::vector<std::string>{
                "tw::axpy::simple::kernel<float, v0, tw::epilogue::Chain<tw::epilogue::Clamp, "
                "tw::epilogue::BiasColumn>>",
                "tw::axpy::simple::finish<float, v0, tw::epilogue::Chain<tw::epilogue::Clamp, "
                "tw::epilogue::BiasColumn>>"}));
  EXPECT_EQ(plan.launches[1].entry, 1);
  EXPECT_EQ(plan.problem->epilogue_extents, std::vector<std::int64_t>{50});
  EXPECT_EQ(plan.problem->epilogue_scalars, (std::vector<float>{0, 6}));
  EXPECT_EQ(plan.problem->tolerance, 4 * 0x1p-24);

  const auto& args = plan.launches[0].args;
  ASSERT_EQ(args.size(), 9U);
  EXPECT_EQ(args[0].value, 30);
  EXPECT_EQ(args[1].value, 1500);
  EXPECT_EQ(args[3].kind, ArgSpec::Kind::tensor);
  EXPECT_EQ(args[3].index, 1);
  EXPECT_EQ(args[4].value, 60);
  EXPECT_EQ(args[5].scalar, 1);
  EXPECT_EQ(args[6].scalar, 2);
  EXPECT_EQ(args[8].kind, ArgSpec::Kind::workspace);

  EXPECT_EQ(lowered("30x50", {64, 0, 0}).plan.launches.size(), 1U);
}

TEST_F(PlanTest, ProgramIncludesTheOpsHeaderAndTheVariant) {
  const Plan plan = lowered("3x5", {128, 0, 0}).plan;
  EXPECT_TRUE(plan.program.text.starts_with(
      "#include \"axpy/op.cuh\"\n#include \"axpy/simple.cuh\"\nstruct v0 {"));
  EXPECT_EQ(plan.program.headers.size(), 4U);
  EXPECT_FALSE(plan.program.as_given);
  ASSERT_EQ(plan.problem->oracle.kind, OraclePlan::Kind::reference);
  EXPECT_EQ(plan.problem->oracle.program.text,
            "#include \"axpy/op.cuh\"\n#include \"axpy/reference.cuh\"\nstruct v0 {\n"
            "  static constexpr tw::axpy::Choices choices{tw::axpy::Order::packed};\n};\n");
  EXPECT_EQ(plan.problem->oracle.program.entries.at(0),
            "tw::axpy::reference<float, v0, tw::epilogue::Chain<>>");
  EXPECT_EQ(plan.problem->oracle.launches.at(0).args[7].kind, ArgSpec::Kind::expected);
  EXPECT_EQ(plan.problem->oracle.launches.at(0).args[7].index, 1);
}

TEST_F(PlanTest, AScaledTensorIsReadUnlessItsScalarIsZero) {
  EXPECT_FALSE(lowered("3x5", {128, 0, 0}).plan.problem->tensors[1].is_read);
  EXPECT_TRUE(lowered("3x5,beta=0.5", {128, 0, 0}).plan.problem->tensors[1].is_read);
  EXPECT_TRUE(lowered("3x5", {128, 0, 0}).plan.problem->tensors[0].is_read);
}

TEST_F(PlanTest, WhatCannotBeLaunchedSaysWhy) {
  EXPECT_EQ(lowered("3x5", {2048, 0, 0}).invalid, "block \"threads\" = 2048 is not from 1 to 1024");
  EXPECT_NE(invalid_with("block = [\"threads\"]", "block = [\"threads\", 9]").find("1152 threads"),
            std::string::npos);
  EXPECT_NE(invalid_with("\"threads * 4\"", "\"threads * 4000\"").find("at most 232448"),
            std::string::npos);
  EXPECT_NE(invalid_with("\"threads * 4\"", "\"threads / (rows - 3)\"").find("smem"),
            std::string::npos);
  EXPECT_NE(invalid_with("grid = [\"blocks\"]", "grid = [1, 65536]").find("not from 1 to 65535"),
            std::string::npos);
  EXPECT_NE(invalid_with("grid = [\"blocks\"]", "grid = [\"blocks - 1\"]").find("not from 1"),
            std::string::npos);
  EXPECT_EQ(invalid_with("args = [\"rows\"", "args = [\"rows << 31\""),
            "argument \"rows << 31\" = 6442450944 does not fit in an int");
  EXPECT_NE(invalid_with("4 * blocks", "0 - blocks").find("workspace partials"), std::string::npos);
  EXPECT_NE(invalid_with("grid = [1]", "cluster = [2]\ngrid = [3]").find("cluster of 2"),
            std::string::npos);
  EXPECT_EQ(invalid_with("grid = [1]", "cluster = [2]\ngrid = [4]"), "");
  device_ = emulated_device(80);
  EXPECT_NE(invalid_with("grid = [1]", "cluster = [2]\ngrid = [4]").find("needs cc 90"),
            std::string::npos);
}

// Returns the sources without the members that macros with the knobs' names would replace.
Texts macro_sources() {
  Texts sources = test::toy_sources();
  std::string& source = sources["axpy/simple.cuh"];
  source = changed(source,
                   "  int threads;  // int nor_this;\n  bool vector;\n"
                   "  Walk walk = Walk::forward;\n",
                   "");
  return sources;
}

TEST_F(PlanTest, MacrosDefineEverything) {
  std::string text = changed(test::toy_kernel, "needs = ", "knobs = \"macros\"\nneeds = ");
  text = changed(text, "tw::axpy::simple::kernel", "kernel");
  Texts spaces = test::toy_spaces();
  spaces["axpy/simple.toml"] = changed(text, "tw::axpy::simple::finish", "finish");
  catalog_ = Catalog::load(spaces, macro_sources());
  const Plan plan = lowered("3x5,order=padded", {64, 1, 1}).plan;
  EXPECT_TRUE(plan.program.as_given);
  EXPECT_EQ(plan.program.text, "#include \"axpy/simple.cuh\"\n");
  EXPECT_EQ(plan.program.entries, (std::vector<std::string>{"kernel", "finish"}));
  EXPECT_EQ(plan.program.defines,
            (std::vector<std::string>{"TW_T=float", "rows=3", "columns=5", "pitch=8", "pad=0",
                                      "order=1", "threads=64", "vector=1", "walk=1"}));
}

// An entry of a kernel of others has the name that its source gives it, and is compiled by this
// name.
TEST_F(PlanTest, MacroEntriesAreQualifiedNamesAndInstances) {
  std::string text = changed(test::toy_kernel, "needs = ", "knobs = \"macros\"\nneeds = ");
  text = changed(text, "tw::axpy::simple::finish", "tw::axpy::simple::finish<TW_T, threads>");
  Texts spaces = test::toy_spaces();
  spaces["axpy/simple.toml"] = text;
  catalog_ = Catalog::load(spaces, macro_sources());
  EXPECT_EQ(lowered("3x5", {64, 1, 1}).plan.program.entries,
            (std::vector<std::string>{"tw::axpy::simple::kernel",
                                      "tw::axpy::simple::finish<TW_T, threads>"}));
}

// A value in an entry is no macro if the kernel lists its macros.
TEST_F(PlanTest, MacroEntriesHaveValues) {
  std::string text = changed(
      test::toy_kernel, "needs = ", "knobs = \"macros\"\nmacros = [\"walk\", \"rows\"]\nneeds = ");
  text = changed(text, "values = [128", "values = [-3, 128");
  text = changed(text, "tw::axpy::simple::kernel",
                 "tw::axpy::simple::kernel<A<$threads, ($rows>2)>{$vector},$walk,$order>");
  Texts spaces = test::toy_spaces();
  spaces["axpy/simple.toml"] = text;
  catalog_ = Catalog::load(spaces, macro_sources());
  const Program program = lowered("3x5", {64, 1, 0}).plan.program;
  EXPECT_EQ(program.entries, (std::vector<std::string>{"tw::axpy::simple::kernel<A<64, "
                                                       "(3>2)>{true},forward,packed>"}));
  EXPECT_EQ(program.defines, (std::vector<std::string>{"TW_T=float", "rows=3", "walk=0"}));
  const LoweredPlan negative = lowered("3x5", {-3, 1, 0});
  EXPECT_NE(negative.plan.program.text, "") << negative.invalid;
}

}  // namespace
}  // namespace tw
