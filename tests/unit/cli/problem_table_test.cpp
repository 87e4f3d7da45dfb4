// Lists of problems as CSV: what the rows mean, and what is wrong with them.
#include "options/problem_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/base/error.h"
#include "unit/db/fixture.h"

namespace tw {
namespace {

using testing::HasSubstr;

class ProblemTableTest : public testing::Test {
 protected:
  static const Catalog& catalog() {
    static const Catalog loaded = Catalog::load(builtin_spaces(), builtin_sources());
    return loaded;
  }
  std::vector<Asked> asked(const std::string& text, std::vector<std::string> flags = {},
                           const std::string& name = "list.csv") const {
    const std::string path = folder_ / name;
    std::ofstream(path) << text;
    const CommandSpec command{.name = "table",
                              .summary = "",
                              .usage = "",
                              .flags = problem_flags(),
                              .positional = "",
                              .examples = {}};
    flags.insert(flags.end(), {"--shapes", path});
    return asked_problems(Arguments::parse(command, flags), catalog());
  }
  std::string keys(const std::string& text, const std::vector<std::string>& flags = {},
                   const std::string& name = "list.csv") const {
    std::string keys;
    for (const Asked& one : asked(text, flags, name)) {
      keys += one.problem.key(one.entry->op) + "; ";
    }
    return keys;
  }
  // Returns the error without the folder's path.
  std::string fault(const std::string& text, const std::vector<std::string>& flags = {}) const {
    try {
      asked(text, flags);
    } catch (const Error& error) {
      const std::string what = error.what();
      return what.substr(what.find("list.csv"));
    }
    return "";
  }
  TemporaryFolder folder_;
};

TEST_F(ProblemTableTest, ARowIsAProblem) {
  EXPECT_EQ(keys("m,n,k\n1,2,3\n4,5,6\n", {"--op", "gemm"}),
            "gemm f32 m=1,n=2,k=3; gemm f32 m=4,n=5,k=6; ");
  EXPECT_EQ(keys("op, m ,n,k,dtype,layout,epilogue,math\n"
                 "gemm, 8, 16, 32, bf16, nt,\"bias_column,relu\",\n"
                 "gemm,8,16,32,,,,tf32\n"),
            keys("gemm m=8,n=16,k=32 dtype=bf16 layout=nt epilogue=bias_column,relu\n"
                 "gemm 8x16x32 math=tf32\n",
                 {}, "list.txt"));
}

TEST_F(ProblemTableTest, EmptyCellsHaveTheDefault) {
  EXPECT_EQ(keys("op,m,n,k,rows,columns,dtype\ngemm,1,2,3,,,\nsoftmax,,,,4,64,f16\n"),
            "gemm f32 m=1,n=2,k=3; softmax f16 rows=4,columns=64; ");
  EXPECT_EQ(keys("m,n,k,dtype\n1,2,3,\n", {"--op", "gemm", "--dtype", "f16"}),
            "gemm f16 m=1,n=2,k=3; ");
}

TEST_F(ProblemTableTest, ARowMayHaveANumberOfCalls) {
  for (const std::vector<Asked>& problems :
       {asked("op,m,n,k,count\ngemm,1,2,3,48\ngemm,4,5,6,\n"),
        asked("gemm 1x2x3 count=48 dtype=f32\ngemm 4x5x6\n", {}, "list.txt")}) {
    ASSERT_EQ(problems.size(), 2u);
    EXPECT_EQ(problems[0].count, 48);
    EXPECT_EQ(problems[1].count, 0);
    EXPECT_EQ(problems[0].problem.key(problems[0].entry->op), "gemm f32 m=1,n=2,k=3");
  }
  EXPECT_THAT(fault("op,m,n,k,count\ngemm,1,2,3,0\n"),
              HasSubstr("list.csv:2: column 'count': count=0: not a number of calls from 1 to "));
  EXPECT_THAT(fault("op,m,n,k,count\ngemm,1,2,3,2.5\n"), HasSubstr("count=2.5: "));
  EXPECT_THAT(fault("op,m,n,k,count\ngemm,1,2,3,9999999999999\n"), HasSubstr("column 'count': "));
}

TEST_F(ProblemTableTest, LinesKeepTheirNumbers) {
  const std::vector<Asked> problems =
      asked("# layers\n\nop,m,n,k\ngemm,1,2,3\n# more\n,,,\r\ngemm,4,5,6\r\n");
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0].line, 4);
  EXPECT_EQ(problems[1].line, 7);
}

