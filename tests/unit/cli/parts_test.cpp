// The parts of the command line: flags, budgets, numbers, tables.
#include <gtest/gtest.h>

#include <string>

#include "core/base/error.h"
#include "options/options.h"
#include "ui/format.h"
#include "ui/output.h"
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
  EXPECT_EQ(clipped("\u00b5\u00b5\u00b5\u00b5\u00b5", 4), "\u00b5...") << "whole characters";
  EXPECT_EQ(clipped("\u00b5\u00b5\u00b5", 3), "\u00b5\u00b5\u00b5");
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

}  // namespace
}  // namespace tw
