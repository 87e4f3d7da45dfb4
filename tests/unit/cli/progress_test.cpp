// The progress of searches: lines in a file, and a line of a terminal.
#include "ui/progress/progress.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <string>

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
  Status race;
  race.what = "final of 8, round 2 of 7";
  race.best = status_.best;
  race.best_text = status_.best_text;
  race.configuration = status_.configuration;
  EXPECT_EQ(progress_line(race), "final of 8, round 2 of 7, best 2.683 ms (bm128)");
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

}  // namespace
}  // namespace tw
