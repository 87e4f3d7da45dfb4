// The choice of a branch for problems that were not tuned: forecasts, distances, and their use.
#include "emit/emitted/choose.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/model/time_model.h"
#include "emit/emitted/forecast.h"
#include "emit/tuning/forecast.h"
#include "emit/tuning/residuals.h"
#include "unit/emit/fixture.h"

namespace tw {
namespace {

using dispatch::Match;

static_assert(dispatch::octaves(1) == 0 && dispatch::octaves(8) == 3);
static_assert(dispatch::octaves(-5) == 0 && dispatch::octaves(12) == 3.5);
static_assert(dispatch::octaves(INT64_MAX) > 62.99);

TEST(EmitForecast, Log2IsExactEnough) {
  for (double value = 1; value < 1e18; value *= 1.37) {
    EXPECT_NEAR(dispatch::log2_of(value), std::log2(value), 1e-4) << value;
  }
  static_assert(dispatch::log2_of(1024) == 10);
}

// Three tuned sizes of one dim. Branch 0 won 16 and 64, branch 1 won 4096.
struct Line {
  struct Row {
    int branch;
    int query;
  };
  int size = 0;
  std::vector<Row> tuned{{0, 16}, {0, 64}, {1, 4096}}, defaults{{2, 0}};
  std::vector<std::vector<double>> residuals{{0, 1, 0}, {0, 0.5, 0}, {2, 0, 0}};
  std::vector<double> forecasts{0, 0, 0};
  std::vector<bool> can{true, true, true};

  const std::vector<Row>& rows() const { return tuned; }
  const std::vector<Row>& fallbacks() const { return defaults; }
  int branches() const { return 3; }
  bool same_form(int) const { return true; }
  bool same_dims(int query) const { return query == size; }
  bool same_kind(int) const { return true; }
  double distance(int row) const {
    const double away =
        dispatch::octaves(size) - dispatch::octaves(tuned[static_cast<std::size_t>(row)].query);
    return away * away;
  }
  double residual(int row, int branch) const {
    return residuals[static_cast<std::size_t>(row)][static_cast<std::size_t>(branch)];
  }
  double log_forecast(int branch) const { return forecasts[static_cast<std::size_t>(branch)]; }
  bool serves(int branch) const { return can[static_cast<std::size_t>(branch)]; }

  dispatch::Choice choice(bool same_cc = true, bool same_sms = true) const {
    double scores[3];
    return dispatch::choose(*this, same_cc, same_sms, scores);
  }
};

TEST(EmitChoose, ATunedProblemTakesItsBranch) {
  const dispatch::Choice choice = Line{.size = 64}.choice();
  EXPECT_EQ(choice.branch, 0);
  EXPECT_EQ(choice.row, 1);
  EXPECT_EQ(choice.match, Match::exact);
  EXPECT_EQ(Line{.size = 64}.choice(true, false).match, Match::nearest);
}

TEST(EmitChoose, MeasuredTimesDecideNearTunedProblems) {
  EXPECT_EQ(Line{.size = 100}.choice().branch, 0);
  EXPECT_EQ(Line{.size = 100}.choice().row, 1);
  EXPECT_EQ(Line{.size = 3000}.choice().branch, 1);
  EXPECT_EQ(Line{.size = 3000}.choice().row, 2);
}

// At 512, both tuned problems are three octaves away: branch 0 loses 2 there, branch 1 only 0.5.
TEST(EmitChoose, TheBranchThatLosesLessIsTakenBetweenThem) {
  EXPECT_EQ(Line{.size = 512}.choice().branch, 1);
}

TEST(EmitChoose, TheForecastDecidesWhereMeasuredTimesAreEqual) {
  Line line{.size = 100};
  line.forecasts = {2, 0, 0};
  EXPECT_EQ(line.choice().branch, 1);
}

TEST(EmitChoose, TheNextBestServesIfTheBestCannot) {
  Line line{.size = 3000};
  line.can = {true, false, true};
  EXPECT_EQ(line.choice().branch, 0);
  EXPECT_EQ(line.choice().row, 1) << "the nearest problem that branch 0 won";
  line.can = {false, false, true};
  EXPECT_EQ(line.choice().match, Match::fallback);
  EXPECT_EQ(line.choice().branch, 2);
  line.can = {false, false, false};
  EXPECT_EQ(line.choice().branch, -1);
  EXPECT_EQ((Line{.size = 3000}.choice(false).match), Match::fallback);
}

class EmitForecasts : public testing::Test {
 protected:
  const Catalog& catalog_ = emit_fixture::builtin_catalog();
  const OpEntry& gemm_ = catalog_.at("gemm");
  DeviceInfo info_ = emulated_device(90);

