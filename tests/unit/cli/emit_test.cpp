// The check before emit, on the cpu device. tests/data/check has a kernel that is right where it is
// tuned, and wrong elsewhere in the range that it would serve.
#include <SQLiteCpp/SQLiteCpp.h>

#include <nlohmann/json.hpp>

#include "unit/cli/fixture.h"
#include "unit/support/paths.h"

namespace tw {
namespace {

class CliEmit : public Cli {
 protected:
  CliEmit() { fs::copy(test_data("check"), folder_, fs::copy_options::recursive); }

  void tuned(const std::string& kernel) {
    const Ran ran =
        tune("--spec op.toml --shape n=256 --device cpu --trust-code --quiet --kernel " + kernel);
    ASSERT_EQ(ran.code, 0) << ran.err;
  }
  Ran emitted(const std::string& options) {
    return tune("emit --spec op.toml --source cpu --out tuned " + options);
  }
  std::string header() const { return text_of_file(folder_ / "tuned/twice.cuh"); }
};

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(CliEmit, AWinnerThatDropsItsLastTileIsFoundAndLeftOut) {
  tuned("tail");
  const Ran ran = emitted("--check cpu --trust-code");
  EXPECT_EQ(ran.code, 1) << ran.err;
  EXPECT_TRUE(holds(ran.err, "tune: left out the winner of twice f32 n=256: tail threads="))
      << ran.err;
  EXPECT_TRUE(holds(ran.err, "(wrong_result: y[")) << ran.err;
  EXPECT_TRUE(
      holds(ran.err, "tune: left out the default of Args: tail threads=128, which fails on"))
      << ran.err;
  EXPECT_FALSE(holds(ran.out, "tail")) << ran.out;
  EXPECT_FALSE(holds(header(), "twice f32 n=256"));
  EXPECT_TRUE(holds(header(), "serves Args that were not tuned; checked on cpu emulating sm_90"));
}

TEST_F(CliEmit, WhatTheCheckFindsWrongIsARow) {
  tuned("tail");
  EXPECT_EQ(emitted("--check cpu --trust-code").code, 1);
  const Ran rows = tune("query trials --outcome wrong_result --json");
  EXPECT_TRUE(holds(rows.out, "\"problem\": \"twice f32 n=")) << rows.out;
  EXPECT_TRUE(holds(rows.out, "\"kernel\": \"tail\"")) << rows.out;
  EXPECT_TRUE(holds(rows.out, "\"note\": \"y[")) << rows.out;
  EXPECT_TRUE(holds(tune("query --source cpu").out, "twice f32 n=256")) << "it is right there";
}

// A winner whose own problem is found wrong does not win any more.
TEST_F(CliEmit, AWinnerThatFailsItsCheckLosesItsPlace) {
  tuned("tail");
  SQLite::Database(folder_ / "tilewright.db", SQLite::OPEN_READWRITE)
      .exec("UPDATE context SET problem = 'twice f32 n=300'");
  const auto winner = [&] {
    const auto document = nlohmann::json::parse(tune("query --source cpu --json").out);
    const auto& winners = document.at("winners");
    return winners.empty() ? "" : winners.at(0).at("configuration").get<std::string>();
  };
  const std::string before = winner();
  const Ran ran = emitted("--check cpu --trust-code");
  EXPECT_TRUE(holds(ran.err, "tune: left out the winner of twice f32 n=300: tail " + before))
      << ran.err;
  EXPECT_NE(winner(), before) << "the next of its race wins, until it is checked";
  for (int finalists = 0; finalists < 4 && !winner().empty(); ++finalists) {
    emitted("--check cpu --trust-code");
  }
  EXPECT_EQ(winner(), "");
}

TEST_F(CliEmit, ACheckMakesNoDatabase) {
  const Ran ran = emitted("--check cpu --trust-code --defaults");
  EXPECT_TRUE(holds(ran.err, "tune: left out the default of")) << ran.err;
  EXPECT_FALSE(fs::exists(folder_ / "tilewright.db"));
}

TEST_F(CliEmit, AGoodWinnerPassesAndTheHeaderSaysSo) {
  tuned("whole");
  const Ran ran = emitted("--trust-code --check-shapes 5");  // --check auto
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.err, "");
  EXPECT_TRUE(holds(ran.out, "checked on cpu emulating sm_90: ")) << ran.out;
  EXPECT_TRUE(holds(header(), "checked on cpu emulating sm_90, 5 shapes"));
}

// Both kernels of the op are wrong: the reasons why they were left out are printed first.
TEST_F(CliEmit, WhenAllIsLeftOutTheReasonsArePrinted) {
  tuned("tail");
  fs::remove(folder_ / "whole.toml");
  const Ran ran = emitted("--check cpu --trust-code");
  EXPECT_EQ(ran.code, 1) << ran.err;
  EXPECT_TRUE(holds(ran.err, "tune: left out the winner of twice f32 n=256: tail threads="))
      << ran.err;
  EXPECT_TRUE(holds(ran.err, "tune: left out the default of Args: tail threads=")) << ran.err;
  EXPECT_TRUE(holds(ran.err, "(wrong_result: y[")) << ran.err;
  EXPECT_TRUE(holds(ran.err,
                    "tune: nothing was written: a header could hold none of the kernels of op "
                    "twice: kernel tail failed the check: mend it, or"))
      << ran.err;
  EXPECT_FALSE(fs::exists(folder_ / "tuned"));
}

// The two problems share configurations, so one of these can serve both.
TEST_F(CliEmit, FewerConfigurationsThanWinnersServeAllProblems) {
  for (const char* shape : {"n=256", "n=512"}) {
    const Ran ran = tune(std::string("--spec op.toml --device cpu --trust-code --quiet --kernel "
                                     "whole --strategy exhaustive --budget 100 --shape ") +
                         shape);
    ASSERT_EQ(ran.code, 0) << ran.err;
  }
  const Ran one = emitted("--check off --kernels 1");
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_TRUE(holds(one.err,
                    "tune: 1 configuration for 2 problems; measured slowdown against the "
                    "fastest of each: mean "))
      << one.err;
  EXPECT_TRUE(holds(header(), "// 1 configuration for 2 problems; measured slowdown")) << header();
  EXPECT_EQ(emitted("--check off --max-regret 0%").code, 0);
  EXPECT_EQ(emitted("--check off --max-regret 1000").code, 0);
  EXPECT_TRUE(holds(header(), "// 1 configuration for 2 problems"));
  const std::string own = "emit --spec op.toml --source cpu --check off --out other ";
  expect_fault(own + "--kernels 0", {"--kernels 0"});
  expect_fault(own + "--max-regret five", {"--max-regret 'five'", "such as 5%"});
  expect_fault(own + "--max-regret -1%", {"--max-regret '-1%'"});
  expect_fault(own + "--kernels 1 --max-regret 5%", {"--kernels and --max-regret", "one of them"});
  expect_fault(own + "--kernels 1 --format json", {"--format json lists every winner"});
  expect_fault("emit --spec op.toml --source cpu --out other --check cpu --format json",
               {"--check cpu", "only --format header is checked"});
  EXPECT_FALSE(fs::exists(folder_ / "other"));
}

// Without NVRTC nobody knows the size of code, and the message says what to do.
TEST_F(CliEmit, TheCodeOfAChoiceFitsOrTheSmallestSizeIsNamed) {
  tuned("whole");
  const std::string own = "emit --spec op.toml --source cpu --check off --out other ";
  expect_fault(own + "--max-bytes 1XB", {"--max-bytes '1XB'", "such as 1MB"});
  expect_fault(own + "--max-bytes 1MB --format json", {"--format json lists every winner"});
  expect_fault(own + "--max-bytes 1MB --defaults --db none.db",
               {"--max-bytes chooses among winners", "tune first"});
  const Ran small = tune(own + "--max-bytes 100");
  EXPECT_EQ(small.code, 2);
  EXPECT_FALSE(fs::exists(folder_ / "other"));
  if (holds(small.err, "--max-bytes needs NVRTC")) {
    EXPECT_TRUE(holds(small.err, "or limit their number with --kernels")) << small.err;
    return;
  }
  EXPECT_TRUE(holds(small.err, "--max-bytes 100: the smallest choice takes ")) << small.err;
  const auto at = small.err.rfind("ask for ");
  ASSERT_NE(at, std::string::npos) << small.err;
  const std::string least = small.err.substr(at + 8, small.err.find('\n', at) - at - 8);
  const Ran fits = emitted("--check off --max-bytes " + least);
  EXPECT_EQ(fits.code, 0) << fits.err;
  EXPECT_TRUE(holds(header(), "// 1 configuration for 1 problem, " + least + " bytes of code"))
      << header();
}

TEST_F(CliEmit, ASplitHeaderHasAFileForEachKernel) {
  tuned("whole");
  const Ran names = emitted("--check off --split --dry-run");
  EXPECT_EQ(names.code, 0) << names.err;
  EXPECT_EQ(names.out, "twice.cu\ntwice.cuh\ntwice.h\ntwice.whole.cu\n");
  EXPECT_FALSE(fs::exists(folder_ / "tuned"));
  const Ran ran = emitted("--check off --split");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(fs::exists(folder_ / "tuned/twice.whole.cu"));
  EXPECT_TRUE(holds(ran.out, "compile twice.cu and each twice.*.cu with nvcc")) << ran.out;
  // The files of kernels of an earlier header would not link with those of this one.
  fs::copy(folder_ / "tuned/twice.cu", folder_ / "tuned/twice.copy.cu");
  EXPECT_EQ(emitted("--check off").code, 0);
  EXPECT_FALSE(fs::exists(folder_ / "tuned/twice.whole.cu"));
  EXPECT_TRUE(fs::exists(folder_ / "tuned/twice.copy.cu")) << "is the user's";
  expect_fault("emit --spec op.toml --source cpu --out tuned --split --format json",
               {"--split", "--format header"});
}

// A configuration that only an earlier version of the kernel has is no candidate.
TEST_F(CliEmit, ConfigurationsOfEarlierVersionsAreNotChosen) {
  for (const char* shape : {"n=256", "n=512"}) {
    const Ran ran = tune(std::string("--spec op.toml --device cpu --trust-code --quiet --kernel "
                                     "whole --strategy exhaustive --budget 100 --race 0 --shape ") +
                         shape);
    ASSERT_EQ(ran.code, 0) << ran.err;
  }
  SQLite::Database(folder_ / "tilewright.db", SQLite::OPEN_READWRITE)
      .exec(
          "INSERT INTO trial SELECT NULL, run_id, context_id, created, kind, 'threads=9999', "
          "outcome, note, median_ns * 1.0001, samples_ns, compile_ms, registers, spill_bytes, "
          "smem_bytes, blocks_per_sm, error_ulps, timer, metrics, energy_mj, "
          "mean_power_w FROM trial");
  const Ran one = emitted("--check off --kernels 1");
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_FALSE(holds(header(), "threads=9999"));
}

TEST_F(CliEmit, ConstantsThatWereTunedAreTheDefaults) {
  const auto emitted_after = [&](const std::string& shape, const std::string& chain) {
    const Ran tuned = tune("--op activation --shape " + shape + " --epilogue " + chain +
                           " --device cpu --budget 2 --quiet");
    EXPECT_EQ(tuned.code, 0) << tuned.err;
    const Ran ran = tune("emit --op activation --source cpu --check off --out tuned");
    EXPECT_EQ(ran.code, 0) << ran.err;
    return text_of_file(folder_ / "tuned/activation.h");
  };
  const std::string one = emitted_after("4x64", "\"div(2),clamp(-1,1)\"");
  EXPECT_TRUE(holds(one, "float div_divisor = 2;")) << one;
  EXPECT_TRUE(holds(one, "float clamp_lo = -1;"));
  EXPECT_TRUE(holds(one, "float clamp_hi = 1;"));
  const std::string two = emitted_after("4x128", "\"div(2),clamp(-1,3)\"");
  EXPECT_TRUE(holds(two, "float clamp_lo = -1;"));
  EXPECT_TRUE(holds(two, "explicit ArgsDivClamp(float clamp_hi_value)")) << two;
}

TEST_F(CliEmit, AKernelWithOptionsOfTheCompilerIsNamed) {
  fs::remove(folder_ / "whole.toml");
  std::ofstream(folder_ / "tail.cuh")
      << "extern \"C\" __global__ void tail(int n, const float* x, float* y) {}\n";
  std::ofstream(folder_ / "tail.toml")
      << "[kernel]\nsource = \"tail.cuh\"\nknobs = \"macros\"\noptions = [\"-fmad=false\"]\n"
         "[[launch]]\nentry = \"tail\"\ngrid = [\"n\"]\nblock = [1]\nargs = [\"n\", \"x\", "
         "\"y\"]\n";
  expect_fault("emit --spec op.toml --defaults --check off --out tuned --db none.db",
               {"a header could hold none of the kernels of op twice",
                "kernel tail was compiled with -fmad=false, which a header cannot ask of nvcc"});
}

TEST_F(CliEmit, WithoutACheckItIsSaid) {
  tuned("whole");
  const Ran untrusted = emitted("");
  EXPECT_EQ(untrusted.code, 0) << untrusted.err;
  EXPECT_TRUE(holds(untrusted.err, "tune: not checked: add --check cpu --trust-code"))
      << untrusted.err;
  EXPECT_TRUE(holds(header(), "// Not checked before it was written"));
  const Ran off = emitted("--check off");
  EXPECT_EQ(off.code, 0);
  EXPECT_EQ(off.err, "");
  const Ran defaults = tune("emit --op gemm --defaults --out tuned --db none.db");
  EXPECT_EQ(defaults.code, 0);
  EXPECT_TRUE(holds(defaults.err, "tune: not checked: there is no GPU here")) << defaults.err;
}

TEST_F(CliEmit, ChecksThatCannotBeAreFaults) {
  tuned("whole");
  const std::string own = "emit --spec op.toml --source cpu --out tuned --check ";
  expect_fault(own + "cpu", {"--trust-code"});
  expect_fault(own + "tpu", {"--check tpu", "auto, cuda:N, cpu, off"});
  expect_fault(own + "cuda:0", {"cuda"});
  expect_fault(own + "cpu --trust-code --check-shapes 0", {"--check-shapes 0"});
  EXPECT_FALSE(fs::exists(folder_ / "tuned"));
}

}  // namespace
}  // namespace tw
