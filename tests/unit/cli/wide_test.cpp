// tune query --wide: the parts of problems as columns.
#include <nlohmann/json.hpp>

#include "core/text/csv.h"
#include "unit/cli/fixture.h"
#include "unit/support/paths.h"

namespace tw {
namespace {

using nlohmann::json;

class CliWide : public Cli {
 protected:
  void SetUp() override {
    write_rows("gemm", "gemm f32 m=64,n=32,k=16,layout=nt epilogue=bias_column,relu");
    write_rows("softmax", "softmax f16 rows=8,columns=64");
    write_rows("mine", "mine f32 len=7,op=3");
  }
  void write_rows(const std::string& op, const std::string& problem) {
    Store store = Store::open((folder_ / "tilewright.db").string(), Store::Mode::read_write);
    RunInfo run;
    run.context.situation.op = op;
    run.context.situation.problem = problem;
    run.context.situation.device_model = "NVIDIA Toy";
    run.context.code.kernel = "toy";
    const std::int64_t id = store.begin_run(run);
    Measurement measurement;
    measurement.samples_ns = {1000, 1001, 999};
    store.append(id, TrialKind::search, run.context, "a=1", measurement);
  }
};

TEST_F(CliWide, EveryDimAndChoiceIsAKeyOfJson) {
  const json winners = json::parse(tune("query --wide --json").out).at("winners");
  ASSERT_EQ(winners.size(), 3u);
  for (const json& row : winners) {
    const bool is_gemm = row.at("op") == "gemm";
    EXPECT_EQ(row.at("m").is_null(), !is_gemm);
    if (!is_gemm) continue;
    EXPECT_EQ(row.at("m"), 64);
    EXPECT_EQ(row.at("k"), 16);
    EXPECT_EQ(row.at("layout"), "nt");
    EXPECT_EQ(row.at("math"), "f32");
    EXPECT_EQ(row.at("lda"), 16) << "a default that the name leaves out";
    EXPECT_EQ(row.at("epilogue"), "bias_column,relu");
  }
  const json mine = json::parse(tune("query --wide --json --op mine").out).at("winners").at(0);
  EXPECT_EQ(mine.at("len"), 7);
  EXPECT_EQ(mine.at("op"), "mine");
  EXPECT_EQ(mine.at("dim_op"), 3) << "a dim with the name of a column";
}

TEST_F(CliWide, AndAColumnOfCsvAndOfTheTable) {
  const Ran csv = tune("query trials --op gemm --wide --csv");
  CsvReader reader(csv.out, "out");
  std::vector<std::string> names, row;
  ASSERT_TRUE(reader.next(names) && reader.next(row));
  const auto value_of = [&](const std::string& name) {
    const auto at = std::find(names.begin(), names.end(), name);
    return at == names.end() ? "none" : row[static_cast<std::size_t>(at - names.begin())];
  };
  EXPECT_EQ(value_of("m"), "64");
  EXPECT_EQ(value_of("epilogue"), "bias_column,relu");
  EXPECT_EQ(value_of("problem"), "gemm f32 m=64,n=32,k=16,layout=nt epilogue=bias_column,relu");
  const Ran table = tune("query --wide --op softmax");
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_NE(table.out.find("rows  columns"), std::string::npos) << table.out;
  EXPECT_NE(table.out.find("1.000 us"), std::string::npos) << table.out;
  EXPECT_EQ(tune("query --wide --op conv2d").code, 1);
}

// The query of docs/database.md that needs nothing but sqlite3.
TEST_F(CliWide, SqliteAloneGivesDimsToo) {
  const std::string docs = text_of_file(source_path("docs/database.md"));
  const std::size_t begin = docs.find("SELECT json_extract(dims, '$.m')");
  ASSERT_NE(begin, std::string::npos);
  write("query.sql", docs.substr(begin, docs.find(';', begin) + 1 - begin));
  const std::string command =
      "cd '" + folder_.string() + "' && sqlite3 tilewright.db <query.sql >out.txt 2>&1";
  ASSERT_EQ(std::system(command.c_str()), 0) << text_of_file(folder_ / "out.txt");
  EXPECT_EQ(text_of_file(folder_ / "out.txt"), "64|32|16|toy|1.0|a=1\n");
}

}  // namespace
}  // namespace tw
