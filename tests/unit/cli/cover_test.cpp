// tune cover: tunes shapes of ranges, and says what is lost.
#include <nlohmann/json.hpp>
#include <set>

#include "unit/cli/fixture.h"
#include "unit/support/paths.h"

namespace tw {
namespace {

using nlohmann::json;

class CliCover : public Cli {
 protected:
  CliCover() { fs::copy(test_data("check"), folder_, fs::copy_options::recursive); }
  Ran cover(const std::string& options) {
    return tune("cover --spec op.toml --device cpu --trust-code --kernel whole --budget 2 " +
                options);
  }
};

TEST_F(CliCover, TunesShapesAndMeasuresCandidatesOnAllOfThem) {
  const Ran ran = cover("--range n=16..4096 --shapes-count 4 --kernels 2 --json --quiet");
  ASSERT_EQ(ran.code, 0) << ran.err;
  const json range = json::parse(ran.out).at("ranges").at(0);
  EXPECT_EQ(range.at("range"), "n=16..4096");
  EXPECT_EQ(range.at("missing"), 0);
  EXPECT_LE(range.at("configurations"), 2);
  ASSERT_EQ(range.at("shapes").size(), 4u);
  EXPECT_EQ(range.at("shapes").at(1).at("problem"), "twice f32 n=16") << "an end comes second";
  EXPECT_EQ(range.at("shapes").at(2).at("problem"), "twice f32 n=4096");
  EXPECT_EQ(range.at("regret").at("shapes"), 4);
  EXPECT_GE(range.at("regret").at("worst_slowdown"), range.at("regret").at("geomean_slowdown"));
  EXPECT_EQ(range.at("left_out").at("shapes"), 4) << "all candidates are measured on all shapes";
}

// Returns the line of what to do next, without its head.
std::string next_line(const Ran& ran) {
  const std::string head = "next: tune ";
  const std::size_t begin = ran.err.find(head);
  if (begin == std::string::npos) return "";
  const std::size_t end = ran.err.find('\n', begin);
  return ran.err.substr(begin + head.size(), end - begin - head.size());
}

TEST_F(CliCover, TheNextStepWorksAsItIsPrinted) {
  const std::string options =
      "--kernels 2 --shapes-count 2 --l2 warm --db \"it's mine.db\" --quiet";
  const Ran ran = cover("--range n=16..4096 " + options);
  ASSERT_EQ(ran.code, 0) << ran.err;
  const std::string next = next_line(ran);
  EXPECT_NE(next.find("emit --spec op.toml --kernels "), std::string::npos) << ran.err;
  EXPECT_NE(next.find("--source cpu --l2 warm"), std::string::npos) << next;
  const Ran emitted = tune(next);
  EXPECT_EQ(emitted.code, 0) << next << "\n" << emitted.err;
  EXPECT_TRUE(fs::exists(folder_ / "tuned" / "twice.cuh"));
}

// A configuration for one layout serves no other, so a header needs the configurations of
// both.
TEST_F(CliCover, EachLayoutIsARangeOfItsOwn) {
  const Ran ran = tune(
      "cover --op gemm --range 'm=8|16,n=8,k=8,layout=nt|nn' --kernel simt --device cpu "
      "--budget 1 --kernels 1 --quiet");
  ASSERT_EQ(ran.code, 0) << ran.err;
  for (const char* layout : {"nt", "nn"}) {
    const std::string range = std::string("m=8|16,n=8,k=8,layout=") + layout + "\n";
    EXPECT_NE(ran.out.find(range), std::string::npos) << ran.out;
  }
  EXPECT_EQ(next_line(ran), "emit --op gemm --kernels 2 --out tuned --source cpu") << ran.err;
}

TEST_F(CliCover, ContinuesFromTheDatabase) {
  ASSERT_EQ(cover("--range n=16..4096 --shapes-count 3 --quiet").code, 0);
  const Store store = Store::open((folder_ / "tilewright.db").string(), Store::Mode::read_only);
  const std::size_t trials = store.trials({}).size();
  ASSERT_EQ(cover("--range n=16..4096 --shapes-count 3 --quiet").code, 0);
  EXPECT_EQ(store.trials({}).size(), trials) << "nothing is measured again";
  ASSERT_EQ(cover("--range n=16..4096 --shapes-count 4 --quiet").code, 0);
  EXPECT_GT(store.trials({}).size(), trials);
  const Ran text = cover("--range n=16..4096 --shapes-count 4 --quiet");
  EXPECT_NE(text.out.find("for 4 tuned shapes: slower than the fastest by geometric mean"),
            std::string::npos)
      << text.out;
  EXPECT_NE(text.out.find("as if it were not tuned (4 of 4)"), std::string::npos) << text.out;
}

TEST_F(CliCover, MeasuresShapesThatWereNotTuned) {
  const Ran ran = cover("--range n=16..4096 --shapes-count 3 --held-out 5 --json --quiet");
  ASSERT_EQ(ran.code, 0) << ran.err;
  const json held = json::parse(ran.out).at("ranges").at(0).at("held_out");
  ASSERT_EQ(held.at("shapes").size(), 5u);
  EXPECT_EQ(held.at("unserved"), 0);
  EXPECT_EQ(held.at("against_library").at("shapes"), 0) << "no library runs on the cpu device";
  for (const json& one : held.at("shapes")) {
    EXPECT_GE(one.at("chosen_ns"), one.at("best_ns")) << one;
    const std::string problem = one.at("problem");
    const json selected =
        json::parse(tune("select --spec op.toml --source cpu --json --kernels 8 --shape " +
                         problem.substr(problem.find("n=")) + " --db tilewright.db")
                        .out)
            .at("results")
            .at(0);
    EXPECT_EQ(selected.at("kernel"), "whole");
  }
  const Ran text = cover("--range n=16..4096 --shapes-count 3 --held-out 5 --quiet");
  EXPECT_NE(text.out.find("5 of 5 shapes that were not tuned are measured"), std::string::npos)
      << text.out;
}

// Runs that continue hold out the same shapes, and none that is tuned. They end, although the range
// has fewer than were asked for.
TEST_F(CliCover, HeldOutShapesAreUnseenAndTheSame) {
  const std::string options = "--range n=16..24 --shapes-count 3 --held-out 50 --json --quiet";
  std::vector<std::set<std::string>> rounds;
  for (int round = 0; round < 2; ++round) {
    const Ran ran = cover(options);
    ASSERT_EQ(ran.code, 0) << ran.err << ran.out;
    const json range = json::parse(ran.out).at("ranges").at(0);
    const json held = range.at("held_out");
    EXPECT_EQ(held.at("found"), 6) << "nine sizes, and three of them are tuned";
    EXPECT_EQ(held.at("missing"), 0);
    std::set<std::string>& problems = rounds.emplace_back();
    for (const json& one : held.at("shapes")) problems.insert(one.at("problem"));
    EXPECT_EQ(problems.size(), 6u);
    for (const json& one : range.at("shapes")) {
      EXPECT_FALSE(problems.contains(one.at("problem"))) << one;
    }
  }
  EXPECT_EQ(rounds[0], rounds[1]);
}

TEST_F(CliCover, ARangeThatHasNothingToHoldOutSaysSo) {
  const Ran ran = cover("--range 'n=16|64' --held-out 3 --quiet");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("the range has no shape that was not tuned: nothing is held out"),
            std::string::npos)
      << ran.out;
}

// The time is over at once. At least two shapes are tuned, and the others are left.
TEST_F(CliCover, ShapesThatTheTimeDoesNotReachAreLeft) {
  const std::string options =
      "cover --spec op.toml --device cpu --trust-code --kernel whole --range n=16..4096 "
      "--shapes-count 9 --held-out 2 --quiet --budget ";
  const Ran ran = tune(options + "0.01s");
  EXPECT_EQ(ran.code, 1) << ran.err;
  EXPECT_NE(ran.out.find("left: 7 shapes to tune"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("2 shapes held out to measure: run the same command again"),
            std::string::npos)
      << ran.out;
  const Ran again = tune(options + "1h --json");
  EXPECT_EQ(again.code, 0) << again.err;
  const json range = json::parse(again.out).at("ranges").at(0);
  EXPECT_EQ(range.at("not_tuned"), 0);
  EXPECT_EQ(range.at("shapes").size(), 9u);
}

TEST_F(CliCover, AShapeThatCannotBeTunedIsLeftOutAndNamed) {
  const Ran ran = cover("--range 'n=16|2000000000' --json");
  ASSERT_EQ(ran.code, 0) << ran.err;
  const json range = json::parse(ran.out).at("ranges").at(0);
  EXPECT_EQ(range.at("shapes").size(), 1u);
  EXPECT_EQ(range.at("impossible").at("shapes"), 1);
  EXPECT_EQ(range.at("impossible").at("example"), "n=2000000000");
  const Ran text = cover("--range 'n=16|2000000000' --quiet");
  EXPECT_EQ(text.code, 0);
  EXPECT_NE(text.out.find("1 shape cannot be tuned: n=2000000000: "), std::string::npos)
      << text.out;
}

TEST_F(CliCover, ARangeOfWhichNothingCanBeTunedIsAFaultAfterTheOthers) {
  write("ranges.txt", "n=2000000000\nn=16|32\n");
  const Ran ran = cover("--shapes ranges.txt --json --quiet");
  EXPECT_EQ(ran.code, 2) << ran.err;
  EXPECT_EQ(json::parse(ran.out).at("ranges").at(1).at("shapes").size(), 2u);
  EXPECT_NE(ran.err.find("no shape of 1 of 2 ranges can be tuned: n=2000000000: "),
            std::string::npos)
      << ran.err;
}

TEST_F(CliCover, SaysWhichDeviceMeasuresWhat) {
  const Ran ran = cover("--range 'n=16|32'");
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.err.find("twice f32 n=16 on "), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("the times are this host's, not a GPU's"), std::string::npos) << ran.err;
}

// Which configurations are right is the same for a search and for the measurements on all shapes,
// although the default configuration does not work.
TEST_F(CliCover, AnOpWithoutAReferenceIsCoveredAndContinued) {
  fs::create_directories(folder_ / "plain");
  write("plain/op.toml", R"toml([op]
name = "plain"
dtypes = ["f32"]
flops = "n"
bytes = "8 * n"
[[dim]]
name = "n"
[[tensor]]
name = "x"
role = "in"
shape = ["n"]
[[tensor]]
name = "y"
role = "out"
shape = ["n"]
)toml");
  write("plain/plain.toml", R"toml([kernel]
source = "plain.cuh"
knobs = "macros"
[[knob]]
name = "KIND"
values = [0, 1, 2, 3, 4, 5]
[[launch]]
entry = "plain"
grid = ["ceil_div(n, 64)"]
block = ["64"]
args = ["n", "x", "y"]
)toml");
  write("plain/plain.cuh", R"cu(
#if KIND == 0
#error no default
#endif
extern "C" __global__ void plain(int n, const float* x, float* y) {
  const int i = blockIdx.x * 64 + threadIdx.x;
  if (i < n) y[i] = x[i] * 2;
}
)cu");
  const std::string command =
      "cover --spec plain/op.toml --device cpu --trust-code --budget 3 --range 'n=64|128|256' "
      "--held-out 0 --json --quiet";
  const Ran ran = tune(command);
  ASSERT_EQ(ran.code, 0) << ran.err << ran.out;
  const json range = json::parse(ran.out).at("ranges").at(0);
  EXPECT_EQ(range.at("missing"), 0);
  EXPECT_EQ(range.at("left_out").at("shapes"), 3) << range;
  const Store store = Store::open((folder_ / "tilewright.db").string(), Store::Mode::read_only);
  const std::size_t trials = store.trials({}).size();
  EXPECT_EQ(tune(command).code, 0);
  EXPECT_EQ(store.trials({}).size(), trials) << "nothing is measured again";
}

TEST_F(CliCover, CtrlCSaysWhatIsLeft) {
  const Ran ran = tune_interrupted_at(
      "3 of 6", {"cover", "--spec", "op.toml", "--device", "cpu", "--trust-code", "--kernel",
                 "whole", "--budget", "2", "--range", "n=16..4096", "--shapes-count", "6"});
  EXPECT_EQ(ran.code, 1) << ran.err;
  const std::string& out = ran.out;
  EXPECT_NE(out.find("tuned shapes: slower than the fastest by"), std::string::npos) << out;
  EXPECT_NE(out.find("shapes to tune"), std::string::npos) << out;
  EXPECT_NE(out.find("run the same command again to continue"), std::string::npos) << out;
  const Ran again = cover("--range n=16..4096 --shapes-count 6 --json --quiet");
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(json::parse(again.out).at("ranges").at(0).at("shapes").size(), 6u);
}

TEST_F(CliCover, TakesSeveralRanges) {
  write("ranges.txt", "n=16..64\nn=1024..4096\n");
  const Ran ran = cover("--shapes ranges.txt --shapes-count 2 --json --quiet");
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(json::parse(ran.out).at("ranges").size(), 2u);
}

TEST_F(CliCover, FaultsAreOneLine) {
  expect_fault("cover --spec op.toml --device cpu --trust-code", {"no --range: for example"});
  expect_fault("cover --spec op.toml --device cpu --trust-code --range n=9..1",
               {"--range: 'n=9..1': the range ends before it begins: write 1..9"});
  expect_fault("cover --spec op.toml --device cpu --trust-code --range n=1..9 --budget auto",
               {"--budget auto does not bound a cover"});
  expect_fault("cover --spec op.toml --device cpu --trust-code --range x=1..9",
               {"--range: op twice has no dim, choice or scalar 'x'"});
  expect_fault("cover --spec op.toml --device cpu --trust-code --range n=",
               {"--range: 'n=' in the shape has no value"});
  expect_fault("cover --spec op.toml --device cpu --trust-code --range 'n=16|y'",
               {"--range: n=y: 'y' is not a number"});
  write("ranges.txt", "n=16..64\nn=1..,\n");
  expect_fault("cover --spec op.toml --device cpu --trust-code --shapes ranges.txt",
               {"ranges.txt:2: 'n=1..': a range has a number on both sides"});
}

}  // namespace
}  // namespace tw
