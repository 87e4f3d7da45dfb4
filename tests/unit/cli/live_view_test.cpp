// The view of a search on several lines of a terminal, and the screen that shows it.
#include "ui/progress/live_view.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "ui/progress/screen.h"
#include "ui/progress/staircase.h"
#include "unit/cli/terminal.h"

namespace tw {
namespace {

// A screen on an emulated terminal.
class LiveTest : public testing::Test {
 protected:
  LiveTest() : terminal_(60, 20) {}
  ~LiveTest() override { std::fclose(file_); }

  std::shared_ptr<Screen> screen(Glyphs glyphs = {}) {
    return std::make_shared<Screen>(
        file_, Screen::Mode::live,
        [this] { return Extent{.columns = terminal_.columns(), .rows = terminal_.rows()}; },
        glyphs);
  }
  // Gives what was written since the last call to the terminal.
  void pass_on() {
    std::fflush(file_);
    std::fseek(file_, read_, SEEK_SET);
    std::array<char, 4096> buffer{};
    while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file_)) {
      terminal_.write({buffer.data(), count});
    }
    read_ = std::ftell(file_);
    std::fseek(file_, 0, SEEK_END);
  }
  std::string seen() {
    pass_on();
    return terminal_.text();
  }

  std::FILE* file_ = std::tmpfile();
  long read_ = 0;
  Terminal terminal_;
};

std::vector<ScreenLine> lines_of(const std::vector<std::string>& texts) {
  std::vector<ScreenLine> lines;
  for (const std::string& text : texts) lines.push_back({text});
  return lines;
}

TEST_F(LiveTest, LinesAreRewrittenInPlaceBelowTheNotices) {
  const auto shared = screen();
  const int problem = shared->enter();
  shared->print("a headline");
  shared->rewrite(problem, lines_of({"one", "two", "three"}));
  EXPECT_EQ(seen(), "a headline\none\ntwo\nthree\n");
  shared->rewrite(problem, lines_of({"1", "2"}));
  EXPECT_EQ(seen(), "a headline\n1\n2\n");
  shared->print("a notice");
  EXPECT_EQ(seen(), "a headline\na notice\n");
  shared->rewrite(problem, lines_of({"1", "2", "3"}));
  shared->make_way([&] { std::fputs("a result\n", file_); });
  EXPECT_EQ(seen(), "a headline\na notice\na result\n");
  shared->rewrite(problem, lines_of({"1", "2", "3"}));
  shared->rewrite(problem, {});
  EXPECT_EQ(seen(), "a headline\na notice\na result\n");
}

TEST_F(LiveTest, ANarrowerTerminalLeavesNothingBehind) {
  const auto shared = screen();
  const int problem = shared->enter();
  shared->print("a headline");
  shared->rewrite(problem, lines_of({std::string(50, 'a'), "b", std::string(90, 'c')}));
  EXPECT_EQ(seen(),
            "a headline\n" + std::string(50, 'a') + "\nb\n" + std::string(56, 'c') + "...\n");
  terminal_.resize(20, 20);  // the terminal breaks the lines that no longer fit
  shared->rewrite(problem, lines_of({std::string(50, 'a'), "b"}));
  EXPECT_EQ(seen(), "a headline\n" + std::string(16, 'a') + "...\nb\n");
  terminal_.resize(70, 20);
  shared->rewrite(problem, lines_of({std::string(50, 'a'), "b"}));
  EXPECT_EQ(seen(), "a headline\n" + std::string(50, 'a') + "\nb\n");
}

