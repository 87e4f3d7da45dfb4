// The compile pool with the real NVRTC: the cost of a bad program, and what it does not affect.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <map>
#include <string>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "core/space/space.h"
#include "devices/cuda/protocol/platform.h"
#include "devices/gpu/compile/compile_log.h"
#include "devices/gpu/compile/compile_pool.h"
#include "unit/support/paths.h"

namespace tw::gpu {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr const char* good = R"(
  struct v0 { static constexpr int factor = 3; };
  template <class T, class V> __global__ void scale(T* x) { x[threadIdx.x] *= V::factor; })";

// Each level doubles the number of instances.
constexpr const char* endless = R"(
  template <int L, unsigned long long P> struct E {
    static constexpr unsigned long long v = E<L - 1, 2 * P>::v + E<L - 1, 2 * P + 1>::v;
  };
  template <unsigned long long P> struct E<0, P> { static constexpr unsigned long long v = P; };
  __global__ void kernel(unsigned long long* x) { *x = E<60, 1>::v; })";

// A sum is used while its product is still under way.
constexpr const char* serialised = R"(
  __global__ void kernel(float* x, unsigned long long a, unsigned long long b) {
    float d[4] = {x[0], x[1], x[2], x[3]};
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
    for (int i = 0; i < 2; ++i) {
      asm volatile(
          "{ .reg .pred p; setp.ne.b32 p, 1, 0;\n"
          "wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {%0, %1, %2, %3}, %4, %5, "
          "p, 1, 1, 0, 0; }"
          : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "l"(a), "l"(b));
      d[0] += 1;
    }
    asm volatile("wgmma.commit_group.sync.aligned;\nwgmma.wait_group.sync.aligned 0;" ::: "memory");
    for (int i = 0; i < 4; ++i) x[threadIdx.x * 4 + i] = d[i];
  })";

CompileRequest request(const std::string& text, std::vector<std::string> entries) {
  CompileRequest request;
  request.program.text = text;
  request.program.entries = std::move(entries);
  request.architecture = "sm_80";
  return request;
}

CompileRequest good_request() { return request(good, {"scale<float, v0>", "scale<int, v0>"}); }

std::map<std::uint64_t, Compiled> finish(CompilePool& pool) {
  std::map<std::uint64_t, Compiled> results;
  const auto deadline = CompilePool::Clock::now() + seconds(90);
  while (!pool.idle() && CompilePool::Clock::now() < deadline) {
    for (CompilePool::Result& result : pool.advance()) {
      results[result.ticket] = std::move(result.compiled);
    }
    if (pool.idle()) break;
    std::vector<int> descriptors;
    pool.add_descriptors(descriptors);
    wait_any(descriptors, std::min(deadline, pool.next_deadline()));
  }
  return results;
}

class Pool : public testing::Test {
 protected:
  void SetUp() override {
    try {
      CompilePool(cuda::platform(), 1, seconds(60)).compiler();
    } catch (const Error& error) {
      GTEST_SKIP() << error.what();
    }
  }
};

TEST_F(Pool, CompilesAndNamesEveryEntry) {
  CompilePool pool(cuda::platform(), 2, seconds(60));
  EXPECT_FALSE(pool.compiler().version.empty());
  pool.submit(1, good_request());
  const auto results = finish(pool);
  ASSERT_TRUE(results.at(1).ok) << results.at(1).log;
  EXPECT_THAT(results.at(1).cubin, testing::StartsWith("\x7f"
                                                       "ELF"));
  ASSERT_EQ(results.at(1).names.size(), 2u);
  EXPECT_THAT(results.at(1).names[0], HasSubstr("scaleIf"));
  EXPECT_GT(results.at(1).ms, 0);
}

TEST_F(Pool, ReportsErrorsAndGoesOn) {
  CompilePool pool(cuda::platform(), 1, seconds(60));
  pool.submit(1, request("__global__ void kernel() { nonsense(); }", {"kernel"}));
  pool.submit(2, request("__global__ void kernel() {}", {"missing"}));
  pool.submit(3, good_request());
  const auto results = finish(pool);
  EXPECT_FALSE(results.at(1).ok);
  EXPECT_THAT(results.at(1).log, HasSubstr("\"nonsense\" is undefined"));
  EXPECT_FALSE(results.at(2).ok);
  EXPECT_TRUE(results.at(3).ok) << results.at(3).log;
}

