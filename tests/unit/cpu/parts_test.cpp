// The parts of the cpu device that need no kernel: values, guarded memory, judging, the cache, and
// the generated text.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <vector>

#include "core/base/error.h"
#include "devices/cpu/compile/host_compiler.h"
#include "devices/cpu/compile/module.h"
#include "devices/cpu/emulation/copy_queue.h"
#include "devices/cpu/emulation/guarded.h"
#include "devices/cpu/emulation/sanitizer.h"
#include "devices/cpu/values.h"
#include "devices/cpu/verify.h"
#include "unit/support/built.h"

namespace tw::cpu {
namespace {

namespace fs = std::filesystem;

double round_trip(DType dtype, double value) {
  std::byte bytes[8];
  write_element(dtype, bytes, 0, value);
  return read_element(dtype, bytes, 0);
}

TEST(CpuValues, RoundToTheNearestHalf) {
  EXPECT_EQ(round_trip(DType::f16, 1.0), 1.0);
  EXPECT_EQ(round_trip(DType::f16, -2.5), -2.5);
  EXPECT_EQ(round_trip(DType::f16, 1 + std::ldexp(1, -11)), 1.0);  // a tie, to even
  EXPECT_EQ(round_trip(DType::f16, 1 + std::ldexp(3, -11)), 1 + std::ldexp(1, -9));
  EXPECT_EQ(round_trip(DType::f16, 2047.6), 2048.0);  // carries into the exponent
  EXPECT_EQ(round_trip(DType::f16, 65504.0), 65504.0);
  EXPECT_EQ(round_trip(DType::f16, 65520.0), HUGE_VAL);
  EXPECT_EQ(round_trip(DType::f16, std::ldexp(1, -24)), std::ldexp(1, -24));  // subnormal
  EXPECT_EQ(round_trip(DType::f16, std::ldexp(1, -26)), 0.0);
  EXPECT_TRUE(std::isnan(round_trip(DType::f16, std::nan(""))));
}

TEST(CpuValues, RoundToTheNearestBfloat) {
  EXPECT_EQ(round_trip(DType::bf16, -1.5), -1.5);
  EXPECT_EQ(round_trip(DType::bf16, 1 + std::ldexp(1, -8)), 1.0);  // a tie, to even
  EXPECT_EQ(round_trip(DType::bf16, 1 + std::ldexp(3, -8)), 1 + std::ldexp(1, -6));
  EXPECT_EQ(round_trip(DType::bf16, -HUGE_VAL), -HUGE_VAL);
  EXPECT_TRUE(std::isnan(round_trip(DType::bf16, std::nan(""))));
}

TEST(CpuValues, RandomFillsAreSignedSeededAndLeavePaddingAlone) {
  const TensorLayout layout{{20, 30}, {40, 1}, 19 * 40 + 30};
  std::vector<float> a(static_cast<std::size_t>(layout.elements), 9), b = a, c = a;
  const auto fill = [&](std::vector<float>& to, std::uint64_t tensor) {
    PlanTensor filled;
    filled.layout = layout;
    fill_inputs(filled, reinterpret_cast<std::byte*>(to.data()),
                verify::stream_of(1, tensor, false), false);
  };
  fill(a, 0);
  fill(b, 0);
  fill(c, 1);
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (i % 40 >= 30) {
      EXPECT_EQ(a[i], 9);
      continue;
    }
    EXPECT_GE(a[i], -1);
    EXPECT_LT(a[i], 1);
    sum += a[i];
  }
  EXPECT_LT(std::fabs(sum / 600), 5 / std::sqrt(3 * 600.0));  // five standard deviations
}

TEST(CpuGuarded, PoisonIsNaNInEveryType) {
  Guarded buffer(4099, 16);
  for (const DType dtype : {DType::f16, DType::bf16, DType::f32, DType::f64}) {
    for (std::int64_t i = 0; i < 4099 / size_of(dtype); ++i) {
      EXPECT_TRUE(std::isnan(read_element(dtype, buffer.data(), i)));
    }
  }
}

TEST(CpuGuarded, IsAlignedAsAskedAndNoFurther) {
  for (const std::size_t alignment : {std::size_t{4}, std::size_t{16}, std::size_t{128}}) {
    const Guarded first(100, alignment, Placement::at_begin), last(100, alignment);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first.data()) % (2 * alignment), alignment);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(last.data()) % alignment, 0u);
  }
}

TEST(CpuGuarded, TellsWhereItsZonesWereWritten) {
  if (has_asan) GTEST_SKIP() << "AddressSanitizer ends the process at such a write";
  Guarded first(100, 16, Placement::at_begin), last(100, 16);
  for (Guarded* const buffer : {&first, &last}) {
    EXPECT_EQ(buffer->damage(), "");
    buffer->data()[100 + 7] = std::byte{1};
    EXPECT_EQ(buffer->damage(), "7 bytes past the end");
    buffer->data()[-12] = std::byte{1};
    EXPECT_EQ(buffer->damage(), "12 bytes before the start");
  }
}