TEST_F(LiveTest, ProblemsShareTheRowsOfTheTerminal) {
  const auto shared = screen();
  const int one = shared->enter(), other = shared->enter();
  EXPECT_EQ(shared->room_of(one).rows, 19);
  shared->rewrite(one, lines_of({"a", "b", "c"}));
  EXPECT_EQ(shared->room_of(one).rows, 19);
  EXPECT_EQ(shared->room_of(other).rows, 9);
  shared->rewrite(other, lines_of({"d", "e"}));
  EXPECT_EQ(seen(), "a\nb\nc\nd\ne\n");
  terminal_.resize(60, 5);
  shared->rewrite(other, lines_of({"f", "g", "h"}));
  EXPECT_EQ(seen(), "a\nb\nf\ng\n") << "two rows for each";
  shared->rewrite(one, {});
  EXPECT_EQ(seen(), "f\ng\nh\n");
}

TEST_F(LiveTest, MoreProblemsThanRowsDoNotScroll) {
  terminal_.resize(60, 3);
  const auto shared = screen();
  shared->print("a headline");
  for (int redraw = 0; redraw < 3; ++redraw) {
    for (const int problem : {0, 1, 2, 3}) {
      shared->rewrite(problem,
                      lines_of({std::string(1, static_cast<char>('a' + problem)), "more"}));
    }
  }
  EXPECT_EQ(seen(), "a headline\na\nb\n");
}

TEST_F(LiveTest, WhatFollowsAFaultStandsByItself) {
  {
    const auto shared = screen();
    shared->rewrite(shared->enter(), lines_of({"one", "two"}));
  }
  std::fputs("tune: a fault\n", file_);
  EXPECT_EQ(seen(), "tune: a fault\n");
}

TEST_F(LiveTest, ColoursAreThoseThatTheTerminalMayHave) {
  const std::vector<ScreenLine> lines{{"a", Tone::strong}, {"b", Tone::dim}, {"c"}};
  for (const bool colours : {false, true}) {
    auto shared = screen({.utf8 = true, .colours = colours});
    shared->rewrite(shared->enter(), lines);
    std::fflush(file_);
    std::fseek(file_, read_, SEEK_SET);
    std::array<char, 256> buffer{};
    const std::string written(buffer.data(), std::fread(buffer.data(), 1, buffer.size(), file_));
    EXPECT_EQ(written, colours ? "\r\x1b[1ma\x1b[0m\x1b[K\n\x1b[2mb\x1b[0m\x1b[K\nc\x1b[K"
                               : "\ra\x1b[K\nb\x1b[K\nc\x1b[K");
    shared.reset();  // erases its lines
    std::fseek(file_, 0, SEEK_END);
    read_ = std::ftell(file_);
  }
}

TEST(Staircase, FallsStepByStep) {
  const std::vector<Step> steps{{0, 1}, {0.5, 0}};
  EXPECT_EQ(staircase(steps, 1, 9, 3, false),
            (std::vector<std::string>{"*****    ", "    *    ", "    *****"}));
  EXPECT_EQ(staircase(steps, 0.75, 9, 3, false),
            (std::vector<std::string>{"*****    ", "    *    ", "    ***  "}))
      << "the search has not ended";
  EXPECT_EQ(staircase({}, 1, 4, 1, false), (std::vector<std::string>{"    "}));
  // Two characters have 4 x 4 dots: the left half of the top row, column 2 down, and the bottom.
  EXPECT_EQ(staircase(steps, 1, 2, 1, true), (std::vector<std::string>{"\u2809\u28c7"}));
}

TEST(Staircase, ABarIsFilledByItsShare) {
  EXPECT_EQ(bar(0.5, 4, false), "##--");
  EXPECT_EQ(bar(0.5, 4, true), "\u2588\u2588\u2591\u2591");
  EXPECT_EQ(bar(-1, 2, false), "--");
  EXPECT_EQ(bar(7, 2, false), "##");
}

class LiveViewTest : public testing::Test {
 protected:
  // A new evaluation after a second; `best` in ns.
  void evaluate(double best) {
    now_ += std::chrono::seconds(1);
    ++status_.done;
    status_.elapsed_s += 1;
    status_.best = best;
    status_.best_text = std::to_string(static_cast<int>(best)) + " ns";
    status_.configuration = "x=" + std::to_string(status_.done);
    view_.remember(status_, now_);
  }
  std::vector<std::string> texts(int rows, int columns = 40) const {
    std::vector<std::string> texts;
    for (const ScreenLine& line : view_.lines("2 of 3: ", {columns, rows}, false)) {
      texts.push_back(line.text);
    }
    return texts;
  }

