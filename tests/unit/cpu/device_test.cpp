// The cpu device from the outside: it gets jobs and returns measurements, whatever the kernels do.
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>

#include "devices/cpu/cpu.h"
#include "devices/cpu/emulation/sanitizer.h"
#include "unit/support/own_problem.h"

namespace tw {
namespace {

using cpu::has_asan;

// Returns a job that computes y = 2 * x over 100 elements, in rows of 10 that are 12 apart.
// `misdeed` is what the kernel does in addition or instead.
Job doubling(const std::string& misdeed, std::uint64_t id = 1) {
  Job job;
  job.id = id;
  job.kernel = "doubling";
  job.limits.timeout_ms = 20000;
  Plan& plan = job.plan;
  plan.program.text =
      "__global__ void doubling(const float* x, float* y, int n) {\n"
      "  const int i = blockIdx.x * blockDim.x + threadIdx.x, at = i / 10 * 12 + i % 10;\n"
      "  float value = i < n ? 2 * x[at] : 0;\n" +
      misdeed + "\n  if (i < n) y[at] = value;\n}\n";
  plan.program.entries = {"doubling"};
  ProblemPlan& problem = test::own_problem(plan);
  problem.oracle.kind = OraclePlan::Kind::reference;
  problem.oracle.program.text =
      "__global__ void reference(const float* x, int n, double* y, double* magnitude) {\n"
      "  const int i = threadIdx.x, at = i / 10 * 12 + i % 10;\n"
      "  y[at] = 2.0 * x[at];\n"
      "  magnitude[at] = fabs(y[at]);\n"
      "}\n";
  problem.oracle.program.entries = {"reference"};
  problem.tolerance = 2 * 0x1p-24;
  const TensorLayout layout{{10, 10}, {12, 1}, 118};
  problem.tensors = {{"x", Role::in, DType::f32, layout, true},
                     {"y", Role::out, DType::f32, layout, true}};
  using Kind = ArgSpec::Kind;
  plan.launches.resize(1);
  plan.launches[0].grid = {4, 1, 1};
  plan.launches[0].block = {32, 1, 1};
  plan.launches[0].args = {
      {Kind::tensor, 0, 0, 0}, {Kind::tensor, 1, 0, 0}, {Kind::int32, 0, 100, 0}};
  problem.oracle.launches.resize(1);
  problem.oracle.launches[0].block = {100, 1, 1};
  problem.oracle.launches[0].args = {{Kind::tensor, 0, 0, 0},
                                     {Kind::int32, 0, 100, 0},
                                     {Kind::expected, 1, 0, 0},
                                     {Kind::magnitude, 1, 0, 0}};
  return job;
}

class CpuDeviceTest : public testing::Test {
 protected:
  // Waits for `count` answers and returns them by job.
  std::map<std::uint64_t, Measurement> answers(std::size_t count) {
    std::map<std::uint64_t, Measurement> result;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (result.size() < count && std::chrono::steady_clock::now() < deadline) {
      for (Finished& finished : device_->wait(deadline)) {
        result[finished.id] = std::move(finished.measurement);
      }
    }
    return result;
  }
  Measurement answer(Job job) {
    const std::uint64_t id = job.id;
    device_->submit(std::move(job));
    return answers(1)[id];
  }
  void expect(const std::string& misdeed, Outcome outcome, const std::string& note) {
    const Measurement measurement = answer(doubling(misdeed));
    EXPECT_EQ(measurement.outcome, outcome) << measurement.note;
    EXPECT_NE(measurement.note.find(note), std::string::npos) << measurement.note;
    EXPECT_TRUE(measurement.samples_ns.empty());
  }

