// tune select: what a header would run.
#include <map>
#include <nlohmann/json.hpp>

#include "unit/cli/fixture.h"
#include "unit/support/paths.h"

namespace tw {
namespace {

using nlohmann::json;

class CliSelect : public Cli {
 protected:
  CliSelect() { fs::copy(test_data("check"), folder_, fs::copy_options::recursive); }
  // Tunes three problems, and stores the trials with these times: 128 threads win the two small
  // problems by a sixth, 64 threads the large one by a fifth.
  void SetUp() override {
    Cli::SetUp();
    add("n=256", {{"threads=128", 300}, {"threads=64", 350}});
    add("n=512", {{"threads=128", 600}, {"threads=64", 700}});
    add("n=4096", {{"threads=128", 6000}, {"threads=64", 5000}});
  }
  void add(const std::string& shape, const std::map<std::string, double>& ns) {
    const Ran ran = tune(
        "--spec op.toml --device cpu --trust-code --quiet --kernel whole --strategy exhaustive "
        "--budget 100 --db measured.db --shape " +
        shape);
    ASSERT_EQ(ran.code, 0) << ran.err;
    const Store measured = Store::open((folder_ / "measured.db").string(), Store::Mode::read_only);
    const RunInfo info = measured.runs().back().info;
    Store store = Store::open((folder_ / "tilewright.db").string(), Store::Mode::read_write);
    const std::int64_t run = store.begin_run(info);
    for (const Trial& trial : measured.known(info.context)) {
      Measurement measurement;
      measurement.samples_ns = {ns.at(trial.configuration)};
      store.append(run, TrialKind::search, info.context, trial.configuration, measurement);
    }
    store.end_run(run, RunEnd::exhausted);
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
  EXPECT_EQ(one.at("configuration"), "threads=128");
  EXPECT_EQ(one.at("tuned_ns"), 600);
}

TEST_F(CliSelect, AnotherProblemRunsTheWinnerOfTheNearest) {
  const json one = selected("--shape n=1024");
  EXPECT_EQ(one.at("match"), "nearest");
  EXPECT_EQ(one.at("tuned_problem"), "twice f32 n=512");
  EXPECT_EQ(one.at("configuration"), "threads=128");
  EXPECT_EQ(one.at("dims_factor"), 2);
  // Without the large problem, 128 threads run it.
  EXPECT_EQ(one.at("left_out").at("problems"), 3);
  EXPECT_EQ(one.at("left_out").at("measured"), 3);
  EXPECT_DOUBLE_EQ(one.at("left_out").at("worst_slowdown"), 1.2);
  EXPECT_DOUBLE_EQ(one.at("left_out").at("mean_slowdown"), 3.2 / 3);
}

TEST_F(CliSelect, OneKernelIsTheOneThatLosesLeast) {
  const Ran text = tune("select --spec op.toml --source cpu --shape n=1024 --kernels 1");
  EXPECT_NE(text.out.find("twice f32 n=1024 on cpu emulating sm_90\n  runs   whole threads=64"),
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
