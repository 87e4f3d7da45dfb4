// The choice by the size of the compiled code, of kernels with macros: a dim that is a macro makes
// a code for each of its values.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <numeric>

#include "commands/emit/emit_bytes.h"
#include "commands/emit/emit_portfolio.h"
#include "core/base/error.h"
#include "unit/emit/matrix.h"

namespace tw {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// Returns the op of tests/data/given, whose kernel `fixed` compiles n in, with more values of its
// BLOCK. The kernel `few` is `any` for two values of n, so a header with `few` needs a default.
const Catalog& catalog() {
  static const Catalog loaded = [] {
    const fs::path folder =
        fs::temp_directory_path() / fmt::format("tilewright_bytes_{}", ::getpid());
    fs::remove_all(folder);
    fs::copy(test_data("given"), folder, fs::copy_options::recursive);
    std::string few = read_text_file(folder / "any.toml");
    few.replace(few.find("knobs ="), 0,
                "needs = \"n >= 1000 && n <= 1001\"\noptions = [\"-DFEW=1\"]\n");
    std::ofstream(folder / "few.toml") << few;
    std::string fixed = read_text_file(folder / "fixed.toml");
    fixed.replace(fixed.find("256, 32"), 7, "256, 32, 64, 96, 128, 160, 192, 224, 288, 320, 352");
    std::ofstream(folder / "fixed.toml") << fixed;
    Catalog catalog = Catalog::load_file((folder / "op.toml").string(), builtin_sources());
    fs::remove_all(folder);
    return catalog;
  }();
  return loaded;
}

struct Measured {
  std::string kernel, configuration;
  std::vector<double> slowdowns;  // of each problem
};

class GivenSizeTest : public testing::Test {
 protected:
  GivenSizeTest() {
    request_.catalog = &catalog();
    request_.op = "smooth";
  }

  // Sets the problems n = 1000, 1001, ... and the times of the candidates on them.
  void measure(const std::vector<Measured>& all) {
    for (const Measured& one : all) {
      times_.candidates.push_back({one.kernel, one.configuration, "f32"});
    }
    for (std::size_t i = 0; i < all.front().slowdowns.size(); ++i) {
      const std::string problem = fmt::format("smooth f32 n={}", 1000 + i);
      std::vector<double>& row = times_.slowdowns.emplace_back();
      std::vector<Trial>& trials = times_.trials.emplace_back();
      for (const Measured& one : all) {
        const Winner winner = emit_fixture::winner(catalog(), problem, one.kernel,
                                                   one.configuration, 5000 * one.slowdowns[i]);
        row.push_back(one.slowdowns[i]);
        trials.push_back(winner.trial);
        trials.back().id = static_cast<std::int64_t>(100 + trials.size());
        if (row.size() == 1 || row.back() < *std::min_element(row.begin(), row.end() - 1)) {
          if (request_.winners.size() == i) request_.winners.emplace_back();
          request_.winners[i] = winner;
          request_.winners[i].trial.id = trials.back().id;
        }
      }
      std::vector<int>& trial_of = times_.trial_of.emplace_back(all.size());
      std::iota(trial_of.begin(), trial_of.end(), 0);
    }
  }

  // Compiles to as many bytes as `bytes_` says of the macros, or else to 1000.
  std::vector<GpuCode> compile(const std::vector<GpuProgram>& programs) {
    std::vector<GpuCode> codes;
    for (const GpuProgram& one : programs) {
      ++compiled_;
      const std::string macros = fmt::format("{}", fmt::join(one.program.defines, " "));
      const auto known = bytes_.find(macros);
      codes.emplace_back().cubin.assign(known == bytes_.end() ? 1000 : known->second, 'x');
    }
    return codes;
  }
  // Returns the size of the header's code if the problems take these candidates.
  std::int64_t bytes_with(const std::vector<std::size_t>& choice) {
    Portfolio portfolio;
    portfolio.choice = choice;
    EmitRequest taken = request_;
    take_members(times_, portfolio, taken);
    std::int64_t bytes = 0;
    for (const auto& one : sizes_.of(compiled_branches(tuning_of(taken)))) bytes += one.value();
    return bytes;
  }
  SizedPortfolio chosen(const SizeWish& wish) {
    return portfolio_of_size(times_, request_, wish, sizes_);
  }

