// tune --log: the lines of a search tell the same story as its result.
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "unit/cli/fixture.h"

namespace tw {
namespace {

using nlohmann::json;

class CliLog : public Cli {
 protected:
  std::vector<json> log(const std::string& name) {
    std::vector<json> lines;
    std::istringstream text(text_of_file(folder_ / name));
    for (std::string line; std::getline(text, line);) lines.push_back(json::parse(line));
    return lines;
  }
  static std::map<std::string, int> counts(const std::vector<json>& lines) {
    std::map<std::string, int> counts;
    for (const json& one : lines) ++counts[one.at("event").get<std::string>()];
    return counts;
  }
};

TEST_F(CliLog, ASearchOnTheCpuDeviceIsLogged) {
  const Ran ran = tune(
      "--op reduce --shape outer=8,extent=64 --device cpu --budget 4 --race 2 --json --quiet "
      "--log search.jsonl");
  ASSERT_EQ(ran.code, 0) << ran.err;
  const std::vector<json> lines = log("search.jsonl");
  ASSERT_GT(lines.size(), 10u);
  EXPECT_EQ(lines.front().at("event"), "start");
  EXPECT_EQ(lines.back().at("event"), "end");
  double before = 0;
  for (const json& one : lines) {
    EXPECT_GE(one.at("t").get<double>(), before);
    before = one.at("t");
  }
  const auto count = counts(lines);
  const json result = json::parse(ran.out).at("results").at(0);
  EXPECT_EQ(count.at("ask"), result.at("evaluated"));
  EXPECT_EQ(count.at("tell"), result.at("evaluated"));
  EXPECT_EQ(count.at("verdict"), count.at("job")) << "each job has an answer";
  EXPECT_GE(count.at("compile"), 1);
  EXPECT_EQ(count.at("race"), 1);
  EXPECT_GE(count.at("finalist"), 2);
  for (const json& one : lines) {
    if (one.at("event") == "race") {
      EXPECT_EQ(one.at("finalists"), count.at("finalist"));
    }
    if (one.at("event") != "finalist" || one.at("rank") != 1) continue;
    EXPECT_EQ(one.at("configuration"), result.at("ranking").at(0).at("configuration"));
  }
}

TEST_F(CliLog, TimingsSayWhereTheTimeWent) {
  const std::string words =
      "--op reduce --shape outer=8,extent=64 --device cpu --budget 4 --race 2 --quiet ";
  const Ran text = tune(words + "--timings");
  ASSERT_EQ(text.code, 0) << text.err;
  const std::size_t table = text.out.find("\nphase ");
  ASSERT_NE(table, std::string::npos) << text.out;
  EXPECT_NE(text.out.find("\nsearch ", table), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("\nrace ", table), std::string::npos) << text.out;
  const Ran again = tune(words + "--fresh --json", "rm -rf cache &&");
  const json result = json::parse(again.out).at("results").at(0);
  std::vector<std::string> phases;
  double all_s = 0;
  for (const json& one : result.at("timings")) {
    phases.push_back(one.at("phase"));
    if (phases.back() != "prepare") all_s += one.at("seconds").get<double>();
    EXPECT_LE(
        one.at("awaiting_gpus_s").get<double>() + one.at("awaiting_compilers_s").get<double>(),
        one.at("seconds").get<double>() + 1e-9);
    if (phases.back() != "search") continue;
    EXPECT_GT(one.at("awaiting_compilers_s"), 0);
    EXPECT_GT(one.at("compilers_busy"), 0);
  }
  EXPECT_EQ(phases, (std::vector<std::string>{"prepare", "search", "race", "counters"}));
  EXPECT_LE(all_s, result.at("seconds").get<double>() + 1e-3);
  EXPECT_GE(all_s, 0.5 * result.at("seconds").get<double>());
}

TEST_F(CliLog, TheTimeToBeatOnlyFalls) {
  write_recording_of("gemm f32 m=64,n=64,k=64", "toy.t4.json.gz");
  const std::string words = std::string(gemm) + " --device replay:toy.t4.json.gz --budget 24 ";
  ASSERT_EQ(tune(words + "--log search.jsonl").code, 0);
  double incumbent = 1e300;
  int failed = 0;
  for (const json& one : log("search.jsonl")) {
    if (one.at("event") != "tell") continue;
    if (one.at("time_ns").is_null()) ++failed;
    const double now = one.at("incumbent_ns");
    if (now == 0) continue;
    EXPECT_LE(now, incumbent);
    incumbent = now;
  }
  EXPECT_EQ(failed, 1) << "one configuration of the recording fails";
  EXPECT_EQ(incumbent, 1e6 + 10);
  expect_fault(words + "--log none/none/x", {"--log none/none/x: cannot be written"});
}

}  // namespace
}  // namespace tw