  LiveView view_;
  LiveView::Time now_{std::chrono::hours(1)};
  Status status_{.what = "toy",
                 .budget = 4,
                 .best_text = "",
                 .configuration = "",
                 .outcomes = {{Outcome::ok, 3}},
                 .activity = {}};
};

TEST_F(LiveViewTest, ShowsTheBestOverTheSearch) {
  evaluate(1000);
  evaluate(1000);
  evaluate(100);
  EXPECT_EQ(texts(8, 26), (std::vector<std::string>{
                              "2 of 3: toy 3/4, 1.00/s, 1.0 s left", "best 100 ns  x=3",
                              "1000 ns |    *********    ", "        |            *    ",
                              " 100 ns |            *    ", "         0   4 evaluations", "3 ok"}));
}

TEST_F(LiveViewTest, HasFewerLinesWhereThereIsLessRoom) {
  evaluate(1000);
  evaluate(100);
  EXPECT_EQ(texts(30).size(), 12u) << "a plot has eight rows at most";
  EXPECT_EQ(texts(7).size(), 6u);
  EXPECT_EQ(texts(6).size(), 3u) << "no plot";
  EXPECT_EQ(texts(30, 20).size(), 3u) << "too narrow for a plot";
  EXPECT_EQ(texts(4),
            (std::vector<std::string>{"2 of 3: toy 2/4, 1.00/s, best 100 ns (x2), 2.0 s left"}));
}

TEST_F(LiveViewTest, TheEndOfTheAxisMayBeLongerThanThePlot) {
  status_.budget = 20'000'000;
  evaluate(1000);
  const auto lines = texts(10, 26);
  EXPECT_EQ(lines[lines.size() - 2], "          20000000 evaluations") << "no 0 before it";
}

TEST_F(LiveViewTest, KeepsThePlotInTheRaceAndForgetsItForTheNextProblem) {
  evaluate(1000);
  evaluate(100);
  const auto searched = texts(10, 26);
  Status race;
  race.what = "final of 4, round 1 of 20";
  race.best = 100;
  race.best_text = "100 ns";
  race.configuration = "x=2";
  race.outcomes = {{Outcome::ok, 3}};
  view_.remember(race, now_);
  auto raced = texts(10, 26);
  EXPECT_EQ(raced.front(), "2 of 3: final of 4, round 1 of 20");
  raced.front() = searched.front();
  EXPECT_EQ(raced, searched);
  view_.restart(now_);
  view_.remember(race, now_);
  EXPECT_EQ(texts(10).size(), 3u);
}

TEST_F(LiveViewTest, ShowsHowBusyTheDeviceWas) {
  status_.activity = {.compiling = 8, .compilers = 16, .measuring = 1, .measurers = 1};
  for (int i = 0; i < 60; ++i) evaluate(1000);
  EXPECT_EQ(texts(10, 60).back(), "compiling #####-----  50 % of 16   measuring ########## 100 %");
  status_.activity = {.compilers = 16, .measurers = 1};
  for (int i = 0; i < 60; ++i) evaluate(1000);
  EXPECT_EQ(texts(10, 60).back(), "compiling ----------   0 % of 16   measuring ----------   0 %");
  status_.activity = {};
  evaluate(1000);
  EXPECT_EQ(texts(10, 60).back(), "3 ok") << "a device that does not know";
}

TEST_F(LiveViewTest, ATimeBudgetIsAnAxisOfTime) {
  status_.budget = 0;
  status_.budget_s = 10;
  evaluate(1000);
  const auto lines = texts(8, 26);
  EXPECT_EQ(lines[lines.size() - 2], "         0          10.0 s");
}

}  // namespace
}  // namespace tw
