// tune report: the page, where it is written, and what is wrong with its input.
#include "unit/cli/fixture.h"

namespace tw {
namespace {

TEST_F(Cli, ReportWritesOnePage) {
  write_recording_of("gemm f32 m=64,n=64,k=64", "toy.t4.json.gz");
  ASSERT_EQ(tune("--device replay:toy.t4.json.gz --quiet --db sub/one.db").code, 0);
  const Ran beside = tune("report --db sub/one.db");
  EXPECT_EQ(beside.code, 0) << beside.err;
  EXPECT_EQ(beside.out, "");
  EXPECT_EQ(beside.err, "tune: wrote sub/report.html: open it in a browser\n");
  const std::string page = text_of_file(folder_ / "sub/report.html");
  EXPECT_TRUE(page.starts_with("<!DOCTYPE html>"));
  EXPECT_NE(page.find("x=3 y=1"), std::string::npos);
  const Ran printed = tune("report --db sub/one.db --out -");
  EXPECT_EQ(printed.code, 0);
  EXPECT_EQ(printed.err, "");
  EXPECT_TRUE(printed.out.starts_with("<!DOCTYPE html>"));
  EXPECT_TRUE(printed.out.ends_with("</html>\n"));
  EXPECT_EQ(tune("report --db sub/one.db --against sub/one.db --out both.html").code, 0);
  EXPECT_TRUE(fs::exists(folder_ / "both.html"));
}

TEST_F(Cli, ReportSaysWhatIsWrong) {
  write_recording_of("gemm f32 m=64,n=64,k=64", "toy.t4.json.gz");
  ASSERT_EQ(tune("--device replay:toy.t4.json.gz --quiet").code, 0);
  const Ran none = tune("report --op conv2d --out none.html");
  EXPECT_EQ(none.code, 1);
  EXPECT_EQ(none.out, "");
  EXPECT_NE(none.err.find("no such trials"), std::string::npos) << none.err;
  EXPECT_FALSE(fs::exists(folder_ / "none.html"));
  EXPECT_EQ(tune("report --op gemm --source replayed --out some.html").code, 0);
  expect_fault("report --db none.db", {"none.db"});
  expect_fault("report --against none.db", {"none.db"});
  expect_fault("report --source gpu", {"--source", "measured"});
  expect_fault("report --out no/such/folder/report.html", {"no/such/folder/report.html"});
  expect_fault("report --out tilewright.db", {"tilewright.db"});
  expect_fault("report one.db", {"one.db"});
  write("notes.txt", "no database");
  expect_fault("report --db notes.txt", {"notes.txt"});
}

}  // namespace
}  // namespace tw
