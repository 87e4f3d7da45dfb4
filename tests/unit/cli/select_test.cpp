// tune select: what a header would run.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "unit/cli/fixture.h"
#include "unit/support/paths.h"

namespace tw {
namespace {

using nlohmann::json;

class CliSelect : public Cli {
 protected:
  CliSelect() { fs::copy(test_data("check"), folder_, fs::copy_options::recursive); }
  void SetUp() override {
    Cli::SetUp();
    for (const char* shape : {"n=256", "n=512", "n=4096"}) {
      const Ran ran = tune(std::string("--spec op.toml --device cpu --trust-code --quiet --kernel "
                                       "whole --strategy exhaustive --budget 100 --shape ") +
                           shape);
      ASSERT_EQ(ran.code, 0) << ran.err;
    }
  }
  json selected(const std::string& options) {
    const Ran ran = tune("select --spec op.toml --source cpu --json " + options);
    EXPECT_EQ(ran.code, 0) << ran.err;
    return json::parse(ran.out).at("results").at(0);
  }
};

TEST_F(CliSelect, ATunedProblemRunsItsWinner) {
  const json one = selected("--shape n=512");
  EXPECT_EQ(one.at("match"), "exact");
  EXPECT_EQ(one.at("tuned_problem"), "twice f32 n=512");
  EXPECT_EQ(one.at("dims_factor"), 1);
  const json winners = json::parse(tune("query --source cpu --json").out).at("winners");
  const auto winner = std::find_if(winners.begin(), winners.end(), [](const json& each) {
    return each.at("problem") == "twice f32 n=512";
  });
  ASSERT_NE(winner, winners.end());
  EXPECT_EQ(one.at("configuration"), winner->at("configuration"));
  EXPECT_EQ(one.at("tuned_ns"), winner->at("median_ns"));
}

TEST_F(CliSelect, AnotherProblemRunsTheWinnerOfTheNearest) {
  const json one = selected("--shape n=1024");
  EXPECT_EQ(one.at("match"), "nearest");
  EXPECT_EQ(one.at("tuned_problem"), "twice f32 n=512");
  EXPECT_EQ(one.at("dims_factor"), 2);
  EXPECT_EQ(one.at("left_out").at("problems"), 3);
  EXPECT_EQ(one.at("left_out").at("measured"), 3) << "every search was exhaustive";
  EXPECT_GE(one.at("left_out").at("worst_slowdown"), one.at("left_out").at("mean_slowdown"));
  EXPECT_GE(one.at("left_out").at("mean_slowdown"), 1);
  const Ran text = tune("select --spec op.toml --source cpu --shape n=1024 --kernels 1");
  EXPECT_NE(text.out.find("twice f32 n=1024 on cpu emulating sm_90\n  runs   whole threads="),
            std::string::npos)
      << text.out;
  EXPECT_NE(text.out.find("differ by a factor of 2.00 in all"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("measured on 3 of 3 tuned problems"), std::string::npos) << text.out;
}

TEST_F(CliSelect, WithoutWinnersNothingRuns) {
  const Ran ran = tune("select --spec op.toml --shape n=512");
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.err.find("has no measured winner of twice"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("add --source cpu"), std::string::npos) << ran.err;
  const Ran document = tune("select --spec op.toml --shape n=512 --json");
  EXPECT_EQ(document.code, 1);
  EXPECT_EQ(json::parse(document.out).at("results").at(0).at("match"), "none");
  expect_fault("select --spec op.toml --source cpu", {"--shape"});
  expect_fault("select --spec op.toml --source cpu --shape n=0", {"n"});
}

}  // namespace
}  // namespace tw
