// The report's page in headless Chromium (Debian: chromium). The tests are skipped without it.
// Pictures of the page are kept in the folder report-pictures of the build tree's tests/unit.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "unit/report/fixture.h"
#include "unit/support/built.h"
#include "unit/support/paths.h"

namespace tw {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

constexpr const char* chromium =
    "chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage";

// Returns why pages cannot be tried; empty if they can.
std::string lacks_chromium() {
  if (std::system("command -v chromium >/dev/null 2>&1") != 0) {
    return "chromium is not installed: scripts/setup test chromium installs it";
  }
  const TemporaryFolder folder;
  const std::string command = fmt::format(
      "cd '{0}' && HOME='{0}' timeout -k 10 100 {1} --user-data-dir='{0}/profile' --dump-dom "
      "about:blank "
      ">out.txt 2>&1",
      folder / ".", chromium);
  if (std::system(command.c_str()) == 0) return "";
  return "chromium does not start here: " + read(folder / "out.txt");
}

class ReportBrowser : public ReportTest {
 protected:
  void SetUp() override {
    static const std::string lacks = lacks_chromium();
    if (!lacks.empty()) GTEST_SKIP() << lacks;
  }

  // Runs Chromium on a page of the folder and returns what it prints. Its log is in log.txt.
  std::string browse(const std::string& page, const std::string& flags) {
    const std::string command = fmt::format(
        "cd '{0}' && HOME='{0}' timeout -k 10 200 {1} --user-data-dir='{0}/profile' "
        "--force-device-scale-factor=1 --virtual-time-budget=4000 --enable-logging=stderr {2} "
        "'{3}' >out.txt 2>log.txt",
        folder_ / ".", chromium, flags, page);
    const int status = std::system(command.c_str());
    EXPECT_EQ(WEXITSTATUS(status), 0) << read(folder_ / "log.txt");
    return read(folder_ / "out.txt");
  }

  // Loads the report with the self-test at its end and returns the facts that it finds.
  std::map<std::string, std::string> facts(const std::string& other = "") {
    std::string page = report_page(document({}, other));
    std::ofstream(folder_ / "plain.html") << page;
    const std::size_t end = page.rfind("</body>");
    page.insert(end, "<script>" + read(test_data("report/self_test.js")) + "</script>");
    std::ofstream(folder_ / "page.html") << page;
    const std::string dump = browse("page.html", "--window-size=1280,1600 --dump-dom");
    std::istringstream found(dump.substr(std::min(dump.find("id=\"self-test\""), dump.size())));
    std::map<std::string, std::string> facts;
    for (std::string line; std::getline(found, line) && line.find("</pre>") == std::string::npos;) {
      const std::size_t equals = line.find('=');
      if (equals != std::string::npos) facts[line.substr(0, equals)] = line.substr(equals + 1);
    }
    return facts;
  }

  void expect_silence() {
    std::istringstream log(read(folder_ / "log.txt"));
    for (std::string line; std::getline(log, line);) {
      EXPECT_EQ(line.find("CONSOLE"), std::string::npos) << line;
    }
  }