TEST_F(Pool, SerialisedWgmmaIsToldFromGoodCode) {
  CompilePool pool(cuda::platform(), 1, seconds(60));
  CompileRequest hopper = request(serialised, {"kernel"});
  hopper.architecture = "sm_90a";
  pool.submit(1, hopper);
  pool.submit(2, good_request());
  const auto results = finish(pool);
  ASSERT_TRUE(results.at(1).ok) << results.at(1).log;
  EXPECT_THAT(rejection(results.at(1).log), HasSubstr("are serialized"));
  EXPECT_THAT(ptxas_warning(results.at(1).log), HasSubstr("(C7"));
  EXPECT_EQ(rejection(results.at(2).log), "");
}

TEST(CompileLog, GivesANoteAndNotItsMegabytes) {
  EXPECT_EQ(failure_line("x.cu(3): warning: w\nx.cu(4): error: e\n1 error"), "x.cu(4): error: e");
  EXPECT_EQ(failure_line("nothing known"), "nothing known");
  EXPECT_EQ(failure_line("error: " + std::string(1 << 20, 'x')).size(), 1004U);
}

TEST_F(Pool, HeadersAndMacrosReachTheCompiler) {
  CompilePool pool(cuda::platform(), 1, seconds(60));
  CompileRequest wanted = request(
      "#include \"part/a.cuh\"\nextern \"C\" __global__ void kernel(T* x)"
      " { *x = value + block_m; }",
      {"kernel"});
  wanted.program.headers = {{"part/a.cuh", "#include \"part/b.cuh\"\n"},
                            {"part/b.cuh", "constexpr int value = 1;\n"}};
  wanted.program.defines = {"T=float", "block_m=64"};
  wanted.program.as_given = true;
  pool.submit(1, wanted);
  const auto results = finish(pool);
  ASSERT_TRUE(results.at(1).ok) << results.at(1).log;
  EXPECT_EQ(results.at(1).names, std::vector<std::string>{"kernel"});
}

// Kernels as nvcc's users write them: without extern "C", in namespaces, instances of templates,
// also through a macro.
TEST_F(Pool, KernelsOfOthersAreFoundByTheirNames) {
  CompilePool pool(cuda::platform(), 1, seconds(60));
  CompileRequest wanted = request(
      "__global__ void plain(float* x) { *x = 1; }\n"
      "static __global__ void hidden(float* x) { *x = 1; }\n"
      "extern \"C\" __global__ void c(float* x) { *x = 1; }\n"
      "namespace shop::ops {\n"
      "template <typename T, int F> __global__ void scale(T* x) { *x *= F; }\n"
      "}",
      {"plain", "hidden", "c", "shop::ops::scale<float, 2>", "shop::ops::scale<float, BLOCK>"});
  wanted.program.defines = {"BLOCK=64"};
  wanted.program.as_given = true;
  pool.submit(1, wanted);
  const auto results = finish(pool);
  ASSERT_TRUE(results.at(1).ok) << results.at(1).log;
  const std::vector<std::string>& names = results.at(1).names;
  ASSERT_EQ(names.size(), 5u);
  EXPECT_THAT(names[0], HasSubstr("plain"));
  EXPECT_THAT(names[1], HasSubstr("hidden"));
  EXPECT_EQ(names[2], "c");
  EXPECT_THAT(names[3], HasSubstr("scaleIfLi2E"));
  EXPECT_THAT(names[4], HasSubstr("scaleIfLi64E"));
}

TEST_F(Pool, OptionsOfAKernelReachTheCompiler) {
  CompilePool pool(cuda::platform(), 1, seconds(60));
  CompileRequest plain = request(
      "extern \"C\" __global__ void kernel(float* x) { *x = sinf(*x) / 3.1f; }", {"kernel"});
  CompileRequest fast = plain, modern = plain, old = plain;
  fast.options = {"-use_fast_math"};
  modern.program.text = "template <class T> concept Any = true;\n" + plain.program.text;
  modern.options = {"-std=c++20"};
  old.program.text = modern.program.text;
  pool.submit(1, plain);
  pool.submit(2, fast);
  pool.submit(3, modern);
  pool.submit(4, old);
  const auto results = finish(pool);
  EXPECT_TRUE(results.at(2).ok) << results.at(2).log;
  EXPECT_LT(results.at(2).cubin.size(), results.at(1).cubin.size());
  EXPECT_TRUE(results.at(3).ok) << results.at(3).log;
  EXPECT_EQ(results.at(3).log, "");
  EXPECT_FALSE(results.at(4).ok);
}

