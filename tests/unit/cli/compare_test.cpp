// tune compare: the table, JSON, exit codes, and what is wrong with its input.
#include <nlohmann/json.hpp>

#include "unit/cli/fixture.h"

namespace tw {
namespace {

using nlohmann::json;

class CliCompare : public Cli {
 protected:
  // Writes a database in which `ns` are the times of a problem for x=0, x=1, ...
  void add(const std::string& name, const std::string& problem, const std::string& driver,
           const std::vector<double>& ns) {
    Store store = Store::open((folder_ / name).string(), Store::Mode::read_write);
    RunInfo info;
    Situation& situation = info.context.situation;
    situation.op = "gemm";
    situation.problem = problem;
    situation.device_model = "NVIDIA Toy";
    situation.device_limits = "cc=90";
    situation.driver = driver;
    situation.toolchain = "NVRTC 13.0";
    info.context.code = {.kernel = "simt", .source_digest = "d", .verdict_digest = "v"};
    info.device_json = "{}";
    info.commit = "1a2b3c";
    const std::int64_t run = store.begin_run(info);
    for (std::size_t i = 0; i < ns.size(); ++i) {
      Measurement measurement;
      for (int k = -4; k <= 4; ++k) measurement.samples_ns.push_back(ns[i] * (1 + k * 0.00025));
      store.append(run, TrialKind::search, info.context, "x=" + std::to_string(i) + " y=2",
                   measurement);
    }
    store.end_run(run, RunEnd::finished);
  }
  void SetUp() override {
    add("a.db", "gemm f32 m=1", "550.54", {1000, 1500});
    add("b.db", "gemm f32 m=1", "580.15", {1200, 1100});
    add("a.db", "gemm f32 m=2", "550.54", {2000});
    add("b.db", "gemm f32 m=2", "580.15", {1000});
    add("a.db", "gemm f32 m=3", "550.54", {2000});
    add("b.db", "gemm f32 m=3", "580.15", {2000});
    add("a.db", "gemm f32 m=4", "550.54", {2000});
  }
};

TEST_F(CliCompare, ShowsTheLargestChangeFirst) {
  const Ran ran = tune("compare a.db b.db");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.out,
            "a  a.db: NVIDIA Toy, driver 550.54, NVRTC 13.0, measured, commit 1a2b3c\n"
            "b  b.db: NVIDIA Toy, driver 580.15, NVRTC 13.0, measured, commit 1a2b3c\n"
            "\n"
            "problem              a     +-         b     +-  b / a  interval        b is    "
            "  a's winner in b  winner of b\n"
            "gemm f32 m=2  2.000 us  0.1 %  1.000 us  0.1 %  0.500  0.499 to 0.501  faster  "
            "                   same\n"
            "gemm f32 m=1  1.000 us  0.1 %  1.100 us  0.1 %  1.100  1.098 to 1.102  slower  "
            "1.200 us (+9.1 %)  x=1\n"
            "gemm f32 m=3  2.000 us  0.1 %  2.000 us  0.1 %  1.000  0.999 to 1.002  equal   "
            "                   same\n"
            "only in a.db: 1 (--all names them)\n"
            "3 in both; b / a 0.819 in the geometric mean; 1 faster, 1 slower, 1 equal within "
            "their intervals\n");
  const Ran all = tune("compare a.db b.db --all");
  EXPECT_NE(all.out.find("  gemm f32 m=4 on NVIDIA Toy, measured, cold L2: 2.000 us\n"),
            std::string::npos)
      << all.out;
}

TEST_F(CliCompare, AThresholdSetsTheExitCode) {
  EXPECT_EQ(tune("compare a.db b.db --threshold 5%").code, 1);
  EXPECT_EQ(tune("compare a.db b.db --threshold '9.5 %'").code, 1);
  EXPECT_EQ(tune("compare a.db b.db --threshold 10%").code, 0) << "the interval reaches below";
  EXPECT_EQ(tune("compare b.db a.db --threshold 10%").code, 1) << "m=2 is twice as slow";
  EXPECT_EQ(tune("compare a.db b.db --problem m=2 --threshold 0%").code, 0);
  const Ran ran = tune("compare a.db b.db --threshold 5%");
  EXPECT_NE(ran.out.find("slower by over 5 %"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("; 1 slower by over 5 %\n"), std::string::npos) << ran.out;
}

TEST_F(CliCompare, PrintsJson) {
  const Ran ran = tune("compare a.db b.db --json --threshold 5%");
  EXPECT_EQ(ran.code, 1);
  const json document = json::parse(ran.out);
  EXPECT_EQ(document.at("a"), "a.db");
  EXPECT_EQ(document.at("problems").size(), 3u);
  const json& one = document.at("problems").at(1);
  EXPECT_EQ(one.at("problem"), "gemm f32 m=1");
  EXPECT_NEAR(one.at("ratio").get<double>(), 1.1, 1e-9);
  EXPECT_LT(one.at("ratio_interval").at(0).get<double>(), 1.1);
  EXPECT_EQ(one.at("change"), "slower");
  EXPECT_EQ(one.at("beyond_threshold"), true);
  EXPECT_EQ(one.at("same_winner"), false);
  EXPECT_EQ(one.at("a").at("configuration"), "x=0 y=2");
  EXPECT_EQ(one.at("a").at("driver"), "550.54");
  EXPECT_EQ(one.at("b").at("configuration"), "x=1 y=2");
  EXPECT_EQ(one.at("b").at("interval_ns").size(), 2u);
  EXPECT_NEAR(one.at("a_in_b").at("median_ns").get<double>(), 1200, 1e-9);
  EXPECT_EQ(document.at("only_a").at(0).at("problem"), "gemm f32 m=4");
  EXPECT_EQ(document.at("only_b"), json::array());
  EXPECT_EQ(document.at("faster"), 1);
  EXPECT_EQ(document.at("beyond_threshold"), 1);
  EXPECT_NEAR(document.at("geometric_mean").get<double>(), std::cbrt(0.5 * 1.1), 1e-9);
  const json without = json::parse(tune("compare a.db b.db --json").out);
  EXPECT_TRUE(without.at("threshold").is_null());
  EXPECT_TRUE(without.at("problems").at(0).at("beyond_threshold").is_null());
}

TEST_F(CliCompare, NothingInCommonIsNoSuccess) {
  const Ran none = tune("compare a.db b.db --problem m=4 --threshold 5%");
  EXPECT_EQ(none.code, 1);
  EXPECT_NE(none.err.find("no problem has a winner on both sides"), std::string::npos);
  const Ran as_json = tune("compare a.db b.db --problem m=4 --json");
  EXPECT_EQ(as_json.code, 1);
  EXPECT_TRUE(json::parse(as_json.out).at("geometric_mean").is_null());
}

TEST_F(CliCompare, ComparesTwoPartsOfOneDatabase) {
  add("one.db", "gemm f32 m=1", "550.54", {1000, 1500});
  add("one.db", "gemm f32 m=2", "550.54", {1000});
  add("one.db", "gemm f32 m=1", "580.15", {1200, 1100});
  add("one.db", "gemm f32 m=2", "580.15", {500});
  const Ran ran = tune("compare one.db --by driver --json");
  EXPECT_EQ(ran.code, 0) << ran.err;
  const json document = json::parse(ran.out);
  EXPECT_EQ(document.at("a"), "one.db, driver 550.54");
  EXPECT_EQ(document.at("b"), "one.db, driver 580.15");
  ASSERT_EQ(document.at("problems").size(), 2u);
  EXPECT_NEAR(document.at("problems").at(0).at("ratio").get<double>(), 0.5, 1e-9);
  const json& second = document.at("problems").at(1);
  EXPECT_EQ(second.at("a").at("configuration"), "x=0 y=2");
  EXPECT_EQ(second.at("b").at("configuration"), "x=1 y=2");
  EXPECT_NEAR(second.at("a_in_b").at("median_ns").get<double>(), 1200, 1e-9);
  const json back =
      json::parse(tune("compare one.db --by driver=580.15,550.54 --problem m=2 --json").out);
  EXPECT_NEAR(back.at("problems").at(0).at("ratio").get<double>(), 2, 1e-9);
  expect_fault("compare one.db --by device", {"--by device", "one.db has 1: NVIDIA Toy"});
  add("one.db", "gemm f32 m=2", "590.1", {500});
  expect_fault("compare one.db --by driver",
               {"has 3: 550.54, 580.15, 590.1", "--by 'driver=550.54,590.1'"});
  expect_fault("compare one.db --by driver=1,2", {"has no driver '1'"});
  expect_fault("compare one.db --by driver=550.54", {"has no driver ''"});
  expect_fault("compare one.db --by colour", {"one of device, driver, toolkit"});
  expect_fault("compare a.db b.db --by driver", {"name one"});
}

TEST_F(CliCompare, SaysWhatIsWrong) {
  expect_fault("compare", {"name two databases", "tune compare before.db after.db"});
  expect_fault("compare a.db", {"name two databases"});
  expect_fault("compare a.db b.db c.db", {"unexpected 'c.db'"});
  expect_fault("compare a.db none.db", {"none.db"});
  for (const char* threshold : {"5", "five%", "-1%", "5%%", "'% 5'", "nan%", "''"}) {
    expect_fault(std::string("compare a.db b.db --threshold ") + threshold,
                 {"--threshold", "for example 5%"});
  }
  expect_fault("compare a.db b.db --source gpu", {"--source", "measured"});
  write("notes.txt", "no database");
  expect_fault("compare a.db notes.txt", {"notes.txt"});
}

// A reader that leaves early, as in `tune compare ... | head -1`, is no reason for a message.
TEST_F(CliCompare, AReaderThatLeavesEndsIt) {
  const Ran ran = tune("compare a.db b.db --json | head -n 1");
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "{\n");
  EXPECT_EQ(ran.err, "");
}

}  // namespace
}  // namespace tw
