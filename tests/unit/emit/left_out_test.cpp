// The loss of a header on tuned problems that it does not know.
#include "emit/tuning/left_out.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/space/space.h"
#include "emit/tuning/choice.h"
#include "emit/tuning/residuals.h"
#include "unit/emit/fixture.h"

namespace tw {
namespace {

class LeftOutTest : public testing::Test {
 protected:
  const Catalog& catalog_ = emit_fixture::builtin_catalog();
  const OpEntry& conv_ = catalog_.at("conv2d");

  static std::string problem(int batch, int channels) {
    return fmt::format("conv2d f32 n={},c={},h=14,w=14,k={},r=3,s=3", batch, channels, channels);
  }
  // Returns the configuration of this number in a kernel's space for the problem.
  std::string configuration(const std::string& name, const std::string& problem,
                            std::size_t number) const {
    for (const KernelSpec& kernel : conv_.kernels) {
      if (kernel.name != name) continue;
      const SearchSpace space = SearchSpace::enumerate(
          kernel, slots_of(conv_.op, kernel.names, problem_from_key(conv_.op, problem),
                           emit_fixture::device()));
      return text_of(kernel.knobs, space[number % space.size()]);
    }
    return "";
  }
};

// The kernel simt has no [model], and wins one problem. Without that problem the header forecasts.
TEST_F(LeftOutTest, TheOthersChooseAsAHeaderOfThemWould) {
  const std::vector<std::string> problems{problem(1, 64), problem(4, 256), problem(16, 128)};
  int different = 0;
  for (std::size_t round = 0; round < 6; ++round) {
    EmitRequest request;
    request.catalog = &catalog_;
    request.op = "conv2d";
    const std::vector<std::pair<std::string, std::string>> members{
        {"implicit_gemm", configuration("implicit_gemm", problems[0], 31 * round)},
        {"implicit_gemm", configuration("implicit_gemm", problems[1], 31 * round + 977)},
        {"simt", configuration("simt", problems[2], 7 * round)}};
    for (std::size_t i = 0; i < 3; ++i) {
      request.winners.push_back(
          emit_fixture::winner(catalog_, problems[i], members[i].first, members[i].second, 5000));
      for (std::size_t j = 0; j < 3; ++j) {
        request.slowdowns[problems[i]][members[j].first + ": " + members[j].second] =
            i == j ? 1 : 1.01 + 0.01 * static_cast<double>(j);
      }
    }
    const Tuning tuning = tuning_of(request);
    ASSERT_FALSE(has_forecasts(tuning));
    const std::vector<std::optional<double>> slowdowns = slowdowns_left_out(tuning);
    for (std::size_t i = 0; i < tuning.rows.size(); ++i) {
      const TunedRow& row = tuning.rows[i];
      EmitRequest others = request;
      std::erase_if(others.winners, [&](const Winner& one) {
        return one.trial.context.situation.problem == row.winner.trial.context.situation.problem;
      });
      const Tuning without = tuning_of(others);
      const dispatch::Choice choice = choice_of(without, row.problem, without.device);
      ASSERT_GE(choice.branch, 0);
      const Branch& branch = without.branches[static_cast<std::size_t>(choice.branch)];
      EXPECT_EQ(slowdowns[i], slowdown_of(tuning, row, branch)) << round << " " << i;
      different += has_forecasts(without) ? 1 : 0;
    }
  }
  EXPECT_EQ(different, 6);
}

// A default may be what the others have for the problem.
TEST_F(LeftOutTest, ADefaultCountsIfItWasMeasured) {
  const Catalog catalog = emit_fixture::catalog();
  EmitRequest request = emit_fixture::request(catalog);
  std::erase_if(request.winners, [](const Winner& one) {
    return one.trial.context.situation.problem != "blend f32 rows=64,columns=4096,order=flipped";
  });
  ASSERT_EQ(request.winners.size(), 1u);
  const Tuning before = tuning_of(request);
  EXPECT_FALSE(slowdowns_left_out(before).at(0)) << "not measured";
  Tuning alone = before;
  alone.rows.clear();
  alone.residuals.clear();
  const dispatch::Choice choice = choice_of(alone, before.rows[0].problem, before.device);
  ASSERT_EQ(choice.match, dispatch::Match::fallback);
  const Branch& branch = before.branches[static_cast<std::size_t>(choice.branch)];
  request.slowdowns[before.rows[0].winner.trial.context.situation.problem][fmt::format(
      "{}: {}", branch.kernel->name, text_of(branch.kernel->knobs, branch.configuration))] = 1.5;
  EXPECT_EQ(slowdowns_left_out(tuning_of(request)).at(0), 1.5);
}

}  // namespace
}  // namespace tw