TEST_F(ProblemTableTest, IsToldFromAListOfLines) {
  EXPECT_TRUE(is_problem_table("a.csv", "n\n1\n"));
  EXPECT_TRUE(is_problem_table("-", "m,n,k\n1,2,3\n"));
  EXPECT_TRUE(is_problem_table("-", "# a comment\n\nop,m\n"));
  EXPECT_FALSE(is_problem_table("a.txt", "gemm m=1,n=2,k=3\n"));
  EXPECT_FALSE(is_problem_table("a.txt", "64x64x64 epilogue=bias,relu\n"));
  EXPECT_FALSE(is_problem_table("a.txt", "gemm 64x64x64  # small, square\n"));
  EXPECT_FALSE(is_problem_table("a.txt", "# a, b\ngemm 64x64x64\n"));
  EXPECT_FALSE(is_problem_table("a.txt", ""));
}

TEST_F(ProblemTableTest, FaultsNameLineAndColumn) {
  EXPECT_THAT(fault("op,m,n,k\ngemm,1,2,3\ngemm,1,two,3\n"),
              HasSubstr("list.csv:3: column 'n': n=two: 'two' is not a number"));
  EXPECT_THAT(fault("op,m,n,k\ngemm,0,2,3\n"), HasSubstr("list.csv:2: column 'm': "));
  EXPECT_THAT(fault("op,m,n,k\ngemm,1,2,\"3,m=4\"\n"),
              HasSubstr("list.csv:2: column 'k': '3,m=4' is not one value"));
  EXPECT_THAT(fault("op,m,n,k,dtype\ngemm,1,2,3,f64\n"),
              HasSubstr("list.csv:2: column 'dtype': op gemm has no dtype 'f64'"));
  EXPECT_THAT(fault("op,m,n,k,layout\ngemm,1,2,3,xy\n"),
              HasSubstr("list.csv:2: column 'layout': layout=xy"));
  EXPECT_THAT(fault("op,m,n,k,epilogue\ngemm,1,2,3,zoom\n"),
              HasSubstr("list.csv:2: column 'epilogue': "));
  EXPECT_THAT(fault("op,m,n,k\ngem,1,2,3\n"), HasSubstr("list.csv:2: column 'op': "));
  EXPECT_THAT(fault("op,m,n,k\n,1,2,3\n"), HasSubstr("list.csv:2: column 'op': is empty"));
  EXPECT_THAT(fault("op,m,n,k\nsoftmax,1,,\n"),
              HasSubstr("list.csv:2: column 'm': op softmax has none"));
  EXPECT_THAT(fault("op,m,n,k\ngemm,1,2\n"),
              HasSubstr("list.csv:2: has 3 cells, but the header has 4"));
  EXPECT_THAT(fault("op,m,n,k\ngemm,,,\n"), HasSubstr("list.csv:2: has no sizes"));
  EXPECT_THAT(fault("op,m,n,k\ngemm,1,2,\n"), HasSubstr("list.csv:2: "));
}

TEST_F(ProblemTableTest, FaultsOfTheHeaderAreSaid) {
  EXPECT_THAT(fault("m,n,k\n1,2,3\n"), HasSubstr("list.csv:1: no column 'op'"));
  EXPECT_THAT(fault("op,m,n,kk\n"), HasSubstr("list.csv:1: column 'kk' is unknown"));
  EXPECT_THAT(fault("rows,n,k\n", {"--op", "gemm"}),
              HasSubstr("list.csv:1: column 'rows' is unknown"));
  EXPECT_THAT(fault("op,m,m,k\n"), HasSubstr("list.csv:1: column 'm' is there twice"));
  EXPECT_THAT(fault("op,m,,k\n"), HasSubstr("list.csv:1: a column has no name"));
  EXPECT_THAT(fault("op,m,n,k\n"), HasSubstr("no problem in it"));
  EXPECT_THAT(fault("op,m,\"n,k\n"), HasSubstr("line 1"));
}

}  // namespace
}  // namespace tw
