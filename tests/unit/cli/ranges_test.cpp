// Ranges of shapes, as words and in lists of problems.
#include "options/ranges.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/base/error.h"
#include "options/problem_options.h"
#include "unit/db/fixture.h"

namespace tw {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> shapes(const std::string& text) { return shapes_in(parse_range(text)); }

std::string fault(const std::string& text) {
  try {
    shapes(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Ranges, StandForTheirEndsAndThePowersOfTwo) {
  EXPECT_THAT(shapes("m=1..8"), ElementsAre("m=1", "m=2", "m=4", "m=8"));
  EXPECT_THAT(shapes("m=3..9"), ElementsAre("m=3", "m=4", "m=8", "m=9"));
  EXPECT_THAT(shapes("m=5..5"), ElementsAre("m=5"));
  EXPECT_THAT(shapes("m=7"), ElementsAre("m=7"));
}

TEST(Ranges, EndAtTheLargestNumber) {
  const std::vector<std::string> all = shapes("m=4611686018427387904..9223372036854775807");
  EXPECT_THAT(all, ElementsAre("m=4611686018427387904", "m=9223372036854775807"));
}

TEST(Ranges, CombineTheirAxes) {
  EXPECT_THAT(shapes("m=1..2,n=64|96,layout=nt"),
              ElementsAre("m=1,n=64,layout=nt", "m=1,n=96,layout=nt", "m=2,n=64,layout=nt",
                          "m=2,n=96,layout=nt"));
  EXPECT_THAT(shapes("m=1|4..8"), ElementsAre("m=1", "m=4", "m=8"));
  EXPECT_THAT(shapes("layout=nt|nn,m=1"), ElementsAre("layout=nt,m=1", "layout=nn,m=1"));
  EXPECT_THAT(shapes("1..2x64,layout=nt|nn"),
              ElementsAre("1x64,layout=nt", "1x64,layout=nn", "2x64,layout=nt", "2x64,layout=nn"));
  EXPECT_THAT(shapes("1..2x64x64|96"), ElementsAre("1x64x64", "1x64x96", "2x64x64", "2x64x96"));
}

TEST(Ranges, FaultsAreSaidInTheWordsOfTheUser) {
  EXPECT_EQ(fault("m=8..4"), "'m=8..4': the range ends before it begins: write 4..8");
  EXPECT_EQ(fault("m=1..,n=2"),
            "'m=1..': a range has a number on both sides of the dots, as in m=1..8192");
  EXPECT_EQ(fault("m=a..8"),
            "'m=a..8': a range has a number on both sides of the dots, as in m=1..8192");
  EXPECT_EQ(fault("m=1...8"),
            "'m=1...8': a range has a number on both sides of the dots, as in m=1..8192");
  EXPECT_EQ(fault("m=0..8"), "'m=0..8': a range begins at 1 or above");
  EXPECT_EQ(fault("n=64|"), "'n=64|': nothing stands beside a '|': write values, as in n=64|128");
  EXPECT_EQ(fault("m=1..8,n"), "'n' in the shape has no '=': write NAME=VALUE");
  EXPECT_EQ(fault("m=,n=4"), "'m=' in the shape has no value: write NAME=VALUE");
  EXPECT_EQ(fault("=1..4,n=4"), "'=1..4' in the shape has no name: write NAME=VALUE");
  EXPECT_EQ(fault("1..4xx4"),
            "'1..4xx4' has no value beside an 'x': write sizes, as in 64x64x1..8");
  EXPECT_THAT(fault(""), HasSubstr("the shape is empty"));
  EXPECT_THAT(fault("a=1..1048576,b=1..1048576,c=1..1048576,d=1..1048576"),
              HasSubstr("more than 10000 shapes"));
}

TEST(Ranges, AreWrittenAsTheyAreRead) {
  for (const char* text : {"m=1..8,n=64|128..256,layout=nt", "1..2x64,layout=nt|nn", "7x8"}) {
    EXPECT_EQ(parse_range(text).text(), text);
  }
}

TEST(Ranges, AreCountedUpToALimit) {
  EXPECT_EQ(combinations_in(parse_range("m=1..8,n=1|2|3"), 100), 12u);
  EXPECT_EQ(combinations_in(parse_range("m=1..8,n=1|2|3"), 11), 12u);
  EXPECT_EQ(combinations_in(parse_range("m=1..8,n=1|2|3"), 5), 6u);
}

class RangeLists : public testing::Test {
 protected:
  static const Catalog& catalog() {
    static const Catalog loaded = Catalog::load(builtin_spaces(), builtin_sources());
    return loaded;
  }
  static Arguments arguments(const std::vector<std::string>& words) {
    CommandSpec command{.name = "list",
                        .summary = "",
                        .usage = "",
                        .flags = problem_flags(),
                        .positional = "",
                        .examples = {}};
    command.flags.push_back({"range", "RANGE", ""});
    return Arguments::parse(command, words);
  }
  std::vector<std::string> keys(const std::string& name, const std::string& text) const {
    const std::string path = folder_ / name;
    std::ofstream(path) << text;
    std::vector<std::string> keys;
    for (const Asked& one : asked_problems(arguments({"--shapes", path}), catalog())) {
      keys.push_back(one.problem.key(one.entry->op));
    }
    return keys;
  }
  std::string fault(const std::string& name, const std::string& text) const {
    try {
      keys(name, text);
    } catch (const Error& error) {
      const std::string what = error.what();
      return what.substr(what.find(name));
    }
    return "";
  }
  TemporaryFolder folder_;
};

TEST_F(RangeLists, LinesAndTablesMayHoldThem) {
  const std::vector<std::string> problems{"gemm f32 m=1,n=64,k=8", "gemm f32 m=1,n=96,k=8",
                                          "gemm f32 m=2,n=64,k=8", "gemm f32 m=2,n=96,k=8"};
  EXPECT_EQ(keys("list.txt", "gemm m=1..2,n=64|96,k=8  # layers\n"), problems);
  EXPECT_EQ(keys("list.csv", "op,m,n,k\ngemm,1..2,64|96,8\n"), problems);
}

TEST_F(RangeLists, FaultsNameTheLine) {
  EXPECT_EQ(fault("list.txt", "gemm 1x2x3\ngemm m=8..4,n=1,k=1\n"),
            "list.txt:2: 'm=8..4': the range ends before it begins: write 4..8");
  EXPECT_EQ(fault("list.csv", "op,m,n,k\ngemm,8..4,1,1\n"),
            "list.csv:2: column 'm': 'm=8..4': the range ends before it begins: write 4..8");
  EXPECT_THAT(fault("list.txt", "gemm m=1..2,n=64|x,k=8\n"), HasSubstr("list.txt:1: n=x: 'x'"));
}

// The same rules hold for --range and for each line of a list, of lines or of cells.
TEST_F(RangeLists, OfACoverFollowOneRule) {
  const auto ranges = [&](const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    std::vector<std::string> shapes;
    for (const AskedRange& one : asked_ranges(arguments({"--shapes", folder_ / name}), catalog())) {
      shapes.push_back(one.text.shape);
    }
    return shapes;
  };
  // More combinations than a list of problems may have, and shapes that the op refuses.
  const std::string large = "m=1..8192,n=1..8192,k=1..8192,batch=1..64,lda=64..8192";
  EXPECT_THAT(ranges("list.txt", "gemm " + large + "\n"), ElementsAre(large));
  EXPECT_THAT(ranges("list.csv",
                     "op,m,n,k,batch,lda\n"
                     "gemm,1..8192,1..8192,1..8192,1..64,64..8192\n"),
              ElementsAre(large));
  EXPECT_EQ(asked_ranges(arguments({"--op", "gemm", "--range", large}), catalog()).size(), 1u);
  EXPECT_THAT(ranges("layout.csv", "op,m,n,k,layout\ngemm,1..2,8,8,nt|nn\n"),
              ElementsAre("m=1..2,n=8,k=8,layout=nt|nn"));
  const auto what = [&](const auto& action) -> std::string {
    try {
      action();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  for (const auto& [range, fault] :
       {std::pair{"m=1..2,n=64|x,k=8", "n=x: 'x' is not a number"},
        std::pair{"m=1..2,q=4,k=8", "op gemm has no dim, choice or scalar 'q'"},
        std::pair{"m=,n=4,k=8", "'m=' in the shape has no value"},
        std::pair{"m=1..99999999999,n=4,k=8", "m=99999999999: dim m of op gemm must be from 1"}}) {
    EXPECT_THAT(what([&] { ranges("list.txt", std::string("gemm ") + range + "\n"); }),
                HasSubstr(std::string("list.txt:1: ") + fault));
    EXPECT_THAT(what([&] {
                  asked_ranges(arguments({"--op", "gemm", "--range", range}), catalog());
                }),
                HasSubstr(std::string("--range: ") + fault));
  }
}

TEST_F(RangeLists, ARangeOfTheCommandLine) {
  const Arguments given = arguments({"--op", "gemm", "--range", "m=1..8192,n=4096|14336,k=4096"});
  const std::vector<AskedRange> ranges = asked_ranges(given, catalog());
  ASSERT_EQ(ranges.size(), 1u);
  EXPECT_EQ(ranges[0].range.axes[0].pieces[0].most, 8192);
  EXPECT_EQ(problem_at(ranges[0], "m=3,n=4096,k=4096").problem.dims[0], 3);
  EXPECT_THROW(asked_ranges(arguments({"--op", "gemm"}), catalog()), Error);
  EXPECT_EQ(asked_ranges(arguments({"--op", "gemm", "--range", "1..8x8x8", "--layout", "nt|nn"}),
                         catalog())[0]
                .text.shape,
            "1..8x8x8,layout=nt|nn")
      << "the layout is a part of the shape";
  EXPECT_THROW(asked_problems(arguments({"--op", "gemm", "--shape", "m=1..2,n=1,k=1"}), catalog()),
               Error);
}

}  // namespace
}  // namespace tw