TEST(CpuGuarded, KnowsItsFences) {
  const Guarded first(100, 16, Placement::at_begin, "x"), last(100, 4, Placement::at_end, "y");
  EXPECT_EQ(Guarded::place_of(first.data() - 17), "x, 17 bytes before the start");
  EXPECT_EQ(Guarded::place_of(last.data() + 100), "y, 0 bytes past the end");
  EXPECT_EQ(Guarded::place_of(&first), "");
}

TEST(CpuCopies, LongPipelinesKeepOrderAndForgetWhatHasLanded) {
  std::vector<int> from(1000), to(1000, -1);
  for (int i = 0; i < 1000; ++i) from[static_cast<std::size_t>(i)] = i;
  CopyQueue queue;
  for (std::size_t i = 0; i < 1000; ++i) {
    queue.push(&to[i], &from[i], 4, 4);
    queue.commit();
    queue.wait(3);
    if (i >= 3) {
      EXPECT_EQ(to[i - 3], static_cast<int>(i - 3));
    }
    EXPECT_NE(to[i], static_cast<int>(i));
  }
  queue.wait(0);
  EXPECT_EQ(to, from);
}

class JudgeTest : public testing::Test {
 protected:
  JudgeTest() { plan_.oracle.kind = OraclePlan::Kind::reference; }
  // c is 2 x 3 with a leading dimension of 4.
  Verdict judge_c(double units) {
    plan_.tolerance = units * 0x1p-24;
    return judge(plan_, c_, reinterpret_cast<const std::byte*>(actual_.data()),
                 reinterpret_cast<const std::byte*>(before_.data()), expected_, magnitude_);
  }
  ProblemPlan plan_;
  PlanTensor c_{"c", Role::out, DType::f32, {{2, 3}, {4, 1}, 7}, true};
  std::vector<float> before_ = std::vector<float>(7, -7);
  std::vector<float> actual_{1, 2, 3, -7, 5, 6, 7};
  std::vector<double> expected_{1, 2, 3, 0, 5, 6, 7}, magnitude_ = std::vector<double>(7, 8);
};

TEST_F(JudgeTest, AcceptsWhatIsExact) {
  const Verdict verdict = judge_c(0);
  EXPECT_EQ(verdict.note, "");
  EXPECT_EQ(verdict.found.worst_ulps, 0);
  EXPECT_EQ(verdict.found.used, 0);
}

TEST_F(JudgeTest, MeasuresInUnitsOfTheMagnitude) {
  expected_[5] += std::ldexp(8, -24) * 3;
  EXPECT_DOUBLE_EQ(judge_c(3).found.worst_ulps, 3);
  EXPECT_EQ(judge_c(3).note, "");
  // 6 and its neighbour are 2^-21 apart, which is 1 unit of 8; half of it is the rounding of the
  // result.
  EXPECT_EQ(judge_c(2.6).note, "");
  EXPECT_NEAR(judge_c(2.6).found.used, 2.5 / 2.6, 1e-9);
  EXPECT_EQ(judge_c(2.4).note.substr(0, 22), "c[1,1] = 6, expected 6");
}

TEST_F(JudgeTest, NamesTheWorstElement) {
  actual_[0] = 1.5;
  actual_[6] = 2.25;
  EXPECT_EQ(
      judge_c(16).note,
      "c[1,2] = 2.25, expected 7, off by 4.75 where 7.87e-06 is allowed; 33 % of the elements "
      "wrong");
}

TEST_F(JudgeTest, NaNIsInfinitelyWrongAndZeroMagnitudeAllowsRoundingAlone) {
  actual_[1] = std::nanf("");
  EXPECT_EQ(judge_c(1e6).found.worst_ulps, std::numeric_limits<double>::infinity());
  actual_[1] = 2.0000002f;
  magnitude_[1] = 0;
  EXPECT_EQ(judge_c(1e6).found.wrong, 1);
}

TEST_F(JudgeTest, TellsWhatIsUnwritten) {
  poison(&actual_[5], sizeof(float));
  EXPECT_EQ(judge_c(16).note, "c[1,1] was not written, expected 6; 17 % of the elements wrong");
  expected_[5] = std::nan("");  // a right NaN must be computed, not left unwritten
  EXPECT_EQ(judge_c(16).found.unwritten, 1);
  actual_[5] = std::nanf("");
  EXPECT_EQ(judge_c(16).note, "");
  expected_[5] = verify::unwritten();
  EXPECT_EQ(judge_c(16).note,
            "c[1,1] = nan, which the oracle leaves unwritten; 17 % of the elements wrong");
}

TEST_F(JudgeTest, SeesWritesBetweenRows) {
  actual_[3] = 0;
  EXPECT_EQ(judge_c(16).note, "it writes 1 elements between the rows of c");
}

