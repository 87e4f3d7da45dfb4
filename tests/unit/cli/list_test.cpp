// A list of problems: the progress through it, and the table at its end.
#include <nlohmann/json.hpp>

#include "session/list_gain.h"
#include "session/list_report.h"
#include "unit/cli/fixture.h"

namespace tw {
namespace {

using nlohmann::json;

Ranked winner_of(const std::string& configuration, double ns) {
  Ranked winner;
  winner.kernel = "simt";
  winner.configuration = configuration;
  winner.median_ns = ns;
  winner.measurement.samples_ns = {ns, ns, ns};
  return winner;
}

// A list of four: two winners, one without a library, a failure, and one that was not reached.
ListReport some_list() {
  ListReport report;
  report.entries = {{.problem = "p1",
                     .state = ListState::found,
                     .winner = winner_of("block_m=64 swizzle=true", 2e6),
                     .baseline = FastestBaseline{"cublas", 4e6}},
                    {.problem = "p2",
                     .state = ListState::found,
                     .winner = winner_of("block_m=32 swizzle=false", 1e6),
                     .baseline = FastestBaseline{"cublas", 0.5e6}},
                    {.problem = "p3", .state = ListState::failed, .note = "too large"},
                    {.problem = "p4"}};
  report.seconds = 65;
  return report;
}

TEST(ListReport, IsATableInTheOrderOfTheList) {
  EXPECT_EQ(list_text(some_list()),
            "problem  kernel    median     +-  x baseline  state        configuration  why\n"
            "p1       simt    2.000 ms  0.0 %        2.00               bm64 s1\n"
            "p2       simt    1.000 ms  0.0 %        0.50               bm32 s0\n"
            "p3                                            failed                      too large\n"
            "p4                                            not started\n"
            "2 of 4 problems have a winner; 1 failed, 1 not started; x baseline 1.00 in the "
            "geometric mean of 2; 1 m 05 s\n");
}

TEST(ListReport, IsJson) {
  const auto document = list_json(some_list());
  EXPECT_EQ(document.at("total"), 4);
  EXPECT_EQ(document.at("winners"), 2);
  EXPECT_EQ(document.at("compared"), 2);
  EXPECT_DOUBLE_EQ(document.at("geometric_mean").get<double>(), 1);
  const auto& first = document.at("problems").at(0);
  EXPECT_EQ(first.at("over_baseline"), 2.0);
  EXPECT_EQ(first.at("baseline"), "cublas");
  EXPECT_EQ(first.at("configuration"), "block_m=64 swizzle=true");
  const auto& third = document.at("problems").at(2);
  EXPECT_EQ(third.at("state"), "failed");
  EXPECT_EQ(third.at("note"), "too large");
  for (const char* key : {"kernel", "median_ns", "interval_ns", "baseline_ns", "over_baseline"}) {
    EXPECT_TRUE(third.at(key).is_null()) << key;
  }
}

// The same list with numbers of calls. Ours is faster in p1 and slower in p2.
ListReport counted_list() {
  ListReport report = some_list();
  report.entries[0].count = 3;
  report.entries[1].count = 2000;
  report.entries[2].count = 7;
  return report;
}

TEST(ListReport, EndsWithWhatTheProgramWouldGain) {
  EXPECT_EQ(gain_text(some_list()), "");
  EXPECT_TRUE(list_json(some_list()).at("gain").is_null());
  const std::string gain =
      "\nwhat the program would gain: calls x (the library's time - ours)\n"
      "    gain  calls  library  its time      ours  problem\n"
      "6.000 ms      3  cublas   4.000 ms  2.000 ms  p1\n"
      "-1.000 s  2,000  cublas   500.0 us  1.000 ms  p2\n"
      "in all 6.000 ms of 1.012 s in libraries (0.6 %); 1 problem where the library stays, because "
      "it is faster; not compared: 1 problem with 7 calls\n";
  EXPECT_EQ(gain_text(counted_list()), gain);
  EXPECT_TRUE(list_text(counted_list()).ends_with(gain)) << list_text(counted_list());
}

TEST(ListReport, HasTheGainInJson) {
  const auto document = list_json(counted_list());
  EXPECT_EQ(document.at("problems").at(1).at("count"), 2000);
  EXPECT_TRUE(document.at("problems").at(3).at("count").is_null());
  const auto& gain = document.at("gain");
  EXPECT_DOUBLE_EQ(gain.at("gain_ns").get<double>(), 6e6);
  EXPECT_DOUBLE_EQ(gain.at("baseline_ns").get<double>(), 3 * 4e6 + 2000 * 0.5e6);
  EXPECT_EQ(gain.at("library_stays"), 1);
  EXPECT_EQ(gain.at("not_compared"), 1);
  EXPECT_EQ(gain.at("calls_not_compared"), 7);
  EXPECT_EQ(gain.at("problems").at(0).at("problem"), "p1");
  EXPECT_EQ(gain.at("problems").at(0).at("count"), 3);
  EXPECT_DOUBLE_EQ(gain.at("problems").at(1).at("gain_ns").get<double>(), -1e9);
}

TEST(ListReport, SaysWhyAProblemHasNoWinner) {
  SessionResult result;
  result.outcomes = {{Outcome::compile_failed, 3}, {Outcome::faulted, 1}};
  result.notes = {{Outcome::compile_failed, "too many registers"}, {Outcome::faulted, "x"}};
  ListEntry entry;
  set_result(result, entry);
  EXPECT_EQ(entry.state, ListState::nothing);
  EXPECT_EQ(entry.note, "compile_failed: too many registers");
  result.interrupted = true;
  set_result(result, entry);
  EXPECT_EQ(entry.state, ListState::interrupted);
}

class CliList : public Cli {
 protected:
  // Writes an op of one kernel that serves len > 100 only, and is wrong for len > 300.
  void write_own() {
    write("op.toml",
          "[op]\nname = \"one\"\ndtypes = [\"f32\"]\nflops = \"0\"\nbytes = \"0\"\n"
          "[[dim]]\nname = \"len\"\n[[tensor]]\nname = \"y\"\nrole = \"out\"\nshape = [\"len\"]\n"
          "[reference]\nsource = \"one.cuh\"\nentry = \"ones\"\ngrid = [1]\nblock = [1]\n"
          "args = [\"len\", \"y_expected\", \"y_magnitude\"]\n[tolerance]\nf32 = 1\n");
    write("one.toml",
          "[kernel]\nsource = \"one.cu\"\nknobs = \"macros\"\nneeds = \"len > 100\"\n"
          "[[knob]]\nname = \"WAY\"\nvalues = [0, 1]\n"
          "[[launch]]\nentry = \"one\"\ngrid = [1]\nblock = [32]\nargs = [\"len\", \"y\"]\n");
    write("one.cu",
          "extern \"C\" __global__ void one(int n, float* y) {\n"
          "  for (int i = threadIdx.x; i < n; i += 32) y[i] = n > 300 ? 2 : 1;\n}\n");
    write("one.cuh",
          "#include \"common/epilogue.cuh\"\n"
          "template <class T, class V, class Epilogue>\n"
          "__global__ void ones(int n, double* y, double* magnitude) {\n"
          "  for (int i = 0; i < n; ++i) y[i] = magnitude[i] = 1;\n}\n");
  }
  static constexpr const char* own = "--spec op.toml --device cpu --trust-code --shapes list.txt ";
};

TEST_F(CliList, AProblemThatCannotBeTunedDoesNotEndTheList) {
  write_own();
  write("list.txt", "len=200\nlen=64\nlen=400\nlen=250\n");
  const Ran ran = tune(own);
  EXPECT_EQ(ran.code, 2) << ran.err;
  const std::size_t table = ran.out.rfind("problem  ", ran.out.rfind("one f32 len=200"));
  ASSERT_NE(table, std::string::npos) << ran.out;
  const std::string last = ran.out.substr(table);
  for (const char* part :
       {"one f32 len=200  one ", "one f32 len=64 ", "failed", "no winner", "wrong_result",
        "one f32 len=250  one ", "2 of 4 problems have a winner; 1 no winner, 1 failed; "}) {
    EXPECT_NE(last.find(part), std::string::npos) << "no '" << part << "' in: " << last;
  }
  for (const char* part : {"1 of 4: one f32 len=200 on", "2 of 4", "cannot be tuned: ", "4 of 4",
                           "tune: 1 of 4 problems cannot be tuned"}) {
    EXPECT_NE(ran.err.find(part), std::string::npos) << "no '" << part << "' in: " << ran.err;
  }
  // Problems that follow a searched one have a time.
  EXPECT_NE(ran.err.find("4 of 4 ("), std::string::npos) << ran.err;
  // The hint what to do next is said once.
  const std::size_t next = ran.err.find("next: tune emit");
  ASSERT_NE(next, std::string::npos) << ran.err;
  EXPECT_EQ(ran.err.find("next: tune emit", next + 1), std::string::npos) << ran.err;
}

TEST_F(CliList, JsonHasASummary) {
  write_own();
  write("list.txt", "len=200\nlen=64\nlen=250\n");
  const Ran ran = tune(std::string(own) + "--json --quiet");
  EXPECT_EQ(ran.code, 2);
  const json document = json::parse(ran.out);
  EXPECT_EQ(document.at("results").size(), 2u);
  const json& summary = document.at("summary");
  EXPECT_EQ(summary.at("total"), 3);
  EXPECT_EQ(summary.at("winners"), 2);
  EXPECT_TRUE(summary.at("geometric_mean").is_null()) << "the cpu device has no libraries";
  ASSERT_EQ(summary.at("problems").size(), 3u);
  EXPECT_EQ(summary.at("problems").at(0).at("state"), "found");
  EXPECT_EQ(summary.at("problems").at(0).at("median_ns"),
            document.at("results").at(0).at("ranking").at(0).at("median_ns"));
  EXPECT_EQ(summary.at("problems").at(1).at("state"), "failed");
}

TEST_F(CliList, AListMayBeCsv) {
  write_own();
  write("list.csv", "len,dtype\n200,f32\n# later: 300\n250,\n");
  const Ran ran = tune("--spec op.toml --device cpu --trust-code --shapes list.csv --json --quiet");
  EXPECT_EQ(ran.code, 0) << ran.err;
  const json problems = json::parse(ran.out).at("summary").at("problems");
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems.at(1).at("problem"), "one f32 len=250");
  write("bad.csv", "len,dtype\n200,f64\n");
  expect_fault("--spec op.toml --shapes bad.csv", {"bad.csv:2: column 'dtype': ", "f64"});
}

TEST_F(CliList, NumbersOfCallsEndInAGain) {
  write_own();
  for (const char* lines : {"len=200 count=5\n", "len=200 count=5\nlen=250\n"}) {
    write("list.txt", lines);
    const Ran ran = tune(own);
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_TRUE(
        ran.out.ends_with("what the program would gain: calls x (the library's time - "
                          "ours)\nunknown: no problem has a winner and a library's time; "
                          "not compared: 1 problem with 5 calls\n"))
        << ran.out;
  }
}

TEST_F(CliList, AFaultOfASingleProblemPrintsNoTable) {
  write_own();
  write("list.txt", "len=64\n");
  expect_fault(std::string(own) + "--quiet", {"one"});
  expect_fault(std::string(own) + "--quiet --json", {"one"});
}

TEST_F(CliList, OneProblemHasNoTableAtTheEnd) {
  write_own();
  write("list.txt", "len=200\n");
  const Ran ran = tune(own);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out.find("have a winner"), std::string::npos) << ran.out;
  EXPECT_EQ(ran.err.find("1 of 1"), std::string::npos) << ran.err;
}

