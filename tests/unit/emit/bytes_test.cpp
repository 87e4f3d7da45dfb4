// The choice by the size of the compiled code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "commands/emit/emit_bytes.h"
#include "commands/emit/emit_portfolio.h"
#include "core/base/error.h"
#include "unit/emit/cubin_fixture.h"
#include "unit/emit/fixture.h"

namespace tw {
namespace {

using testing::HasSubstr;

std::string fault_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(MaxBytes, TakesUnitsOfPeople) {
  EXPECT_EQ(max_bytes_of("1MB"), 1'000'000);
  EXPECT_EQ(max_bytes_of("500kB"), 500'000);
  EXPECT_EQ(max_bytes_of("1MiB"), 1'048'576);
  EXPECT_EQ(max_bytes_of("1.5 KiB"), 1536);
  EXPECT_EQ(max_bytes_of("250000"), 250'000);
  for (const char* bad : {"", "MB", "1XB", "-1MB", "0", "1 MB more", "nan", "1e30", "0.5B"}) {
    EXPECT_THAT(fault_of([&] { max_bytes_of(bad); }), HasSubstr("write a size such as 1MB")) << bad;
  }
}

// Four products, each of which has times of six configurations.
class SizeTest : public testing::Test {
 protected:
  static constexpr std::size_t count = 6;

  SizeTest() {
    const std::vector<Winner> all = request_.winners;
    request_.winners = {all[0], all[5], all[10], all[15]};
    for (std::size_t i = 0; i < count; ++i) {
      const Trial& trial = all[i].trial;
      times_.candidates.push_back({trial.context.code.kernel, trial.configuration, "bf16"});
    }
    for (const Winner& winner : request_.winners) {
      std::vector<double>& row = times_.slowdowns.emplace_back();
      std::vector<Trial>& trials = times_.trials.emplace_back();
      times_.trial_of.emplace_back(count);
      std::iota(times_.trial_of.back().begin(), times_.trial_of.back().end(), 0);
      for (std::size_t i = 0; i < count; ++i) {
        const Candidate& one = times_.candidates[i];
        row.push_back(request_.slowdowns.at(winner.trial.context.situation.problem)
                          .at(one.kernel + ": " + one.configuration));
        trials.push_back(winner.trial);
        trials.back().id = static_cast<std::int64_t>(100 + i);
        trials.back().context.code.kernel = one.kernel;
        trials.back().configuration = one.configuration;
      }
    }
  }

  // Compiles to as many bytes as the entries say, and counts the programs.
  std::vector<GpuCode> compile(const std::vector<GpuProgram>& programs) {
    std::vector<GpuCode> codes;
    for (const GpuProgram& one : programs) {
      ++compiled_;
      GpuCode& code = codes.emplace_back();
      std::size_t sum = 0;
      for (const std::string& entry : one.program.entries) {
        for (const char letter : entry) sum = (sum * 31 + static_cast<unsigned char>(letter)) % 97;
      }
      code.cubin.assign(1000 + 100 * sum, 'x');
    }
    return codes;
  }
  CodeSizes sizes() {
    return {*request_.catalog, "sm_90a",
            [this](const std::vector<GpuProgram>& programs) { return compile(programs); }};
  }
  // Returns the size of the header's code with this choice, and its worst slowdown.
  std::pair<std::int64_t, double> with(unsigned set) {
    Portfolio portfolio;
    for (const std::vector<double>& row : times_.slowdowns) {
      std::size_t best = count;
      for (std::size_t i = 0; i < count; ++i) {
        if ((set >> i & 1) && (best == count || row[i] < row[best])) best = i;
      }
      portfolio.choice.push_back(best);
      portfolio.worst = std::max(portfolio.worst, row[best]);
    }
    EmitRequest taken = request_;
    take_members(times_, portfolio, taken);
    std::int64_t bytes = 0;
    for (const auto& one : sizes_.of(compiled_branches(tuning_of(taken)))) bytes += one.value();
    return {bytes, portfolio.worst};
  }

  EmitRequest request_ = emit_fixture::portfolio_request();
  MeasuredTimes times_;
  int compiled_ = 0;
  CodeSizes sizes_ = sizes();
};

TEST_F(SizeTest, ABranchIsCompiledOnceAndHasTheSizeOfItsCubin) {
  const std::vector<Branch> branches = compiled_branches(tuning_of(request_));
  const auto first = sizes_.of(branches);
  EXPECT_EQ(static_cast<std::size_t>(compiled_), branches.size());
  EXPECT_EQ(sizes_.of(branches), first);
  EXPECT_EQ(static_cast<std::size_t>(compiled_), branches.size());
  EXPECT_GE(first.at(0), 1000);
  CodeSizes failing(*request_.catalog, "sm_90a", [](const std::vector<GpuProgram>& programs) {
    return std::vector<GpuCode>(programs.size(), GpuCode{"", {}, "no"});
  });
  EXPECT_EQ(failing.of(branches).at(0), std::nullopt);
}

// All choices are looked at: the one that is taken fits, with the defaults, and loses least.
TEST_F(SizeTest, TheChoiceFitsAndLosesLeast) {
  std::vector<std::pair<std::int64_t, double>> all;
  std::int64_t least = std::numeric_limits<std::int64_t>::max(), largest = 0;
  for (unsigned set = 1; set < 1u << count; ++set) {
    all.push_back(with(set));
    least = std::min(least, all.back().first);
    largest = std::max(largest, all.back().first);
  }
  ASSERT_LT(least, largest);
  std::set<double> losses;
  for (int step = 0; step <= 8; ++step) {
    const std::int64_t most = least + step * (largest - least) / 8;
    const SizedPortfolio sized = portfolio_of_size(times_, request_, {.most_bytes = most}, sizes_);
    EXPECT_LE(sized.bytes, most);
    double best = not_measured;
    for (const auto& [bytes, worst] : all) {
      if (bytes <= most) best = std::min(best, worst);
    }
    EXPECT_DOUBLE_EQ(sized.portfolio.worst, best) << most;
    losses.insert(best);
  }
  EXPECT_GE(losses.size(), 2u) << "one choice for all limits would prove nothing";
  const std::string fault =
      fault_of([&] { portfolio_of_size(times_, request_, {.most_bytes = least - 1}, sizes_); });
  EXPECT_THAT(fault, HasSubstr("--max-bytes " + std::to_string(least - 1)));
  EXPECT_THAT(fault, HasSubstr("ask for " + std::to_string(least)));
}

TEST_F(SizeTest, ANumberAndALossAreLimitsToo) {
  const std::int64_t ample = 10'000'000;
  const SizedPortfolio one =
      portfolio_of_size(times_, request_, {.most_bytes = ample, .most = 1}, sizes_);
  EXPECT_EQ(one.portfolio.members.size(), 1u);
  const double worst = one.portfolio.worst;
  ASSERT_GT(worst, 1);
  const SizedPortfolio again =
      portfolio_of_size(times_, request_, {.most_bytes = ample, .worst = worst}, sizes_);
  EXPECT_EQ(again.portfolio.members.size(), 1u);
  const double least = portfolio_of(times_.slowdowns, count).worst;
  ASSERT_LT(least, worst);
  const SizedPortfolio best =
      portfolio_of_size(times_, request_, {.most_bytes = ample, .worst = least}, sizes_);
  EXPECT_EQ(best.portfolio.worst, least);
  EXPECT_THAT(fault_of([&] {
                portfolio_of_size(times_, request_, {.most_bytes = 1000, .worst = least}, sizes_);
              }),
              HasSubstr("the smallest choice that loses at most " + loss_text(least) + " takes "));
  EXPECT_THAT(fault_of([&] {
                portfolio_of_size(times_, request_, {.most_bytes = ample, .worst = 1}, sizes_);
              }),
              HasSubstr("no choice that loses at most 0 %"));
  // No configuration serves all problems.
  for (std::size_t i = 0; i < count; ++i) {
    times_.slowdowns[i < 3 ? 0 : 1][i] = not_measured;
  }
  EXPECT_THAT(fault_of([&] {
                portfolio_of_size(times_, request_, {.most_bytes = ample, .most = 1}, sizes_);
              }),
              HasSubstr("--kernels 1 --max-bytes 10000000: no choice of so few"));
}

}  // namespace
}  // namespace tw
