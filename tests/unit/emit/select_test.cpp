// Which branch an emitted header takes. Tests the cases of its documentation one by one. For random
// problems and devices, tests that the header admits and launches exactly what the tuner would.
#include <gtest/gtest.h>

#include <random>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "core/space/space.h"
#include "selected.h"
#include "unit/emit/fixture.h"

int branch_chosen_in_17(const selected::Query& query, const selected::Device& device);

namespace tw {
namespace {

using Match = selected_dispatch::Match;

enum class Order { plain, flipped };
// The fields of a type of arguments, without CUDA.
struct Arguments {
  std::int64_t rows = 64, columns = 4096, pitch = -1;
  Order order = Order::plain;
  float factor = 1, weight = 0;
  const void* x = reinterpret_cast<const void*>(0x1000);
  const void* other = nullptr;
  const void* out = reinterpret_cast<const void*>(0x2000);
};

enum Form { plain_f32, chain_f32, plain_f64 };

class EmitSelect : public testing::Test {
 protected:
  DeviceInfo info_ = emit_fixture::device();

  selected::Query query_of(const Arguments& arguments, int form) const {
    selected::Query query;
    query.form = form;
    query.problem.sizeof_t = form == plain_f64 ? 8 : 4;
    const char* wrong =
        selected::Selector::read(arguments, emit_fixture::emitted<selected::Device>(info_), query);
    EXPECT_EQ(wrong, nullptr) << wrong;
    return query;
  }
  selected_dispatch::Choice choose(const Arguments& arguments, int form = plain_f32) const {
    const selected::Query query = query_of(arguments, form);
    const auto choice = selected_dispatch::choose_branch<selected::Selector>(
        query, emit_fixture::emitted<selected::Device>(info_));
    const auto recent = selected_dispatch::recent_choice<selected::Selector>(
        query, emit_fixture::emitted<selected::Device>(info_));
    EXPECT_EQ(recent.branch, choice.branch);
    EXPECT_EQ(recent.row, choice.row);
    EXPECT_EQ(recent.match, choice.match);
    EXPECT_EQ(branch_chosen_in_17(query, emit_fixture::emitted<selected::Device>(info_)),
              choice.branch);
    return choice;
  }
  static std::string tuned_problem(const selected_dispatch::Choice& choice) {
    return choice.row < 0 ? "" : selected::rows[static_cast<std::size_t>(choice.row)].text;
  }
  static std::string configuration(const selected_dispatch::Choice& choice) {
    return choice.branch < 0 ? "" : selected::branches[choice.branch].configuration;
  }
  std::string refusal(const Arguments& arguments) const {
    selected::Query query;
    query.problem.sizeof_t = 4;
    const char* wrong =
        selected::Selector::read(arguments, emit_fixture::emitted<selected::Device>(info_), query);
    return wrong == nullptr ? "" : wrong;
  }
};

TEST_F(EmitSelect, TakesTheTunedProblem) {
  const auto choice = choose({});
  EXPECT_EQ(choice.match, Match::exact);
  EXPECT_EQ(tuned_problem(choice), "blend f32 rows=64,columns=4096");
  EXPECT_EQ(configuration(choice), "threads=128 vector=4 path=straight streaming=true");
}

TEST_F(EmitSelect, ChoicesAndFormsHaveTheirOwn) {
  Arguments flipped;
  flipped.order = Order::flipped;
  EXPECT_EQ(tuned_problem(choose(flipped)), "blend f32 rows=64,columns=4096,order=flipped");
  EXPECT_EQ(tuned_problem(choose({}, chain_f32)),
            "blend f32 rows=64,columns=4096 epilogue=bias_column,clamp,scale,clamp");
  Arguments weighted;
  weighted.weight = 1;
  weighted.other = weighted.x;
  EXPECT_EQ(choose(weighted, plain_f64).match, Match::exact);
  EXPECT_EQ(choose({}, plain_f64).match, Match::nearest);  // another weight
  // No problem of this order was tuned in f64.
  EXPECT_EQ(choose(flipped, plain_f64).match, Match::fallback);
}

TEST_F(EmitSelect, LessAlignedPointersTakeWhatWasTunedForThem) {
  Arguments arguments;
  arguments.out = reinterpret_cast<const void*>(0x2004);
  const auto choice = choose(arguments);
  EXPECT_EQ(choice.match, Match::exact);
  EXPECT_EQ(tuned_problem(choice), "blend f32 rows=64,columns=4096 align=4");
  // No problem was tuned with an alignment of 8 bytes, and vector=4 needs 16.
  arguments.out = reinterpret_cast<const void*>(0x2008);
  EXPECT_EQ(choose(arguments).match, Match::nearest);
  EXPECT_EQ(tuned_problem(choose(arguments)), "blend f32 rows=64,columns=4096 align=4");
}

TEST_F(EmitSelect, AnotherProblemTakesTheNearest) {
  Arguments arguments;
  arguments.rows = 100;
  arguments.columns = 2048;
  EXPECT_EQ(choose(arguments).match, Match::nearest);
  EXPECT_EQ(tuned_problem(choose(arguments)), "blend f32 rows=64,columns=4096");
  arguments.rows = 2000;
  EXPECT_EQ(tuned_problem(choose(arguments)), "blend f32 rows=4096,columns=4096");
}

TEST_F(EmitSelect, WhatDoesNotServeIsPassedOver) {
  Arguments arguments;
  arguments.columns = 4095;  // vectors of 4 do not fit: neither the nearest nor the default
  const auto choice = choose(arguments);
  EXPECT_EQ(choice.match, Match::nearest);
  EXPECT_EQ(tuned_problem(choice), "blend f32 rows=64,columns=4096 align=4");
  // In the form of the chain, only a vector of 2 was tuned.
  const auto chained = choose(arguments, chain_f32);
  EXPECT_EQ(chained.match, Match::fallback);
  EXPECT_EQ(configuration(chained), "threads=128 vector=1 path=straight streaming=false");
}

TEST_F(EmitSelect, AnotherNumberOfSmsIsNear) {
  info_.sms = 114;
  EXPECT_EQ(choose({}).match, Match::nearest);
  EXPECT_EQ(tuned_problem(choose({})), "blend f32 rows=64,columns=4096");
}

// 200 columns with 256 threads are not worth a search, but the configuration is right.
TEST_F(EmitSelect, WhatASearchWouldNotVisitServesAllTheSame) {
  info_ = emulated_device(80);
  Arguments arguments;
  arguments.columns = arguments.pitch = 200;
  EXPECT_EQ(configuration(choose(arguments)), "threads=256 vector=4 path=straight streaming=false");
}

TEST_F(EmitSelect, AnotherComputeCapabilityGetsTheDefault) {
  info_ = emulated_device(80);
  const auto choice = choose({});
  EXPECT_EQ(choice.match, Match::fallback);
  EXPECT_EQ(configuration(choice), "threads=256 vector=4 path=straight streaming=false");
}

// Expressions see the target for which the code was compiled. passes.toml launches `pairs` as
// clusters from cc 90 on, and its code asks for clusters from sm_90 on.
TEST_F(EmitSelect, CodeOfAnEarlierArchitectureIsLaunchedAsThere) {
  auto device = emit_fixture::emitted<selected::Device>(info_);
  const auto cluster = [&] {
    return selected::kernel_passes::plan_of({256, 64}, {4096, 4096, 4096, 0, 0, 0, 4, 16}, device)
        .pass[1]
        .cluster[0];
  };
  EXPECT_EQ(cluster(), 2u);
  device.cc = 80;
  EXPECT_EQ(cluster(), 1u);
  // The configuration that was tuned on this GPU is still the best guess.
  Arguments arguments;
  arguments.rows = arguments.columns = 4096;
  const auto choice =
      selected_dispatch::choose_branch<selected::Selector>(query_of(arguments, plain_f32), device);
  EXPECT_EQ(choice.match, Match::exact);
  EXPECT_EQ(tuned_problem(choice), "blend f32 rows=4096,columns=4096");
}

TEST_F(EmitSelect, NothingServesADeviceWithoutThreads) {
  info_ = emulated_device(80);
  info_.max_threads = 64;
  EXPECT_EQ(choose({}).match, Match::none);
  EXPECT_EQ(choose({}).branch, -1);
}

TEST_F(EmitSelect, SaysWhatTheKernelsNeedIfNothingServes) {
  EXPECT_STREQ(selected::Selector::nothing_serves(),
               "no configuration serves these arguments on this device; passes needs device.cc >= "
               "80 && order == 'plain' && columns >= 256");
}

TEST_F(EmitSelect, TensorsBeyondWhatIsTunedAreRefused) {
  Arguments arguments;
  arguments.rows = 1024;
  arguments.columns = 4;
  arguments.pitch = std::int64_t{1} << 30;
  EXPECT_EQ(refusal(arguments), "");
  arguments.rows = 1025;  // the last row ends at element 2^40 + 4
  EXPECT_EQ(refusal(arguments), "x would have more than 2^40 elements");
  arguments.rows = arguments.columns = arguments.pitch = 65535;
  EXPECT_EQ(refusal(arguments), "");
  arguments.columns = arguments.pitch = 2147483647;
  EXPECT_EQ(refusal(arguments), "x would have more than 2^40 elements");
}

TEST(EmitPlan, JudgesTensors) {
  using selected_dispatch::Axis;
  using selected_dispatch::is_tensor;
  const auto holds = [](Axis first, Axis second) { return is_tensor({first, second}, 100); };
  EXPECT_TRUE(holds({10, 10}, {10, 1}));
  EXPECT_FALSE(holds({10, 10}, {11, 1}));
  EXPECT_TRUE(holds({1000000, 0}, {100, 1}));  // a broadcast
  EXPECT_FALSE(holds({0, 10}, {10, 1}));
  EXPECT_FALSE(holds({-1, 10}, {10, 1}));
  EXPECT_FALSE(holds({10, -10}, {10, 1}));
  EXPECT_FALSE(holds({INT64_MAX, INT64_MAX}, {10, 1}));
  EXPECT_FALSE(holds({{}, 10}, {10, 1}));
  EXPECT_FALSE(holds({10, {}}, {10, 1}));
}

TEST(EmitPlan, RefusesLaunchesBeyondTheLimits) {
  const auto device = emit_fixture::emitted<selected::Device>(emulated_device(90));
  const auto launches = [&](std::int64_t rows, std::int64_t columns, std::int64_t threads) {
    return selected::kernel_direct::plan_of({threads, 1, 0, 0},
                                            {rows, columns, columns, 0, 0, 0, 4, 16}, device)
        .launches();
  };
  EXPECT_TRUE(launches(65535, 4096, 128));
  EXPECT_FALSE(launches(65536, 4096, 128));  // blocks along y
  EXPECT_TRUE(launches(1, 2147483647, 128));
  EXPECT_FALSE(launches(1, 2147483648, 128));             // columns must fit in an int
  EXPECT_FALSE(launches(1, std::int64_t{1} << 40, 128));  // blocks along x
  EXPECT_FALSE(launches(1, 4096, 2048));                  // threads
  EXPECT_FALSE(launches(0, 4096, 128));
  EXPECT_FALSE(launches(1, -1, 128));
}

TEST(EmitPlan, RefusesWorkspacesThatAreMissingSmallOrUnaligned) {
  const auto device = emit_fixture::emitted<selected::Device>(emulated_device(90));
  auto* const memory = reinterpret_cast<char*>(0x10000);
  const auto plan =
      selected::kernel_passes::plan_of({128, 8}, {3, 300, 300, 0, 0, 0, 4, 16}, device);
  const std::size_t bytes = plan.workspace_bytes();
  ASSERT_GT(bytes, 3600u);
  EXPECT_TRUE(plan.takes(memory, bytes));
  EXPECT_TRUE(plan.takes(memory, SIZE_MAX));
  EXPECT_FALSE(plan.takes(memory, bytes - 1));
  EXPECT_FALSE(plan.takes(memory, 0));
  EXPECT_FALSE(plan.takes(nullptr, bytes));
  EXPECT_FALSE(plan.takes(memory + 128, bytes));
  const auto none =
      selected::kernel_direct::plan_of({128, 1, 0, 0}, {3, 300, 300, 0, 0, 0, 4, 16}, device);
  EXPECT_TRUE(none.takes(nullptr, 0));
}

TEST_F(EmitSelect, WrongArgumentsAreNamed) {
  const auto with = [&](auto change) {
    Arguments arguments;
    change(arguments);
    return refusal(arguments);
  };
  EXPECT_EQ(with([](Arguments&) {}), "");
  EXPECT_EQ(with([](Arguments& a) { a.rows = 0; }), "rows must be between 1 and 65535");
  EXPECT_EQ(with([](Arguments& a) { a.rows = 65536; }), "rows must be between 1 and 65535");
  EXPECT_EQ(with([](Arguments& a) { a.rows = INT64_MIN; }), "rows must be between 1 and 65535");
  EXPECT_EQ(with([](Arguments& a) { a.columns = std::int64_t{1} << 31; }),
            "columns must be between 1 and 2147483647");
  EXPECT_EQ(with([](Arguments& a) { a.pitch = -2; }), "pitch must be between 1 and 2147483647");
  EXPECT_EQ(with([](Arguments& a) { a.out = nullptr; }), "out is null");
  EXPECT_EQ(with([](Arguments& a) { a.order = static_cast<Order>(-1); }),
            "order is none of its values");
  EXPECT_EQ(with([](Arguments& a) { a.columns = -3; }), "columns must be between 1 and 2147483647");
  EXPECT_EQ(with([](Arguments& a) { a.pitch = 4095; }), "pitch is at least the columns");
  EXPECT_EQ(with([](Arguments& a) { a.order = static_cast<Order>(2); }),
            "order is none of its values");
  EXPECT_EQ(with([](Arguments& a) { a.x = nullptr; }), "x is null");
  EXPECT_EQ(with([](Arguments& a) { a.weight = 2; }), "other is null");
  EXPECT_EQ(with([](Arguments& a) { a.out = reinterpret_cast<const void*>(0x2002); }),
            "a tensor is not aligned to its elements");
}

// Compares the emitted code's answers about a branch with the specification and the tuner's own
// lowering.
class EmitAgrees : public EmitSelect {
 protected:
  const Catalog catalog_ = emit_fixture::catalog();
  const OpEntry& entry_ = catalog_.at("blend");