// A database that cannot grow ends the list, but not the table of what was done before.
TEST_F(CliList, AFaultOfTheMachineShowsWhatIsDone) {
  fs::create_directories(folder_ / "bin");
  fs::create_directories(folder_ / "share/tilewright/recordings");
  fs::copy(executable_, folder_ / "bin/tune");
  write_recording_of("gemm f32 m=4096,n=4096,k=4096",
                     "share/tilewright/recordings/gemm.toy.t4.json.gz");
  std::string lines;
  for (int i = 0; i < 60; ++i) lines += "gemm 4096x4096x4096\n";
  write("list.txt", lines);
  const std::string command =
      "cd '" + folder_.string() +
      "' && ulimit -f 1000 && CUDA_VISIBLE_DEVICES= bin/tune --shapes list.txt --fresh --budget 3 "
      "--race 0 --json --top 1 --quiet >out.txt 2>err.txt";
  const int status = std::system(command.c_str());
  EXPECT_EQ(WEXITSTATUS(status), 2);
  const std::string err = text_of_file(folder_ / "err.txt");
  EXPECT_EQ(std::count(err.begin(), err.end(), '\n'), 1) << err;
  const json document = json::parse(text_of_file(folder_ / "out.txt"), nullptr, false);
  ASSERT_TRUE(document.is_object()) << err;
  const json& problems = document.at("summary").at("problems");
  ASSERT_EQ(problems.size(), 60u);
  EXPECT_EQ(problems.front().at("state"), "found");
  EXPECT_EQ(problems.back().at("state"), "not started");
  const auto failed = std::find_if(problems.begin(), problems.end(),
                                   [](const json& one) { return one.at("state") == "failed"; });
  ASSERT_NE(failed, problems.end());
  EXPECT_NE(err.find(failed->at("note").get<std::string>()), std::string::npos) << err;
  EXPECT_EQ(document.at("results").size(), static_cast<std::size_t>(failed - problems.begin()));
}

TEST_F(CliList, CtrlCShowsWhatIsDone) {
  write("list.txt", "gemm m=8,n=8,k=8\ngemm m=16,n=16,k=16\ngemm m=24,n=8,k=8\n");
  const Ran ran = tune_interrupted_at(
      "2 of 3", {"--shapes", "list.txt", "--kernel", "simt", "--device", "cpu", "--budget", "4s"});
  EXPECT_EQ(ran.code, 0) << "the first problem has a winner" << ran.err;
  const std::string& out = ran.out;
  const std::string last = out.substr(std::min(out.rfind("problem  "), out.size()));
  for (const char* part :
       {"gemm f32 m=8,n=8,k=8 ", "interrupted", "not started", "of 3 problems"}) {
    EXPECT_NE(last.find(part), std::string::npos) << "no '" << part << "' in: " << last;
  }
}

}  // namespace
}  // namespace tw
