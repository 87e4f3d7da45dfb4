// The progress of searches: lines in a file, a line of a terminal, and the view on several lines.
#include "ui/progress/progress.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "ui/progress/live_view.h"
#include "ui/progress/staircase.h"
#include "unit/cli/terminal.h"

namespace tw {
namespace {

// A progress line on a file; the test sets the times.
class ProgressTest : public testing::Test {
 protected:
  ~ProgressTest() override { std::fclose(file_); }
  Progress progress(Progress::Mode mode, int width = 80) {
    return Progress(file_, mode, width, [this] { return now_; });
  }
  std::string written() {
    std::fflush(file_);
    std::rewind(file_);
    std::array<char, 4096> buffer{};
    return {buffer.data(), std::fread(buffer.data(), 1, buffer.size(), file_)};
  }
  void pass(double seconds) {
    now_ += std::chrono::duration_cast<std::chrono::steady_clock::duration>(
        std::chrono::duration<double>(seconds));
  }

  std::FILE* file_ = std::tmpfile();
  std::chrono::steady_clock::time_point now_{std::chrono::hours(1)};
  Status status_{.what = "simt",
                 .done = 50,
                 .budget = 200,
                 .failed = 3,
                 .elapsed_s = 5,
                 .budget_s = 0,
                 .best = 2'683'412,
                 .best_text = "2.683 ms",
                 .configuration = "block_m=128",
                 .outcomes = {},
                 .activity = {}};
};

TEST_F(ProgressTest, SaysRateBestFailuresAndTimeLeft) {
  EXPECT_EQ(progress_line(status_),
            "simt 50/200, 10.0/s, best 2.683 ms (bm128), 3 failed, 15.0 s left");
  status_.budget = 0;
  status_.budget_s = 90;
  EXPECT_EQ(progress_line(status_),
            "simt 50, 10.0/s, best 2.683 ms (bm128), 3 failed, 1 m 25 s left");
}

TEST_F(ProgressTest, WithoutCountsSaysWhatIsGoingOn) {
  EXPECT_EQ(progress_line({.what = "final of 8, round 2 of 7",
                           .done = 0,
                           .budget = 0,
                           .failed = 0,
                           .elapsed_s = 0,
                           .budget_s = 0,
                           .best = 2'683'412,
                           .best_text = "2.683 ms",
                           .configuration = "block_m=128",
                           .outcomes = {},
                           .activity = {}}),
            "final of 8, round 2 of 7, best 2.683 ms (bm128)");
}

TEST_F(ProgressTest, RewritesOneLineOnATerminal) {
  Progress bar = progress(Progress::Mode::terminal, 20);
  bar.update(status_);
  pass(0.01);
  bar.update(status_);  // too soon for an update
  pass(1);
  bar.update(status_);
  bar.clear();
  EXPECT_EQ(written(), "\rsimt 50/200, 10....\x1b[K\rsimt 50/200, 10....\x1b[K\r\x1b[K");
}

TEST_F(ProgressTest, WritesPlainLinesNowAndThenElsewhere) {
  Progress lines = progress(Progress::Mode::lines);
  lines.update(status_);
  pass(1.5);
  lines.update(status_);  // the first best time
  pass(1.5);
  lines.update(status_);  // nothing new
  pass(4);
  status_.done = 60;
  lines.update(status_);
  const std::string text = written();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2) << text;
  EXPECT_EQ(text.find('\r'), std::string::npos);
  EXPECT_NE(text.find("simt 60/200"), std::string::npos);
}

TEST_F(ProgressTest, SaysThePlaceInAListAndTheTimeThatItTakes) {
  ListPlace place{.number = 3, .count = 30, .later = 27, .each_s = 0};
  // 5 s have passed, and 15 s are left: 27 problems take as long as this one.
  EXPECT_DOUBLE_EQ(list_seconds_left(place, 5, 15), 15 + 27 * 20);
  EXPECT_LT(list_seconds_left(place, 5, -1), 0);
  place.each_s = 60;
  EXPECT_DOUBLE_EQ(list_seconds_left(place, 5, 15), 55 + 27 * 60) << "the race comes on top";
  EXPECT_DOUBLE_EQ(list_seconds_left(place, 5, 80), 80 + 27 * 60);
  EXPECT_DOUBLE_EQ(list_seconds_left(place, 90, -1), 27 * 60);
  EXPECT_EQ(place_text(place, 1635), "3 of 30 (27 m 15 s left): ");
  EXPECT_EQ(place_text(place, -1), "3 of 30: ");
  EXPECT_EQ(place_text({.number = 1, .count = 1}, 5), "");
  Progress lines = progress(Progress::Mode::lines);
  lines.in_list(place);
  lines.headline("gemm on a toy");
  lines.update(status_);
  pass(6);
  lines.update(status_);
  EXPECT_EQ(
      written(),
      "3 of 30 (28 m 00 s left): gemm on a toy\n"
      "3 of 30 (27 m 54 s left): simt 50/200, 10.0/s, best 2.683 ms (bm128), 3 failed, 15.0 s "
      "left\n");
}

TEST_F(ProgressTest, TheLineOfATerminalBeginsWithThePlace) {
  Progress bar = progress(Progress::Mode::terminal, 40);
  bar.in_list({.number = 2, .count = 3, .later = 1});
  bar.update(status_);
  EXPECT_EQ(written(), "\r2 of 3 (30.0 s left): simt 50/200, 1...\x1b[K");
}

TEST_F(ProgressTest, APaceIsTheMeanOfWhatWasSearched) {
  ListPace pace(4, [this] { return now_; });
  const ListPlace first = pace.begin(1);
  EXPECT_EQ(first.later, 3);
  EXPECT_EQ(first.each_s, 0);
  pass(1);
  pace.end(first, false);  // all of it was known
  const ListPlace second = pace.begin(2);
  EXPECT_EQ(second.each_s, 0);
  pass(10);
  pace.end(second, true);
  const ListPlace third = pace.begin(3);
  pass(20);
  pace.end(third, true);
  const ListPlace last = pace.begin(4);
  EXPECT_EQ(last.number, 4);
  EXPECT_EQ(last.count, 4);
  EXPECT_EQ(last.later, 0);
  EXPECT_DOUBLE_EQ(last.each_s, 15);
  EXPECT_DOUBLE_EQ(pace.elapsed_s(), 31);
}

TEST_F(ProgressTest, TwoProblemsAtATimeTakeHalfOfTheTime) {
  ListPace pace(
      6, [this] { return now_; }, 2);
  const ListPlace first = pace.begin(1);
  const ListPlace second = pace.begin(2);
  pass(10);
  pace.end(first, true);
  pace.end(second, true);
  const ListPlace third = pace.begin(3);
  EXPECT_EQ(third.later, 3);
  EXPECT_DOUBLE_EQ(third.each_s, 10);
  EXPECT_DOUBLE_EQ(list_seconds_left(third, 0, -1), 10 + 3 * 10 / 2.0);
  pace.put_off();
  EXPECT_EQ(pace.begin(4).later, 3) << "the third problem begins again later";
}

TEST_F(ProgressTest, ProblemsAtTheSameTimeShareTheLineOfATerminal) {
  Progress one = progress(Progress::Mode::terminal, 60);
  Progress other = one.beside();
  one.in_list({.number = 1, .count = 2, .together = 2});
  other.in_list({.number = 2, .count = 2, .together = 2});
  Status simt, mma;
  simt.what = "simt";
  mma.what = "mma";
  one.update(simt);
  other.update(mma);
  other.note("a notice");
  one.screen().make_way([this] { std::fputs("result\n", file_); });
  one.clear();
  other.clear();
  EXPECT_EQ(written(),
            "\r1 of 2: simt\x1b[K"
            "\r1 of 2: simt | 2 of 2: mma\x1b[K"
            "\r\x1b[K2 of 2: a notice\n"
            "result\n"
            "\r2 of 2: mma\x1b[K"
            "\r\x1b[K");
}

TEST_F(ProgressTest, QuietWritesNothing) {
  Progress quiet = progress(Progress::Mode::quiet);
  quiet.update(status_);
  pass(10);
  quiet.update(status_);
  quiet.note("note");
  EXPECT_EQ(written(), "");
}

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
  for (const int redraw : {1, 2, 3}) {
    for (const char* name : {"a", "b", "c", "d"}) {
      const int problem = name[0] - 'a';
      while (redraw == 1 && shared->enter() < problem) {
      }
      shared->rewrite(problem, lines_of({name, "more"}));
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
  EXPECT_EQ(texts(10, 26)[10 - 5 + 2], "         020000000 evaluations");
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