  const KernelSpec& kernel(const std::string& name) const {
    for (const KernelSpec& one : gemm_.kernels) {
      if (one.name == name) return one;
    }
    throw Error(name);
  }
};

// The header's forecast is the tuner's with a plain sum, which is never less.
TEST_F(EmitForecasts, AgreeWithTheModelOfTheSearch) {
  ModelConstants plain;
  plain.sharpness = 1;
  info_.sm_clock_mhz = 1980;
  info_.memory_bandwidth = 4.8e12;
  info_.bf16_flops = 989e12;
  info_.tf32_flops = 494e12;
  for (const auto& [name, dtype] :
       {std::pair{"simt", "f32"}, std::pair{"mma", "f32"}, std::pair{"mma", "bf16"},
        std::pair{"wgmma", "f16"}, std::pair{"wgmma_tf32", "f32"}}) {
    for (const char* shape : {"m=64,n=64,k=64", "m=1000,n=4096,k=512", "m=8192,n=8192,k=8192"}) {
      const Problem problem =
          parse_problem(gemm_.op, {.shape = std::string(shape) + ",layout=nt", .dtype = dtype});
      const KernelSpec& spec = kernel(name);
      const SearchSpace space =
          SearchSpace::enumerate(spec, slots_of(gemm_.op, spec.names, problem, info_));
      TimeModel model(gemm_.op, spec, problem, info_, plain);
      for (std::size_t i = 0; i < space.size(); i += space.size() / 7 + 1) {
        const double ns =
            forecast_of(gemm_.op, spec, problem, info_, rates_of(info_, problem.math), space[i]);
        EXPECT_NEAR(ns / model.time_ns(space[i]), 1, 1e-6) << name << " " << shape << " " << i;
      }
    }
  }
}

// Rates that a device does not state are the same in both.
TEST_F(EmitForecasts, OfAnUnknownDeviceAgreeWithTheModel) {
  ModelConstants plain;
  plain.sharpness = 1;
  info_.sm_clock_mhz = info_.memory_bandwidth = info_.bf16_flops = info_.tf32_flops = 0;
  const KernelSpec& mma = kernel("mma");
  const Problem problem = parse_problem(gemm_.op, {.shape = "m=512,n=512,k=512", .dtype = "bf16"});
  const Configuration first =
      SearchSpace::enumerate(mma, slots_of(gemm_.op, mma.names, problem, info_))[0];
  TimeModel model(gemm_.op, mma, problem, info_, plain);
  EXPECT_NEAR(model.time_ns(first) /
                  forecast_of(gemm_.op, mma, problem, info_, rates_of(info_, problem.math), first),
              1, 1e-6);
}

// A model forecasts times, so a header for another objective makes no forecasts.
TEST(EmitResiduals, OfAnotherObjectiveAreWhatWasMeasured) {
  EmitRequest request = emit_fixture::portfolio_request();
  ASSERT_TRUE(has_forecasts(tuning_of(request)));
  request.objective = Objective::energy;
  const Tuning tuning = tuning_of(request);
  EXPECT_FALSE(has_forecasts(tuning));
  for (std::size_t row = 0; row < tuning.rows.size(); ++row) {
    const Branch& winner = tuning.branches[static_cast<std::size_t>(tuning.rows[row].branch)];
    const double won = slowdown_of(tuning, tuning.rows[row], winner).value();
    for (std::size_t i = 0; i < tuning.branches.size(); ++i) {
      const auto slowdown = slowdown_of(tuning, tuning.rows[row], tuning.branches[i]);
      if (!slowdown) continue;
      const bool is_winner = static_cast<int>(i) == tuning.rows[row].branch;
      EXPECT_NEAR(tuning.residuals[row][i], is_winner ? 0 : std::log2(*slowdown / won), 1e-4);
    }
  }
}

TEST(EmitResiduals, AreWhatTheForecastDoesNotSay) {
  const Catalog catalog = emit_fixture::catalog();
  EmitRequest request = emit_fixture::request(catalog);
  request.winners.resize(4);  // f32 without a chain
  const std::string measured = "blend f32 rows=4096,columns=4096";
  const Tuning before = tuning_of(request);
  request.slowdowns[measured]["direct: threads=128 vector=4 path=straight streaming=true"] = 4;
  const Tuning tuning = tuning_of(request);
  ASSERT_FALSE(has_forecasts(tuning)) << "the kernels of this op have no [model]";
  for (std::size_t row = 0; row < tuning.rows.size(); ++row) {
    const auto own = static_cast<std::size_t>(tuning.rows[row].branch);
    EXPECT_EQ(tuning.residuals[row][own], 0);
    if (tuning.rows[row].problem.key(tuning.op()) != measured) continue;
    for (std::size_t i = 0; i < tuning.branches.size(); ++i) {
      const Branch& branch = tuning.branches[i];
      if (text_of(branch.kernel->knobs, branch.configuration) ==
              "threads=128 vector=4 path=straight streaming=true" &&
          branch.problem.choices == tuning.rows[row].problem.choices) {
        EXPECT_EQ(tuning.residuals[row][i], 2) << "log2 of the slowdown";
        EXPECT_EQ(before.residuals[row][i], 0.32) << "not measured";
      }
    }
  }
}

}  // namespace
}  // namespace tw
