// Counting: equal problems, refused ones, the order, the list and the tables.
#include "capture/calls/findings.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "capture/capture_report.h"
#include "unit/capture/fixture.h"

namespace tw::capture {
namespace {

using testing::HasSubstr;

LibraryCall product(std::int64_t m, bool is_b_transposed = false) {
  return {.library = "cublas",
          .call = "gemm",
          .words = {{"m", m}, {"n", 8}, {"k", 4}, {"transpose_b", is_b_transposed ? 1 : 0}},
          .dtype = "f32"};
}

class FindingsTest : public CaptureTest {
 protected:
  Findings findings_{catalog()};
  const CaptureReport report_{.source = "./program",
                              .list = "list.txt",
                              .logs = {.files = 2, .bytes = 3000000, .faults = {"x: y"}},
                              .exit_code = 3};
};

TEST_F(FindingsTest, EqualProblemsAreOneAndTheMostWorkIsFirst) {
  findings_.add("f", product(2));
  findings_.add("g", product(2));
  findings_.add("g", product(100));
  const std::vector<FoundProblem> problems = findings_.problems();
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0].problem.shape_text(), "m=100,n=8,k=4");
  EXPECT_EQ(problems[0].flops, 2.0 * 100 * 8 * 4);
  EXPECT_EQ(problems[1].calls, 2);
  EXPECT_EQ(problems[1].functions, (std::map<std::string, std::int64_t>{{"f", 1}, {"g", 1}}));
  EXPECT_EQ(findings_.problem_calls(), 3);
  EXPECT_EQ(findings_.unread_calls(), 0);
}

TEST_F(FindingsTest, WhatTheOpRefusesIsUnread) {
  findings_.add("f", product(0));
  findings_.add("f", product(0));
  ASSERT_EQ(findings_.unread().size(), 1u);
  EXPECT_EQ(findings_.unread()[0].calls, 2);
  EXPECT_THAT(findings_.unread()[0].why, HasSubstr("m=0"));
  EXPECT_TRUE(findings_.problems().empty());
}

TEST_F(FindingsTest, AFailedCallIsTakenBackOnce) {
  findings_.add_outer("f", product(2), {.caller = "1", .buffers = "b"});
  findings_.end_outer("f", "2", "the call failed");  // of another caller
  EXPECT_EQ(findings_.problem_calls(), 1);
  findings_.end_outer("f", "1", "the call failed");
  findings_.end_outer("f", "1", "the call failed");  // no call is left
  EXPECT_TRUE(findings_.problems().empty());
  EXPECT_EQ(findings_.unread_calls(), 1);
  findings_.add("cublasLtMatmul", product(2), "b");
  EXPECT_EQ(findings_.problem_calls(), 1) << "no part of the call that failed";
}

TEST_F(FindingsTest, TheListIsReadableAndSaysWhatIsMissing) {
  findings_.add("f", product(2, true));
  findings_.add("cublasSgemv_v2", Unread{"no op of ours computes it"});
  EXPECT_EQ(list_of(findings_, report_),
            "# tune capture: ./program\n"
            "gemm m=2,n=8,k=4 layout=nt dtype=f32 count=1\n"
            "# not in the list: 1 call of cublasSgemv_v2: no op of ours computes it\n");
}

TEST_F(FindingsTest, ThereAreTablesOfBoth) {
  for (int i = 0; i < 3; ++i) findings_.add("f", product(1000));
  findings_.add("g", Unread{"why"});
  EXPECT_EQ(capture_text(findings_, report_),
            "list.txt: 1 problem, 3 calls; from 2 logs, 3.00 MB\n"
            "calls     GFLOP  problem\n"
            "    3  0.000192  gemm m=1000,n=8,k=4 dtype=f32\n"
            "not in the list: 1 call\n"
            "calls  function  why\n"
            "    1  g         why\n");
}

TEST_F(FindingsTest, ThereIsJson) {
  findings_.add("f", product(2));
  findings_.add("g", Unread{"why"});
  const auto document = capture_json(findings_, report_);
  EXPECT_EQ(document.at("list"), "list.txt");
  EXPECT_EQ(document.at("exit_code"), 3);
  EXPECT_EQ(document.at("logs").at("files"), 2);
  EXPECT_EQ(document.at("logs").at("faults").at(0), "x: y");
  const auto& problem = document.at("problems").at(0);
  EXPECT_EQ(problem.at("line"), "gemm m=2,n=8,k=4 dtype=f32");
  EXPECT_EQ(problem.at("count"), 1);
  EXPECT_EQ(problem.at("functions").at("f"), 1);
  EXPECT_EQ(document.at("not_listed").at(0).at("why"), "why");
  EXPECT_EQ(document.at("calls_not_listed"), 1);
}

// There is no program with --logs, and no file of the list with --out -.
TEST_F(FindingsTest, WhatThereIsNotIsNull) {
  const auto document = capture_json(findings_, {.source = "x.log"});
  EXPECT_TRUE(document.at("list").is_null());
  EXPECT_TRUE(document.at("exit_code").is_null());
  EXPECT_EQ(capture_text(findings_, {.source = "x.log"}),
            "0 problems, 0 calls; from 0 logs, 0 MB\n");
}

}  // namespace
}  // namespace tw::capture
