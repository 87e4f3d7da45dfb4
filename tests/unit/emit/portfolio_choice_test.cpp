// A header with a portfolio chooses what the tuner says, and forecasts at compile time.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

#include "core/model/time_model.h"
#include "emit/tuning/choice.h"
#include "emit/tuning/residuals.h"
#include "selected_portfolio.h"
#include "unit/emit/fixture.h"
#include "unit/support/h200.h"

namespace tw {
namespace {

namespace header = selected_portfolio;
namespace header_dispatch = selected_portfolio_dispatch;

// The place of a tuned problem and the forecast of a branch are known at compile time.
static_assert(header::places[0][0] == 4, "m=16 is 2^4");
constexpr double compiled_ns =
    header::Selector::forecast(0, header::rows[0].query, h200<header_dispatch::Device>());
static_assert(compiled_ns > 2000);

class EmitPortfolioChoice : public testing::Test {
 protected:
  const EmitRequest request_ = emit_fixture::portfolio_request();
  const Tuning tuning_ = tuning_of(request_);
  const DeviceInfo info_ = emit_fixture::device();

  Problem problem(std::int64_t m, std::int64_t n, std::int64_t k) const {
    return parse_problem(
        tuning_.op(), {.shape = fmt::format("m={},n={},k={},layout=nt", m, n, k), .dtype = "bf16"});
  }
  header::Query query_of(const Problem& problem) const {
    header::Query query = header::rows[0].query;
    const auto& all = problem.dims;
    query.problem.m = all[0];
    query.problem.n = all[1];
    query.problem.k = all[2];
    query.problem.lda = query.problem.ldb = all[2];
    query.problem.ldc = all[1];
    return query;
  }
};

TEST_F(EmitPortfolioChoice, IsThatOfTheTuner) {
  ASSERT_TRUE(has_forecasts(tuning_));
  ASSERT_EQ(tuning_.rows.size(), 24u);
  const auto device = emit_fixture::emitted<header::Device>(info_);
  std::mt19937 random(1);
  std::uniform_real_distribution<double> octave(3, 13);
  std::set<int> chosen;
  std::set<std::string> kernels;
  ModelConstants plain;
  plain.sharpness = 1;
  for (int round = 0; round < 60; ++round) {
    const auto size = [&] { return std::llround(std::exp2(octave(random))) / 8 * 8; };
    const Problem one = problem(size(), size(), size());
    const auto choice = header_dispatch::choose_branch<header::Selector>(query_of(one), device);
    const dispatch::Choice tuner = choice_of(tuning_, one, tuning_.device);
    ASSERT_EQ(choice.branch, tuner.branch) << one.key(tuning_.op());
    ASSERT_EQ(choice.row, tuner.row);
    chosen.insert(choice.branch);
    for (std::size_t i = 0; i < 8; ++i) {
      const Branch& branch = tuning_.branches[i];
      const double ns = header::Selector::forecast(static_cast<int>(i), query_of(one), device);
      EXPECT_NEAR(ns / forecast_of(tuning_, branch, one, tuning_.device), 1, 1e-9);
      // The search's forecast with a plain sum. The request knows no rates of the device.
      DeviceInfo limits = tuning_.device;
      TimeModel model(tuning_.op(), *branch.kernel, one, limits, plain);
      EXPECT_NEAR(ns / model.time_ns(branch.configuration), 1, 1e-6) << branch.kernel->name;
      kernels.insert(branch.kernel->name);
    }
  }
  EXPECT_EQ(kernels, (std::set<std::string>{"mma", "wgmma"}));
  EXPECT_GE(chosen.size(), 3u) << "one branch for everything would prove nothing";
}

}  // namespace
}  // namespace tw