  bool tuner_admits(const Problem& problem, const KernelSpec& kernel,
                    const Configuration& configuration) const {
    std::vector<std::int64_t> slots = slots_of(entry_.op, kernel.names, problem, info_);
    std::copy(configuration.begin(), configuration.end(), slots.begin() + kernel.first_knob);
    bool holds = kernel.needs.expr.holds(slots);
    for (const Constraint& constraint : kernel.require) {
      holds = holds && constraint.expr.holds(slots);
    }
    return holds && lower(catalog_, kernel, problem, info_, configuration).invalid.empty();
  }
};

TEST_F(EmitAgrees, AboutWhatServes) {
  std::mt19937 random(1);
  const auto draw = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  int admitted = 0, refused = 0;
  for (int round = 0; round < 400; ++round) {
    info_ = emulated_device(std::array{80, 89, 90, 120}[static_cast<std::size_t>(draw(0, 3))]);
    if (draw(0, 3) == 0) info_.max_threads = 128;
    Problem problem = problem_from_key(entry_.op, "blend f32 rows=1,columns=1");
    const int columns = draw(1, 40) * (draw(0, 1) ? 16 : 1);
    problem.dims = {draw(1, 8), columns, columns + draw(0, 1) * draw(0, 9)};
    problem.choices = {draw(0, 1)};
    problem.align = 4 << draw(0, 2);
    selected::Query query;
    query.problem = {problem.dims[0], problem.dims[1], problem.dims[2], problem.choices[0], 0, 0, 4,
                     problem.align};
    for (std::size_t i = 0; i < std::size(selected::branches); ++i) {
      const auto& branch = selected::branches[i];
      for (const KernelSpec& kernel : entry_.kernels) {
        if (kernel.name != branch.kernel) continue;
        const bool tuner =
            tuner_admits(problem, kernel, configuration_from(kernel.knobs, branch.configuration));
        ASSERT_EQ(selected::Selector::serves(static_cast<int>(i), query.problem,
                                             emit_fixture::emitted<selected::Device>(info_)),
                  tuner)
            << problem.key(entry_.op) << " " << branch.configuration;
        ++(tuner ? admitted : refused);
      }
    }
  }
  EXPECT_GT(admitted, 500);
  EXPECT_GT(refused, 500);
}

TEST_F(EmitAgrees, AboutLaunchesAndWorkspaces) {
  const Problem problem = problem_from_key(entry_.op, "blend f32 rows=3,columns=300,pitch=304");
  const selected::Problem emitted{3, 300, 304, 0, 0, 0, 4, 16};
  const KernelSpec& kernel = entry_.kernels.at(1);
  ASSERT_EQ(kernel.name, "passes");
  const auto plan = selected::kernel_passes::plan_of(
      {256, 64}, emitted, emit_fixture::emitted<selected::Device>(info_));
  const LoweredPlan lowered = lower(catalog_, kernel, problem, info_, Configuration{256, 64});
  ASSERT_EQ(lowered.invalid, "");
  ASSERT_TRUE(plan.launches());
  ASSERT_EQ(lowered.plan.launches.size(), std::size(plan.pass));
  for (std::size_t i = 0; i < lowered.plan.launches.size(); ++i) {
    const PlanLaunch& launch = lowered.plan.launches[i];
    for (std::size_t axis = 0; axis < 3; ++axis) {
      EXPECT_EQ(plan.pass[i].grid[axis], launch.grid[axis]);
      EXPECT_EQ(plan.pass[i].block[axis], launch.block[axis]);
      EXPECT_EQ(plan.pass[i].cluster[axis], launch.cluster[axis]);
    }
    EXPECT_EQ(plan.pass[i].smem_bytes, launch.smem_bytes);
    std::vector<std::int64_t> integers;
    for (const PlanArg& arg : launch.args) {
      const bool is_integer = arg.kind == ArgSpec::Kind::int32 || arg.kind == ArgSpec::Kind::int64;
      if (is_integer) integers.push_back(arg.value);
    }
    for (std::size_t at = 0; at < integers.size(); ++at) {
      EXPECT_EQ(plan.pass[i].value[at], integers[at]);
    }
  }
  std::int64_t end = 0;
  for (std::size_t i = 0; i < lowered.plan.workspaces.size(); ++i) {
    EXPECT_EQ(plan.bytes[i], lowered.plan.workspaces[i].bytes);
    EXPECT_EQ(plan.offset[i] % 256, 0);
    EXPECT_GE(plan.offset[i], end);
    end = plan.offset[i] + plan.bytes[i];
  }
  EXPECT_GE(plan.workspace_bytes(), static_cast<std::size_t>(end));
}

}  // namespace
}  // namespace tw
