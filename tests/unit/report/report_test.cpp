// The contents of the report's page, from invented rows.
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "report/columns.h"
#include "unit/report/fixture.h"
#include "unit/support/paths.h"

namespace tw {
namespace {

using nlohmann::ordered_json;

constexpr const char* hostile = "</script><img src=x onerror=alert(1)>&<!-- \"'";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Returns the text of the data element, which the page reads.
std::string data_of(const std::string& page) {
  const std::string open = "<script type=\"application/json\" id=\"data\">";
  const std::size_t begin = page.find(open) + open.size();
  return page.substr(begin, page.find("</script>", begin) - begin);
}

TEST_F(ReportTest, TellsTheVerdict) {
  Store database = store();
  add_search(database, context_of(square), 64);
  const ordered_json problem = document().at("problems").at(0);
  const ordered_json& verdict = problem.at("verdict");
  EXPECT_EQ(verdict.at("kernel"), "simt");
  EXPECT_EQ(verdict.at("configuration"), "x=3 y=1 flag=0");
  EXPECT_EQ(verdict.at("median"), "2.000 ms");
  EXPECT_EQ(verdict.at("half_interval"), "0.0 %");
  EXPECT_EQ(verdict.at("tied").size(), 1u);
  EXPECT_TRUE(verdict.at("raced"));
  EXPECT_EQ(verdict.at("baseline"), "cublas");
  EXPECT_NEAR(verdict.at("speedup").get<double>(), 1.1, 1e-3);
  EXPECT_EQ(verdict.at("confidence"), "95 % confident within 3 % of the optimum");
  EXPECT_FALSE(verdict.at("is_exhausted"));
  ASSERT_EQ(verdict.at("finalists").size(), 3u);
  EXPECT_TRUE(verdict.at("finalists").at(0).at("wins"));
  EXPECT_TRUE(verdict.at("finalists").at(1).at("tied"));
  EXPECT_EQ(verdict.at("finalists").at(2).at("differs"), "x=4");
  EXPECT_EQ(verdict.at("finalists").at(2).at("slower_text"), "0.3 to 0.7 %");
}

TEST_F(ReportTest, ShowsTheRoundsOfARaceAsRatios) {
  Store database = store();
  add_search(database, context_of(square), 8);
  const ordered_json finalists = document().at("problems").at(0).at("verdict").at("finalists");
  const ordered_json& rounds = finalists.at(2).at("rounds");
  ASSERT_EQ(rounds.size(), 9u);
  // The medians of the first rounds are 2 ms + 2 ns and 2.01 ms + 2 ns.
  EXPECT_DOUBLE_EQ(rounds.at(0).get<double>(), 2'010'002.0 / 2'000'002.0);
  EXPECT_DOUBLE_EQ(rounds.at(8).get<double>(), 2'010'042.0 / 2'000'042.0);
}

TEST_F(ReportTest, ForecastsTheTimesOfThisBuildsKernels) {
  {
    Store database = store();
    add_search_of_simt(database, square);
    add_search(database, context_of(tall), 8, false);  // knobs that simt does not have
  }
  const ordered_json problems = document().at("problems");
  ASSERT_EQ(problems.size(), 2u);
  for (const ordered_json& problem : problems) {
    const ordered_json& set = problem.at("sets").at(0);
    ASSERT_EQ(set.contains("forecast"), problem.at("problem") == square);
    if (!set.contains("forecast")) continue;
    ASSERT_EQ(set.at("forecast").size(), 3u);
    for (const ordered_json& forecast : set.at("forecast")) {
      EXPECT_GT(forecast.get<double>(), 1000) << "no launch takes less than a microsecond";
    }
  }
}

TEST_F(ReportTest, AWholeSpaceIsCertain) {
  Store database = store();
  add_search(database, context_of(square), 8, true, RunEnd::exhausted);
  EXPECT_TRUE(document().at("problems").at(0).at("verdict").at("is_exhausted"));
}

TEST_F(ReportTest, ComputesTheRooflineOfAProblemOfThisBuild) {
  Store database = store();
  add_search(database, context_of(square), 8);
  const ordered_json problem = document().at("problems").at(0);
  EXPECT_DOUBLE_EQ(problem.at("flops").get<double>(), 2.0 * 64 * 64 * 64);
  EXPECT_GT(problem.at("roof_ns").get<double>(), 0);
  EXPECT_EQ(problem.at("no_roof"), "");
}

TEST_F(ReportTest, SaysWhyThereIsNoRoofline) {
  Store database = store();
  Context own = context_of("mine f32 n=8");
  own.situation.op = "mine";
  add_search(database, own, 8);
  Context strange = context_of("gemm f32 rows=8");
  add_search(database, strange, 8);
  Context emulated = context_of(square);
  emulated.situation.source = Source::cpu;
  add_search(database, emulated, 8);
  const ordered_json problems = document().at("problems");
  ASSERT_EQ(problems.size(), 3u);
  for (const ordered_json& problem : problems) {
    EXPECT_TRUE(problem.at("roof_ns").is_null());
    EXPECT_TRUE(problem.at("verdict").at("of_roof").is_null());
    EXPECT_NE(problem.at("no_roof"), "");
  }
}

TEST_F(ReportTest, KeepsEveryTrialInColumns) {
  Store database = store();
  add_search(database, context_of(square), 64);
  const ordered_json sets = document().at("problems").at(0).at("sets");
  ASSERT_EQ(sets.size(), 1u);
  const ordered_json& set = sets.at(0);
  EXPECT_TRUE(set.at("current"));
  for (const char* column : {"run", "seconds", "race", "outcome", "note", "ns"}) {
    EXPECT_EQ(set.at(column).size(), 67u) << column;  // 64 of the search, and 3 finalists
  }
  ASSERT_EQ(set.at("knobs").size(), 3u);
  EXPECT_EQ(set.at("knobs").at(0).at("name"), "x");
  EXPECT_EQ(set.at("knobs").at(0).at("values").size(), 8u);
  EXPECT_EQ(set.at("values").at(1).at(8), 1);  // y=1 of the ninth trial
  EXPECT_EQ(set.at("ns").at(3), 2010000);
  EXPECT_TRUE(set.at("ns").at(9).is_null());
  EXPECT_EQ(set.at("outcomes").at(set.at("outcome").at(9).get<std::size_t>()), "compile_failed");
  EXPECT_EQ(set.at("notes").at(set.at("note").at(9).get<std::size_t>()), "too many registers");
}

TEST_F(ReportTest, TellsWhereTheNumbersComeFrom) {
  Store database = store();
  Measurement compiled = ok(5e8);  // three samples
  compiled.compile_ms = 250;
  RunInfo info = run_info();
  info.commit = "1a2b3c";
  info.device_uuid = "GPU-1";
  const std::int64_t run = database.begin_run(info);
  database.append(run, TrialKind::search, context(), "x=1", compiled);
  database.end_run(run, RunEnd::interrupted);
  const ordered_json problem = document().at("problems").at(0);
  EXPECT_EQ(problem.at("driver"), "580.159");
  EXPECT_EQ(problem.at("digest"), "d1");
  ASSERT_EQ(problem.at("runs").size(), 1u);
  const ordered_json& one = problem.at("runs").at(0);
  EXPECT_EQ(one.at("command"), "tune --op gemm --shape 64x64x64");
  EXPECT_EQ(one.at("commit"), "1a2b3c");
  EXPECT_EQ(one.at("device_uuid"), "GPU-1");
  EXPECT_EQ(one.at("seed"), "18446744073709551615");
  EXPECT_EQ(one.at("status"), "interrupted");
  EXPECT_GE(one.at("seconds").get<double>(), 0);
  EXPECT_DOUBLE_EQ(one.at("compile_seconds").get<double>(), 0.25);
  EXPECT_NEAR(one.at("kernel_seconds").get<double>(), 1.5, 1e-6);
}

TEST_F(ReportTest, KeepsAProblemThatNothingWins) {
  Store database = store();
  const std::int64_t run = database.begin_run(run_info());
  database.append(run, TrialKind::search, context(), "x=1",
                  failed(Outcome::wrong_result, "off by one"));
  const ordered_json problems = document().at("problems");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_TRUE(problems.at(0).at("verdict").is_null());
  EXPECT_TRUE(problems.at(0).at("explanation").is_null());
  EXPECT_TRUE(contains(report_page(document()), "no configuration worked"));
}

TEST_F(ReportTest, Filters) {
  Store database = store();
  add_search(database, context_of(square), 8);
  add_search(database, context_of(tall), 8);
  EXPECT_EQ(document().at("problems").size(), 2u);
  const ordered_json one = document({.problem = "m=4096"}).at("problems");
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one.at(0).at("problem"), tall);
  EXPECT_TRUE(document({.op = "conv2d"}).at("problems").empty());
  EXPECT_TRUE(document({.source = "replayed"}).at("problems").empty());
}

TEST_F(ReportTest, AKernelsFilterKeepsItsBaselines) {
  Store database = store();
  add_search(database, context_of(square), 8);
  add_search(database, context_of(square, "mma"), 8);
  const ordered_json one = document({.kernel = "simt"}).at("problems");
  ASSERT_EQ(one.size(), 1u);
  ASSERT_EQ(one.at(0).at("sets").size(), 1u);
  EXPECT_EQ(one.at(0).at("sets").at(0).at("kernel"), "simt");
  EXPECT_EQ(one.at(0).at("baselines").size(), 1u);
  EXPECT_TRUE(document({.kernel = "cublas"}).at("problems").empty());
}

TEST_F(ReportTest, ComparesTwoDatabases) {
  Store database = store();
  add_search(database, context_of(square), 8);
  const std::string other = folder_ / "other.db";
  {
    Store theirs = Store::open(other, Store::Mode::read_write);
    Context there = context_of(square);
    there.situation.device_model = "NVIDIA H100";
    add_search(theirs, there, 16);
  }
  const ordered_json against = document({}, other).at("other");
  EXPECT_EQ(against.at("database"), other);
  ASSERT_EQ(against.at("problems").size(), 1u);
  EXPECT_EQ(against.at("problems").at(0).at("device"), "NVIDIA H100");
  EXPECT_GT(against.at("problems").at(0).at("verdict").at("median_ns").get<double>(), 0);
  EXPECT_TRUE(document().at("other").is_null());
}

TEST_F(ReportTest, TextOfOthersIsNeverMarkup) {
  Store database = store();
  Context where = context_of(std::string("gemm ") + hostile, hostile);
  where.situation.op = hostile;
  where.situation.device_model = hostile;
  where.situation.driver = hostile;
  RunInfo info = run_info();
  info.context = where;
  info.command = info.device_uuid = info.commit = info.oracle = info.strategy = hostile;
  info.device_json = "{\"model\": \"</script>\"}";
  const std::int64_t run = database.begin_run(info);
  const std::string knob = "knob<b>=</script><script>alert(1)//";
  database.append(run, TrialKind::search, where, knob, ok(1000));
  database.append(run, TrialKind::search, where, "y=1", failed(Outcome::faulted, hostile));
  database.end_run(run, RunEnd::finished, hostile);
  const ordered_json given = report_json(
      {.database = path(), .filter = {}, .command = std::string("tune report ") + hostile});
  const std::string page = report_page(given);
  EXPECT_FALSE(contains(page, "<img"));
  EXPECT_FALSE(contains(page, "<script>alert"));
  EXPECT_EQ(data_of(page).find_first_of("<>&"), std::string::npos);
  EXPECT_EQ(ordered_json::parse(data_of(page)), given);
  EXPECT_EQ(given.at("problems").at(0).at("device"), hostile);
}

TEST_F(ReportTest, InvalidBytesDoNotStopIt) {
  Store database = store();
  const std::int64_t run = database.begin_run(run_info());
  database.append(run, TrialKind::search, context(), "x=1", failed(Outcome::faulted, "\xff\xfe"));
  EXPECT_NO_THROW(ordered_json::parse(data_of(report_page(document()))));
}

TEST_F(ReportTest, TenThousandTrialsStayBelowTwoMegabytes) {
  Store database = store();
  const std::int64_t run = database.begin_run(run_info());
  for (int i = 0; i < 10000; ++i) {
    std::string configuration;
    for (int knob = 0; knob < 17; ++knob) {  // as the largest kernels have
      configuration += fmt::format("some_knob_{}={} ", knob, 8 << ((i >> knob) % 6));
    }
    database.append(run, TrialKind::search, context(), configuration, ok(1e6 + i * 137.31));
  }
  const std::string page = report_page(document());
  EXPECT_LT(page.size(), 2'000'000u);
  EXPECT_GT(page.size(), 500'000u);
}

TEST_F(ReportTest, ThePageReadsNothingFromOutside) {
  Store database = store();
  add_search(database, context_of(square), 8);
  const std::string page = report_page(document());
  EXPECT_TRUE(contains(page, "default-src 'none'"));
  EXPECT_TRUE(contains(page, "<noscript>"));
  EXPECT_TRUE(contains(page, "Permission to use, copy, modify, and/or distribute"));
  for (const char* part : {"<link", "@import", " src=\"http", "{{"}) {
    const std::string own = page.substr(0, page.find("<script>// https://d3js.org"));
    EXPECT_FALSE(contains(own, part)) << part;
  }
}

TEST_F(ReportTest, ThePageHasEveryScript) {
  Store database = store();
  add_search(database, context_of(square), 8);
  const std::string page = report_page(document());
  for (const auto& [name, text] : page_files()) {
    EXPECT_TRUE(!name.ends_with(".js") || contains(page, text)) << name;
  }
}

TEST(ReportPage, LibrariesMatchTheirChecksums) {
  EXPECT_EQ(std::system(("'" + source_path("scripts/update_page") + "' --check").c_str()), 0);
}

TEST(ReportText, EscapesMarkup) {
  EXPECT_EQ(escaped_html("a<b> & \"c\" 'd'"), "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
  EXPECT_EQ(escaped_json({{"a", "</script>&"}}), R"({"a":"\u003c/script\u003e\u0026"})");
}

TEST(ReportText, CountsSeconds) {
  EXPECT_DOUBLE_EQ(seconds_between("2026-01-31T23:59:59.500Z", "2026-02-01T00:00:01.000Z"), 1.5);
  EXPECT_DOUBLE_EQ(seconds_between("2026-01-31 23:00:00.25+00:00", "2026-01-31T23:00:01Z"), 0.75);
  EXPECT_LT(seconds_between("", "2026-02-01T00:00:01.000Z"), 0);
  EXPECT_LT(seconds_between("2026-02-31T00:00:00.000Z", "2026-02-01T00:00:01.000Z"), 0);
}

}  // namespace
}  // namespace tw