  EmitRequest request_;
  MeasuredTimes times_;
  std::map<std::string, std::size_t> bytes_;  // by macros
  int compiled_ = 0;
  CodeSizes sizes_{catalog(), "sm_90a",
                   [this](const std::vector<GpuProgram>& programs) { return compile(programs); }};
};

// The best of all assignments of configurations to problems is taken, for every limit.
TEST_F(GivenSizeTest, OnlyTheCodeThatTheHeaderHoldsCounts) {
  bytes_ = {{"TW_T=float n=1000 BLOCK=256 WIDTH=5", 5000},
            {"TW_T=float n=1001 BLOCK=32 WIDTH=5", 4000}};
  measure({{"fixed", "BLOCK=256", {1, 2}},
           {"fixed", "BLOCK=32", {3, 1}},
           {"any", "BLOCK=64 SUM=float", {4, 5}}});
  struct Choice {
    std::int64_t bytes;
    double worst, mean;
    std::size_t count;
  };
  std::vector<Choice> all;
  std::set<std::int64_t> limits;
  for (std::size_t a = 0; a < 3; ++a) {
    for (std::size_t b = 0; b < 3; ++b) {
      const double x = times_.slowdowns[0][a], y = times_.slowdowns[1][b];
      all.push_back({bytes_with({a, b}), std::max(x, y), (x + y) / 2, a == b ? 1u : 2u});
      limits.insert(all.back().bytes);
    }
  }
  ASSERT_GE(limits.size(), 4u) << "one size of all choices would prove nothing";
  for (const std::int64_t limit : limits) {
    for (const std::size_t most : {1u, 2u}) {
      Choice best{0, not_measured, not_measured, 0};
      for (const Choice& one : all) {
        if (one.bytes > limit || one.count > most) continue;
        if (std::pair(one.worst, one.mean) < std::pair(best.worst, best.mean)) best = one;
      }
      if (best.count == 0) continue;
      const SizedPortfolio sized = chosen({.most_bytes = limit, .most = most});
      EXPECT_LE(sized.bytes, limit);
      EXPECT_EQ(sized.bytes, bytes_with(sized.portfolio.choice));
      EXPECT_LE(sized.portfolio.members.size(), most);
      EXPECT_EQ(sized.portfolio.worst, best.worst) << limit << " " << most;
      EXPECT_EQ(sized.portfolio.mean, best.mean) << limit << " " << most;
    }
  }
  // The header holds a code of one configuration for each n.
  EXPECT_EQ(chosen({.most_bytes = 10'000'000, .most = 1}).portfolio.members.size(), 1u);
}

// The best choice fits as it is, so nothing else is compiled.
TEST_F(GivenSizeTest, AnAmpleLimitChangesNothing) {
  measure({{"fixed", "BLOCK=256", {1, 9}}, {"fixed", "BLOCK=32", {9, 1}}});
  const std::int64_t bytes = bytes_with({0, 1});
  const int compiled = compiled_;
  const SizedPortfolio sized = chosen({.most_bytes = bytes});
  EXPECT_EQ(sized.portfolio.members.size(), 2u);
  EXPECT_EQ(sized.portfolio.worst, 1);
  EXPECT_EQ(sized.bytes, bytes);
  EXPECT_TRUE(sized.portfolio.is_optimal);
  EXPECT_EQ(compiled_, compiled);
}

// `few` is the fastest on both problems and needs a default. Two configurations of `any` are as
// fast together, and one of them is the default.
class DefaultsSizeTest : public GivenSizeTest {
 protected:
  DefaultsSizeTest() {
    bytes_ = {{"TW_T=float BLOCK=64 SUM=double FEW=1", 4500},
              {"TW_T=float BLOCK=128 SUM=float", 3000},
              {"TW_T=float BLOCK=64 SUM=double", 1000}};
    measure({{"few", "BLOCK=64 SUM=double", {1, 1}},
             {"any", "BLOCK=128 SUM=float", {1, not_measured}},
             {"any", "BLOCK=64 SUM=double", {not_measured, 1}}});
    EXPECT_EQ(bytes_with({0, 0}), 7500);
    EXPECT_EQ(bytes_with({1, 2}), 4000);
  }
};

// The room that the default of `few` leaves is too small for any choice, so the smallest is taken.
TEST_F(DefaultsSizeTest, NothingIsBetterThanTheSmallestChoiceWithoutLoss) {
  const SizedPortfolio sized = chosen({.most_bytes = 6000});
  EXPECT_EQ(sized.bytes, 4000);
  EXPECT_EQ(sized.portfolio.mean, 1);
  EXPECT_TRUE(sized.portfolio.is_optimal);
}

// With --max-regret the aim is the fewest configurations. A choice that was found after the best
// one did not fit need not be of the fewest, though it loses nothing.
TEST_F(DefaultsSizeTest, AChoiceWithoutLossNeedNotBeOfTheFewestConfigurations) {
  for (const std::int64_t most : {6000, 7200}) {
    const SizedPortfolio sized = chosen({.most_bytes = most, .worst = 1});
    EXPECT_EQ(sized.portfolio.members.size(), 2u);
    EXPECT_EQ(sized.portfolio.mean, 1);
    EXPECT_FALSE(sized.portfolio.is_optimal) << most;
    EXPECT_TRUE(chosen({.most_bytes = most}).portfolio.is_optimal);
  }
  EXPECT_TRUE(chosen({.most_bytes = 7500, .worst = 1}).portfolio.is_optimal);
}

// 1,100 codes were measured.
TEST_F(GivenSizeTest, NoMoreCodesAreCompiledThanSomeMinutesAllow) {
  std::vector<Measured> all;
  for (const int block : {256, 32, 64, 96, 128, 160, 192, 224, 288, 320, 352}) {
    std::vector<double>& slowdowns =
        all.emplace_back(Measured{"fixed", fmt::format("BLOCK={}", block), {}}).slowdowns;
    for (std::size_t i = 0; i < 100; ++i) {
      slowdowns.push_back(1 + static_cast<double>((i + all.size()) % 11) / 10);
    }
  }
  measure(all);
  try {
    chosen({.most_bytes = 100});
    FAIL() << "no choice is so small";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("--max-bytes 100: the smallest choice of configurations"));
  }
  const int defaults = 1;
  EXPECT_LE(compiled_, 256 + defaults);
  EXPECT_GE(compiled_, 200);
}

}  // namespace
}  // namespace tw