  void take_picture(const std::string& name, const std::string& flags = "") {
    const fs::path pictures = built("tests/unit/report-pictures");
    fs::create_directories(pictures);
    const fs::path picture = pictures / (name + ".png");
    fs::remove(picture);
    browse("plain.html",
           fmt::format("--window-size=1280,4800 --hide-scrollbars {} --screenshot='{}'", flags,
                       picture.string()));
    ASSERT_TRUE(fs::exists(picture));
    EXPECT_GT(fs::file_size(picture), 20'000u);
  }
};

int number(std::map<std::string, std::string>& facts, const std::string& name) {
  return facts.contains(name) ? std::atoi(facts[name].c_str()) : -1;
}

TEST_F(ReportBrowser, ShowsEveryViewAndFilters) {
  const std::string other = folder_ / "other.db";
  {
    Store database = store();
    add_search(database, context_of(square), 128);
    add_search(database, context_of(tall), 64);
    Store theirs = Store::open(other, Store::Mode::read_write);
    add_search(theirs, context_of(square), 32);
  }
  auto found = facts(other);
  EXPECT_FALSE(found.contains("error")) << found["error"];
  expect_silence();
  EXPECT_EQ(
      found["sections"],
      "verdict,problems,against,convergence,trials,parallel,knobs,race,roofline,regret,provenance");
  EXPECT_EQ(found["facts"], "6");
  EXPECT_EQ(found["problem_rows"], "2");
  EXPECT_EQ(found["convergence_lines"], "2");
  EXPECT_GT(number(found, "convergence_dots"), 100);
  EXPECT_EQ(found["trial_marks"], "64");
  EXPECT_EQ(found["parallel_lines"], "58");  // 64 without those that failed
  EXPECT_EQ(found["parallel_axes"], "4");    // x, y, flag and the time
  EXPECT_GE(number(found, "knob_bars"), 2);
  EXPECT_GE(number(found, "pair_cells"), 16);
  EXPECT_GE(number(found, "race_intervals"), 3);
  EXPECT_EQ(found["race_rounds"], "18");  // nine of each but the winner
  EXPECT_EQ(found["counter_bars"], "2");
  EXPECT_EQ(found["counter_rows"], "1");
  EXPECT_GE(number(found, "roofline_dots"), 7);  // two problems, their roofs, three finalists
  EXPECT_EQ(found["against_rows"], "1");
  EXPECT_GE(number(found, "regret_cells"), 2);
  EXPECT_EQ(found["runs"], "1");
  EXPECT_EQ(found["not_a_number"], "false");
  EXPECT_EQ(found["unnamed_images"], "0");
  take_picture("light");
  take_picture("dark", "--blink-settings=preferredColorScheme=0");
}

TEST_F(ReportBrowser, BrushesAndInputsFilterTheTable) {
  {
    Store database = store();
    add_search(database, context_of(square), 48);
    add_search(database, context_of(tall), 16);
  }
  auto found = facts();
  EXPECT_FALSE(found.contains("error")) << found["error"];
  expect_silence();
  const int before = number(found, "rows_before"), brushed = number(found, "rows_brushed");
  EXPECT_EQ(found["status_before"], fmt::format("{} of {} configurations", before, before));
  EXPECT_GT(brushed, 0);
  EXPECT_LT(brushed, before);
  EXPECT_GT(number(found, "ticked"), 0);
  EXPECT_EQ(number(found, "rows_unticked"), before);
  EXPECT_GT(number(found, "rows_ticked"), 0);
  EXPECT_LT(number(found, "rows_ticked"), before);
  EXPECT_LT(number(found, "rows_best"), before);
  EXPECT_EQ(found["sorted"], "ascending");
  EXPECT_NE(found["chosen"].find("m=64"), std::string::npos) << found["chosen"];
}

TEST_F(ReportBrowser, ShowsForecastsAgainstTimes) {
  {
    Store database = store();
    add_search_of_simt(database, square);
  }
  // It has no knob x, which the self-test brushes after all else.
  auto found = facts();
  expect_silence();
  EXPECT_EQ(found["forecast_dots"], "3");
  EXPECT_EQ(found["not_a_number"], "false");
}

TEST_F(ReportBrowser, DrawsManyTrialsOnACanvas) {
  {
    Store database = store();
    add_search(database, context_of(square), 5700);
  }
  auto found = facts();
  EXPECT_FALSE(found.contains("error")) << found["error"];
  expect_silence();
  EXPECT_EQ(found["parallel_lines"], "0");
  EXPECT_EQ(found["parallel_canvas"], "1");
  EXPECT_GE(number(found, "convergence_images"), 1);
  EXPECT_EQ(found["not_a_number"], "false");
}

TEST_F(ReportBrowser, ShowsAProblemWithoutAWinnerAndHostileText) {
  {
    Store database = store();
    const std::string hostile = "</script><img src=x onerror=document.title='broken'>";
    Context where = context_of("mine " + hostile);
    where.situation.op = "mine";
    RunInfo info = run_info();
    info.context = where;
    info.command = hostile;
    const std::int64_t run = database.begin_run(info);
    database.append(run, TrialKind::search, where, "knob<b>=<i>",
                    failed(Outcome::faulted, hostile));
  }
  auto found = facts();
  // Its only trial failed, so there is nothing to brush.
  EXPECT_FALSE(found["sections"].empty()) << found["error"];
  expect_silence();
  EXPECT_EQ(found["facts"], "0");
  EXPECT_EQ(found["problem_rows"], "1");
  const std::string dump = read(folder_ / "out.txt");
  EXPECT_NE(dump.find("<title>Tilewright report</title>"), std::string::npos);
  EXPECT_EQ(dump.find("<img"), std::string::npos);
}

}  // namespace
}  // namespace tw
