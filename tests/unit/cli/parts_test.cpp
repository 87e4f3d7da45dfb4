// The parts of the command line: flags, budgets, numbers, tables, the progress line.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>

#include "core/base/error.h"
#include "options/options.h"
#include "ui/format.h"
#include "ui/output.h"
#include "ui/progress.h"
#include "ui/table.h"

namespace tw {
namespace {

CommandSpec command() {
  return {.name = "run",
          .summary = "Runs.",
          .usage = "tune run",
          .flags = {{"shape", "SHAPE", "sizes"}, {"seed", "N", "seed"}, {"fresh", "", "anew"}},
          .positional = "",
          .examples = {"tune run --shape 1"}};
}

std::string error_of(const std::vector<std::string>& words) {
  try {
    Arguments::parse(command(), words);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Format, SaysByHowMuchSomethingIsSlower) {
  EXPECT_EQ(format_slower(1.002, 1.011), "0.2 to 1.1 %");
  EXPECT_EQ(format_slower(0.998, 1.25), "-0.2 to 25.0 %");
  EXPECT_EQ(format_slower(38.6, 39.2), "38.6 to 39.2 times");
}

TEST(Format, DifferenceIsTheKnobsThatDiffer) {
  EXPECT_EQ(difference("a=1 b=2 c=3", "a=1 b=4 c=5"), "b=2 c=3");
  EXPECT_EQ(difference("a=1", "a=1"), "");
  EXPECT_EQ(difference("a=1 b=2", "x=1"), "a=1 b=2");
}

TEST(Options, ReadsValuesAndSwitches) {
  const Arguments arguments =
      Arguments::parse(command(), {"--shape", "m=1,n=-2", "--fresh", "--seed=7"});
  EXPECT_EQ(arguments.text("shape"), "m=1,n=-2");
  EXPECT_TRUE(arguments.has("fresh"));
  EXPECT_EQ(arguments.integer("seed", 1, 0, 100), 7);
  EXPECT_FALSE(arguments.has("help"));
}

TEST(Options, NamesTheNearestFlag) {
  EXPECT_EQ(error_of({"--shap", "1"}),
            "unknown option --shap: did you mean --shape? See tune run --help");
  EXPECT_NE(error_of({"--shape", "1", "--shape", "2"}).find("given twice"), std::string::npos);
  EXPECT_EQ(error_of({"--shape"}), "--shape needs a value: --shape SHAPE");
  EXPECT_EQ(error_of({"--shape="}), "--shape needs a value: --shape SHAPE");
  EXPECT_EQ(error_of({"--fresh=yes"}), "--fresh takes no value");
  EXPECT_NE(error_of({"word"}).find("unexpected 'word'"), std::string::npos);
}

TEST(Options, RejectsNumbersOutOfRange) {
  for (const char* text : {"-1", "101", "7x", "1e2", "99999999999999999999"}) {
    const Arguments arguments = Arguments::parse(command(), {std::string("--seed=") + text});
    EXPECT_THROW(arguments.integer("seed", 1, 0, 100), Error) << text;
  }
}

TEST(Options, HelpListsFlagsAndExamples) {
  const std::string help = help_text(command());
  for (const char* part :
       {"Runs.", "Usage: tune run", "--shape SHAPE", "--help", "tune run --shape 1"}) {
    EXPECT_NE(help.find(part), std::string::npos) << part << "\n" << help;
  }
}

TEST(Options, BudgetIsACountOrATime) {
  EXPECT_EQ(parse_budget("200").evaluations, 200);
  EXPECT_EQ(parse_budget("200").seconds, 0);
  EXPECT_EQ(parse_budget("90s").seconds, 90);
  EXPECT_EQ(parse_budget("1.5h").seconds, 5400);
  EXPECT_EQ(parse_budget("2m").evaluations, 0);
  for (const char* text : {"", "0", "-3", "2.5", "m", "2d", "nan", "inf", "1e300", "90 s"}) {
    EXPECT_THROW(parse_budget(text), Error) << text;
  }
}

TEST(Format, ValuesOfAnObjectiveHaveItsUnit) {
  EXPECT_EQ(format_energy(41.7), "41.70 mJ");
  EXPECT_EQ(format_energy(0.0417), "41.70 uJ");
  EXPECT_EQ(format_energy(2'500), "2.500 J");
  EXPECT_EQ(format_energy(0), "");
  EXPECT_EQ(format_power(412.34), "412 W");
  EXPECT_EQ(format_power(0), "");
  EXPECT_EQ(format_value(Objective::time, 2'683'412), "2.683 ms");
  EXPECT_EQ(format_value(Objective::energy, 41.7), "41.70 mJ");
  EXPECT_EQ(format_value(Objective::time_energy, 2'683'412 * 41.7), "111.9 us J");
}

TEST(Format, NumbersKeepFewDigits) {
  EXPECT_EQ(format_time(2'683'412), "2.683 ms");
  EXPECT_EQ(format_time(999.96), "1000.0 ns");
  EXPECT_EQ(format_time(12'345), "12.35 us");
  EXPECT_EQ(format_time(0), "-");
  EXPECT_EQ(format_count(349853), "349,853");
  EXPECT_EQ(format_count(-1234), "-1,234");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_rate(51.24e12, "FLOP/s"), "51.2 TFLOP/s");
  EXPECT_EQ(format_rate(0.5, "B/s"), "0.500 B/s");
  EXPECT_EQ(format_duration(12.34), "12.3 s");
  EXPECT_EQ(format_duration(125), "2 m 05 s");
  EXPECT_EQ(format_duration(3725), "1 h 02 m");
}

TEST(Format, AbbreviatesConfigurations) {
  EXPECT_EQ(abbreviate("block_m=128 swizzle=true order=along_m"), "bm128 s1 oalong_m");
  EXPECT_EQ(abbreviate(""), "");
  EXPECT_EQ(clipped("abcdefgh", 6), "abc...");
  EXPECT_EQ(clipped("abc", 3), "abc");
}

TEST(Table, AlignsAndLeavesOutEmptyColumns) {
  Table table({{"n", Table::Align::right}, {"empty"}, {"name"}});
  table.add({"1", "", "one"});
  table.add({"100", "", "hundred"});
  EXPECT_EQ(table.text(), "  n  name\n  1  one\n100  hundred\n");
}

TEST(Table, ACellIsOneLineThatDoesNotSteerTheTerminal) {
  Table table({{"name"}, {"note"}});
  table.add({"a\x1b[31mb", "one\ntwo\r\tthree"});
  EXPECT_EQ(table.text(), "name     note\na?[31mb  one two  three\n");
}

TEST(Output, ControlCharactersDoNotPass) {
  EXPECT_EQ(printable("a\x1b]0;title\x07z\x7f\n\xc2\x9b"
                      "2J"),
            "a?]0;title?z?\n??2J");
  EXPECT_EQ(printable("\xc3\xa9\xe2\x82\xac\xc2\xb5s"), "\xc3\xa9\xe2\x82\xac\xc2\xb5s")
      << "text stays";
  EXPECT_EQ(one_line("a\r\nb\tc"), "a  b c");
}

TEST(Table, CsvQuotesWhatNeedsIt) {
  Table table({{"a"}, {"b"}});
  table.add({"x,y", "say \"hi\""});
  EXPECT_EQ(table.csv(), "a,b\n\"x,y\",\"say \"\"hi\"\"\"\n");
}

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
                 .configuration = "block_m=128"};
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
                           .configuration = "block_m=128"}),
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

}  // namespace
}  // namespace tw
