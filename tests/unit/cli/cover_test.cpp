// tune cover: tunes shapes of ranges, and says what is lost.
#include <nlohmann/json.hpp>

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
  EXPECT_NE(ran.err.find("next: tune emit --spec op.toml --kernels 2"), std::string::npos)
      << ran.err;
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
  expect_fault("cover --spec op.toml --device cpu --trust-code --range x=1..9", {"x"});
}

}  // namespace
}  // namespace tw