  std::unique_ptr<Device> device_ = open_cpu();
};

TEST_F(CpuDeviceTest, SaysWhatItIs) {
  const DeviceInfo& info = device_->info();
  EXPECT_EQ(info.kind, DeviceKind::cpu);
  EXPECT_EQ(info.model, "cpu emulating sm_90");
  EXPECT_EQ(info.cc, 90);
  EXPECT_EQ(info.smem_optin, emulated_device(90).smem_optin);
  EXPECT_EQ(info.f32_flops, 0);
  EXPECT_EQ(device_->notices().size(), 1u);
  EXPECT_TRUE(device_->notices().empty());
  EXPECT_EQ(open_cpu(80)->info().model, "cpu emulating sm_80");
}

TEST_F(CpuDeviceTest, VerifiesAndTimes) {
  const Measurement measurement = answer(doubling(""));
  EXPECT_EQ(measurement.outcome, Outcome::ok) << measurement.note;
  EXPECT_EQ(measurement.samples_ns.size(), 5u);
  EXPECT_GT(measurement.median_ns(), 0);
  EXPECT_EQ(measurement.error_ulps, 0);
  EXPECT_EQ(measurement.timer, "cpu");
}

TEST_F(CpuDeviceTest, PurposeSaysWhatIsDone) {
  Job verify = doubling("");
  verify.purpose = Purpose::verify;
  const Measurement verified = answer(verify);
  EXPECT_EQ(verified.error_ulps, 0);
  EXPECT_TRUE(verified.samples_ns.empty());
  Job round = doubling("");
  round.purpose = Purpose::race_round;
  const Measurement timed = answer(round);
  EXPECT_EQ(timed.error_ulps, 0);
  EXPECT_FALSE(timed.samples_ns.empty());
}

// As on a GPU: a result that is right once may be wrong the next time.
TEST_F(CpuDeviceTest, ARoundOfARaceIsVerified) {
  Job round = doubling("if (i == 57) value += 1;");
  round.purpose = Purpose::race_round;
  const Measurement measurement = answer(round);
  EXPECT_EQ(measurement.outcome, Outcome::wrong_result);
  EXPECT_TRUE(measurement.samples_ns.empty());
}

TEST_F(CpuDeviceTest, AJobThatCannotBeatTheIncumbentStopsEarly) {
  Job job = doubling("");
  job.incumbent_ns = 1;
  const Measurement measurement = answer(job);
  EXPECT_EQ(measurement.outcome, Outcome::ok);
  EXPECT_EQ(measurement.samples_ns.size(), 1u);
  EXPECT_EQ(measurement.metrics.at("stopped_early"), 1);
}

TEST_F(CpuDeviceTest, WrongResult) {
  expect("if (i == 57) value += 1;", Outcome::wrong_result, "y[5,7] = ");
  expect("if (i == 57) return;", Outcome::wrong_result, "y[5,7] was not written, expected ");
}

TEST_F(CpuDeviceTest, ResultThatDependsOnTheOrderOfThreads) {
  expect("__shared__ int first; if (threadIdx.x == 0) first = i; value += first != i / 32 * 32;",
         Outcome::wrong_result, "y[");
}

TEST_F(CpuDeviceTest, CompileFailed) {
  expect("value = undeclared;", Outcome::compile_failed, "variant.cpp:5:9: error: ");
  const Measurement coloured =
      answer(doubling("\n#line 5 \"a\\033[31m.cuh\"\nvalue = undeclared;"));
  EXPECT_TRUE(coloured.note.starts_with("a [31m.cuh:5:9: error: ")) << coloured.note;
  const Measurement endless = answer(doubling("value = undeclared" + std::string(5000, 'd') + ";"));
  EXPECT_EQ(endless.note.size(), 1004u);
  EXPECT_TRUE(endless.note.ends_with("ddd ...")) << endless.note;
}

TEST_F(CpuDeviceTest, LaunchFailed) {
  Job job = doubling("");
  job.plan.launches[0].args.pop_back();
  Measurement measurement = answer(job);
  EXPECT_EQ(measurement.outcome, Outcome::launch_failed);
  EXPECT_EQ(measurement.note, "the kernel takes 3 parameters, it is passed 2");
  job = doubling("");
  job.plan.launches[0].args[2].kind = ArgSpec::Kind::int64;
  measurement = answer(job);
  EXPECT_EQ(measurement.outcome, Outcome::launch_failed);
  EXPECT_EQ(measurement.note, "parameter 3 of the kernel has 4 bytes, it is passed 8");
}

// As on cuda: kernels in namespaces, without extern "C", instances of templates, also through a
// macro.
TEST_F(CpuDeviceTest, KernelsOfOthersAreFoundByTheirNames) {
  const auto named = [](const std::string& entry) {
    Job job = doubling("");
    Program& program = job.plan.program;
    program.text = "namespace shop {\n" + program.text +
                   "template <class T, int F> __global__ void scale(const T* x, T* y, int n) {\n"
                   "  const int i = blockIdx.x * blockDim.x + threadIdx.x;\n"
                   "  if (i < n) y[i / 10 * 12 + i % 10] = F * x[i / 10 * 12 + i % 10];\n}\n"
                   "__global__ void twice(const float*, float*, int) {}\n"
                   "__global__ void twice(const double*, double*, int) {}\n}\n";
    program.defines = {"FACTOR=2"};
    program.as_given = true;
    program.entries = {entry};
    return job;
  };
  for (const char* entry :
       {"shop::doubling", "shop::scale<float, 2>", "shop::scale<float, FACTOR>"}) {
    const Measurement measurement = answer(named(entry));
    EXPECT_EQ(measurement.outcome, Outcome::ok) << entry << ": " << measurement.note;
  }
  for (const char* entry : {"shop::twice", "shop::scale"}) {
    const Measurement measurement = answer(named(entry));
    EXPECT_EQ(measurement.outcome, Outcome::compile_failed) << entry;
    EXPECT_TRUE(measurement.note.starts_with(
        "the kernel " + std::string(entry) +
        ": it is overloaded, a template, or a function of CUDA: give the kernel that is meant a "
        "name of its own"))
        << measurement.note;
  }
  const Measurement missing = answer(named("doubling"));
  EXPECT_EQ(missing.outcome, Outcome::compile_failed);
  EXPECT_TRUE(missing.note.starts_with("the kernel doubling:1:")) << missing.note;
}

// One rounding of x * x - 1 is more precise by 2^-24 than two roundings.
TEST_F(CpuDeviceTest, OptionsMeanWhatTheyDoOnCuda) {
  if (has_asan) GTEST_SKIP() << "code that is instrumented is not fused";
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("fma")) GTEST_SKIP() << "this processor fuses nothing";
#endif
  Job job = doubling(
      "const float odd = 1.000244140625f; if (odd * (odd + x[0] * 0) - 1.00048828125f != 0) value "
      "+= 1;");
  EXPECT_EQ(answer(job).outcome, Outcome::wrong_result) << "one rounding leaves the rest";
  job.plan.program.options = {"-fmad=false"};
  EXPECT_EQ(answer(job).outcome, Outcome::ok);
}

TEST_F(CpuDeviceTest, WritesWhereItMustNot) {
  expect("if (i == 10) y[10] = 1;", Outcome::faulted, "it writes 1 elements between the rows of y");
  expect("if (i == 10) const_cast<float*>(x)[3] = 1;", Outcome::faulted, "");
  const std::string past =
      has_asan ? "AddressSanitizer: use-after-poison" : "wrote outside of y, 4 bytes past the end";
  expect("if (i == 10) y[119] = 1;", Outcome::faulted, past);
}

TEST_F(CpuDeviceTest, ACrashCostsItsJobAlone) {
  expect("if (i == 10) *reinterpret_cast<volatile int*>(16) = 1;", Outcome::faulted,
         has_asan ? "AddressSanitizer: SEGV variant.cpp:5" : "killed by signal 11");
  EXPECT_EQ(answer(doubling("")).outcome, Outcome::ok);
}

TEST_F(CpuDeviceTest, AFrameLargerThanTheStackIsAFault) {
  if (has_asan) GTEST_SKIP() << "stacks are larger then";
  const Measurement measurement =
      answer(doubling("volatile float large[20000]; large[0] = 0; value += large[0];"));
  EXPECT_EQ(measurement.outcome, Outcome::faulted) << measurement.note;
  EXPECT_EQ(answer(doubling("")).outcome, Outcome::ok);
}

TEST_F(CpuDeviceTest, WhatAKernelWritesToItsWorkersDescriptorsIsItsFault) {
  const std::string write = "extern \"C\" long write(int, const void*, unsigned long);\n";
  const auto writes = [&](const std::string& bytes) {
    Job job = doubling("if (i == 0) write(4, \"" + bytes + "\", sizeof \"" + bytes + "\" - 1);");
    job.plan.program.text.insert(0, write);
    return answer(job);
  };
  // A frame that is too large; no message; an invalid result.
  for (const char* bytes : {"garbage", "\\1\\0\\0\\0x", "\\2\\0\\0\\0Fx"}) {
    const Measurement measurement = writes(bytes);
    EXPECT_EQ(measurement.outcome, Outcome::faulted) << bytes;
    EXPECT_EQ(measurement.note, "wrote to a descriptor of the process that ran it");
    EXPECT_EQ(answer(doubling("")).outcome, Outcome::ok);
  }
}

// Otherwise both copies of the worker would answer and take the next jobs.
TEST_F(CpuDeviceTest, AForkOfAKernelAnswersNothing) {
  Job forks = doubling("if (i == 0) fork();");
  forks.plan.program.text.insert(0, "extern \"C\" int fork();\n");
  EXPECT_EQ(answer(forks).outcome, Outcome::ok);
  for (std::uint64_t id = 2; id <= 7; ++id) {
    const Measurement measurement = answer(doubling(id % 2 ? "if (i == 57) value += 1;" : "", id));
    EXPECT_EQ(measurement.outcome, id % 2 ? Outcome::wrong_result : Outcome::ok);
  }
}

TEST_F(CpuDeviceTest, AHangCostsItsJobAlone) {
  Job job = doubling("volatile bool forever = true; while (forever) {}");
  job.limits.timeout_ms = 300;
  const Measurement measurement = answer(job);
  EXPECT_EQ(measurement.outcome, Outcome::timed_out);
  EXPECT_EQ(measurement.note, "no result after 0.3 s");
  EXPECT_EQ(answer(doubling("")).outcome, Outcome::ok);
}

TEST_F(CpuDeviceTest, FaultsWhileItIsLoadedCostAKernelItsJobAlone) {
  const auto loading = [&](const std::string& code) {
    Job job = doubling("if (i == 0 && n < 0) value += missing();");
    job.plan.program.text.insert(0, code);
    job.limits.timeout_ms = 300;
    return answer(job);
  };
  const Measurement unlinked = loading("float missing();\n");
  EXPECT_EQ(unlinked.outcome, Outcome::compile_failed);
  EXPECT_EQ(unlinked.note,
            "the source declares tw_program_0::missing() and does not define it: define it");
  const Measurement crashes =
      loading("float missing() { __builtin_trap(); }\nstatic float early = missing();\n");
  EXPECT_EQ(crashes.outcome, Outcome::faulted) << crashes.note;
  const Measurement hangs = loading(
      "static volatile bool forever = true;\n"
      "float missing() { while (forever) {} return 0; }\nstatic float early = missing();\n");
  EXPECT_EQ(hangs.outcome, Outcome::timed_out) << hangs.note;
  EXPECT_EQ(hangs.note, "no result after 0.3 s");
  EXPECT_EQ(answer(doubling("")).outcome, Outcome::ok);
}

TEST_F(CpuDeviceTest, TheOraclesTimeIsNotTheKernels) {
  Job job = doubling("");
  std::string& text = test::own_problem(job.plan).oracle.program.text;
  text.insert(text.find("y[at]"),
              "double waste = 0; for (int j = 0; j < (i == 0 ? 40000000 : 0); "
              "++j) waste += fabs(sin(waste + j));\n"
              "  if (waste < 0) return;\n  ");
  job.limits.timeout_ms = 500;
  EXPECT_EQ(answer(job).outcome, Outcome::ok);
}

TEST_F(CpuDeviceTest, EveryJobOfManyIsAnsweredOnce) {
  for (std::uint64_t id = 1; id <= 12; ++id) {
    device_->submit(doubling(id % 3 == 0 ? "if (i == 57) value += 1;" : "", id));
  }
  const auto result = answers(12);
  ASSERT_EQ(result.size(), 12u);
  for (const auto& [id, measurement] : result) {
    EXPECT_EQ(measurement.outcome, id % 3 == 0 ? Outcome::wrong_result : Outcome::ok);
  }
}

TEST_F(CpuDeviceTest, CancelDropsEverything) {
  for (std::uint64_t id = 1; id <= 6; ++id) {
    device_->submit(doubling("volatile bool forever = true; while (forever) {}", id));
  }
  device_->cancel();
  EXPECT_TRUE(device_->wait(std::chrono::steady_clock::now()).empty());
  EXPECT_EQ(answer(doubling("", 7)).outcome, Outcome::ok);
}

TEST_F(CpuDeviceTest, WithoutAReferenceTheThreadOrdersMustAgree) {
  Job job = doubling("");
  test::own_problem(job.plan).oracle = {};
  const Measurement measurement = answer(job);
  EXPECT_EQ(measurement.outcome, Outcome::ok) << measurement.note;
  EXPECT_EQ(measurement.error_ulps, -1);
  job = doubling(
      "__shared__ int first; if (threadIdx.x == 0) first = i; value += first != i / 32 * 32;");
  test::own_problem(job.plan).oracle = {};
  EXPECT_EQ(answer(job).outcome, Outcome::wrong_result);
}

TEST_F(CpuDeviceTest, StructsArePassedByValue) {
  Job job = doubling("if (shape.one != 1 || shape.minus != -7) return;");
  std::string& text = job.plan.program.text;
  text.replace(text.find("int n)"), 6, "Shape shape)");
  text.insert(text.find("float value"), "const int n = shape.n;\n  ");
  text.insert(0, "struct Shape { int one, n, minus; };\n");
  std::vector<PlanArg>& args = job.plan.launches[0].args;
  args.resize(2);
  for (const int value : {1, 100, -7}) {
    PlanArg member;
    member.kind = ArgSpec::Kind::int32;
    member.value = value;
    member.structure = 1;
    args.push_back(member);
  }
  const Measurement measurement = answer(job);
  EXPECT_EQ(measurement.outcome, Outcome::ok) << measurement.note;
  args.pop_back();
  EXPECT_EQ(answer(job).outcome, Outcome::launch_failed);
}

TEST_F(CpuDeviceTest, HasNoBaselines) {
  Job job = doubling("");
  job.purpose = Purpose::baseline;
  EXPECT_EQ(answer(job).note, "the cpu device has no baselines");
}

}  // namespace
}  // namespace tw