TEST(CpuModule, ProgramsShareHeadersAndKeepTheirVariantsApart) {
  Program a;
  a.text = "#include \"a.cuh\"\nstruct v0 {};\n";
  a.entries = {"k<v0>"};
  Program b = a;
  b.entries = {"k<v0>", "finish<v0>"};
  const Program both[] = {a, b};
  EXPECT_EQ(
      module_text(both),
      "#line 1 \"variant.cpp\"\n"
      "#include \"a.cuh\"\n"
      "#include \"a.cuh\"\n"
      "namespace tw_program_0 {\n"
      "struct v0 {};\n"
      "using tw_entry_0 = tw_cpu::Entry<&k<v0>>;\n"
      "}\n"
      "namespace tw_program_1 {\n"
      "struct v0 {};\n"
      "using tw_entry_1 = tw_cpu::Entry<&k<v0>>;\n"
      "using tw_entry_2 = tw_cpu::Entry<&finish<v0>>;\n"
      "}\n"
      "TW_CPU_MODULE(nullptr, tw_program_0::tw_entry_0::point, tw_program_1::tw_entry_1::point, "
      "tw_program_1::tw_entry_2::point)\n");
}

TEST(CpuModule, CompilesOnceAndReportsTheFirstError) {
  Program program;
  program.text = "__global__ void once(int* x) { *x = " +
                 std::to_string(std::chrono::steady_clock::now().time_since_epoch().count()) +
                 " % 1000; }\n";
  program.entries = {"once"};
  const Compiled first = compile_module({&program, 1});
  ASSERT_EQ(first.error, "");
  EXPECT_GT(first.compile_ms, 0);
  const Compiled second = compile_module({&program, 1});
  EXPECT_EQ(second.path, first.path);
  EXPECT_EQ(second.compile_ms, 0);
  fs::remove(first.path);

  program.headers["some/header.cuh"] = "__global__ void once(int* x) { *y = 1; }\n";
  program.text = "#include \"some/header.cuh\"\n";
  const Compiled broken = compile_module({&program, 1});
  EXPECT_TRUE(broken.path.empty());
  EXPECT_TRUE(broken.error.starts_with("some/header.cuh:1:33: error: ")) << broken.error;
}

TEST(CpuModule, TheCacheIsBoundedOldestFirst) {
  const fs::path folder = fs::path(testing::TempDir()) / "tilewright-trim-test";
  fs::remove_all(folder);
  fs::create_directories(folder / "headers-x");
  const auto add = [&](const fs::path& name, int hours_ago) {
    std::ofstream(folder / name) << std::string(1000, 'x');
    const auto used = fs::file_time_type::clock::now() - std::chrono::hours(hours_ago);
    fs::last_write_time(folder / name, used);
  };
  add("old.so", 30);
  add("older.so", 40);
  add("recent.so", 2);
  add("killed.1.1.tmp", 2);
  add("compiling.1.1.tmp", 0);
  add("headers-x/a.cuh", 50);
  fs::last_write_time(folder / "headers-x",
                      fs::file_time_type::clock::now() - std::chrono::hours(50));
  trim_cache(folder, 4000);
  EXPECT_FALSE(fs::exists(folder / "headers-x"));
  EXPECT_FALSE(fs::exists(folder / "older.so"));
  EXPECT_TRUE(fs::exists(folder / "old.so"));
  EXPECT_TRUE(fs::exists(folder / "recent.so"));
  EXPECT_FALSE(fs::exists(folder / "killed.1.1.tmp"));
  EXPECT_TRUE(fs::exists(folder / "compiling.1.1.tmp"));
  add("now.so", 0);
  add("ahead.so", -48);  // used before the clock was set back
  trim_cache(folder, 0);
  EXPECT_FALSE(fs::exists(folder / "recent.so"));
  EXPECT_FALSE(fs::exists(folder / "ahead.so"));
  EXPECT_TRUE(fs::exists(folder / "now.so"));  // another process may be about to load it
  fs::remove_all(folder);
}

TEST(CpuModule, CacheThatCannotBeWrittenIsAnError) {
  setenv("XDG_CACHE_HOME", "/dev/null/nowhere", 1);
  try {
    module_folder();
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "cannot write to the cache folder /dev/null/nowhere/tilewright/cpu: set "
                 "XDG_CACHE_HOME to one that can be written");
  }
  setenv("XDG_CACHE_HOME", built("tests/unit/cpu-cache").c_str(), 1);
}

TEST(CpuCompiler, IsTakenFromCXX) {
  const char* before = std::getenv("CXX");
  const std::string kept = before ? before : "";
  setenv("CXX", "/nowhere/g++", 1);
  try {
    find_host_compiler();
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "the cpu device cannot run CXX=/nowhere/g++: install g++ (apt-get install g++) or "
                 "set CXX to a C++20 compiler");
  }
  unsetenv("CXX");
  EXPECT_NE(find_host_compiler().version.find(' '), std::string::npos);
  if (before) setenv("CXX", kept.c_str(), 1);
}

}  // namespace
}  // namespace tw::cpu