TEST_F(Pool, ANameThatIsNoOneKernelsIsSaid) {
  CompilePool pool(cuda::platform(), 1, seconds(60));
  const std::string source =
      "__global__ void scale(float* x) {}\n__global__ void scale(double* x) {}\n"
      "template <class T> __global__ void fill(T* x) {}\n__device__ void help(float* x) {}\n";
  const std::vector<std::pair<std::string, std::string>> faults{
      {"scale",
       "the kernel scale: cannot determine which instance of overloaded function \"scale\" "
       "is intended: give the kernel that is meant a name of its own"},
      {"fill", "the kernel fill: cannot determine which instance of function template"},
      {"scales", "the kernel scales: identifier \"scales\" is undefined"},
      {"help", "the kernel help: Name expression cannot form address of a non-__global__"}};
  for (std::size_t i = 0; i < faults.size(); ++i) {
    CompileRequest wanted = request(source, {faults[i].first});
    wanted.program.as_given = true;
    pool.submit(i, wanted);
  }
  const auto results = finish(pool);
  for (std::size_t i = 0; i < faults.size(); ++i) {
    EXPECT_FALSE(results.at(i).ok);
    EXPECT_THAT(failure_line(results.at(i).log), testing::StartsWith(faults[i].second));
  }
}

TEST_F(Pool, EndlessCompileCostsItselfAlone) {
  CompilePool pool(cuda::platform(), 1, milliseconds(3000));
  pool.compiler();
  pool.submit(1, request(endless, {"kernel"}));
  pool.submit(2, good_request());
  const auto results = finish(pool);
  EXPECT_FALSE(results.at(1).ok);
  EXPECT_EQ(results.at(1).log, "compile took longer than 3 s");
  EXPECT_TRUE(results.at(2).ok) << results.at(2).log;
}

TEST_F(Pool, KilledCompilerCostsItsProgramAlone) {
  CompilePool pool(cuda::platform(), 1, seconds(60));
  pool.compiler();
  pool.submit(1, request(endless, {"kernel"}));
  pool.submit(2, good_request());
  ASSERT_TRUE(pool.advance().empty());
  ASSERT_EQ(pool.busy_pids().size(), 1u);
  ::kill(pool.busy_pids().front(), SIGKILL);
  const auto results = finish(pool);
  EXPECT_FALSE(results.at(1).ok);
  EXPECT_THAT(results.at(1).log, HasSubstr("killed by signal 9"));
  EXPECT_TRUE(results.at(2).ok) << results.at(2).log;
}

// The kernels of the GPU's fault tests, as far as they can be tested without a GPU.
TEST_F(Pool, FaultyKernelsCompileThatShould) {
  const Catalog catalog = Catalog::load_file(test_data("faults/op.toml"), builtin_sources());
  const OpEntry& entry = catalog.ops().front();
  const KernelSpec& kernel = entry.kernels.front();
  const Problem problem = parse_problem(entry.op, {.shape = "rows=61,cols=67,ld=80"});
  CompilePool pool(cuda::platform(), 2, seconds(60));
  const std::vector<std::string>& behaviours = kernel.knobs.front().words;
  for (std::size_t i = 0; i < behaviours.size(); ++i) {
    if (behaviours[i] == "endless_compile") continue;
    const Configuration configuration{static_cast<std::int64_t>(i)};
    const LoweredPlan lowered = lower(catalog, kernel, problem, emulated_device(90), configuration);
    EXPECT_EQ(lowered.invalid, "") << behaviours[i];
    pool.submit(i, {lowered.plan.program, "sm_90a", {}});
    if (i == 0)
      pool.submit(behaviours.size(), {lowered.plan.problem->oracle.program, "sm_90a", {}});
  }
  for (const auto& [ticket, compiled] : finish(pool)) {
    const std::string name = ticket < behaviours.size() ? behaviours[ticket] : "reference";
    EXPECT_EQ(compiled.ok, name != "no_compile") << name << ": " << compiled.log;
  }
}

TEST_F(Pool, CancelForgetsAndGoesOn) {
  CompilePool pool(cuda::platform(), 1, seconds(60));
  pool.compiler();
  pool.submit(1, request(endless, {"kernel"}));
  pool.submit(2, good_request());
  pool.advance();
  pool.cancel();
  EXPECT_TRUE(pool.idle());
  pool.submit(3, good_request());
  const auto results = finish(pool);
  EXPECT_EQ(results.size(), 1u);
  EXPECT_TRUE(results.at(3).ok) << results.at(3).log;
}

}  // namespace
}  // namespace tw::gpu
