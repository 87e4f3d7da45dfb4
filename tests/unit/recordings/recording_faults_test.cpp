// Any file gives a recording or an error of one clear line.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "unit/db/fixture.h"
#include "unit/recordings/recording_fixture.h"

namespace tw {
namespace {

TEST(RecordingFaults, EachSaysWhatAndWhere) {
  const auto t4 = [](const std::string& result) { return R"({"results":[)" + result + "]}"; };
  EXPECT_EQ(refusal("[]"),
            "is neither a T4 file (\"results\") nor a Kernel Tuner cache (\"cache\")");
  EXPECT_EQ(refusal(R"({"results":5})"), "results = 5: is not a list");
  EXPECT_EQ(refusal(R"({"results":[]})"), "results = []: is empty: there is nothing to replay");
  EXPECT_EQ(refusal(t4("7")), "results: have no parameters");
  EXPECT_EQ(refusal(t4(R"({"configuration":{}})")), "results: have no parameters");
  EXPECT_EQ(refusal(t4(R"({"configuration":{"a":1}},3)")),
            "results[0]: is correct, but has no positive time");
  const std::string good = R"({"configuration":{"a":1},"times":{"runtimes":[1]}})";
  EXPECT_EQ(refusal(t4(good)), "");
  EXPECT_EQ(refusal(t4(good + ",3")), "results[1] = 3: is not an object");
  EXPECT_EQ(refusal(t4(good + R"(,{"configuration":{"b":1},"times":{"runtimes":[1]}})")),
            "results[1].configuration: has no member \"a\": add it");
  EXPECT_EQ(refusal(t4(good + R"(,{"configuration":{"a":1,"b":1},"times":{"runtimes":[1]}})")),
            "results[1].configuration: does not have the parameters of the first one");
  EXPECT_EQ(refusal(t4(R"({"configuration":{"a":1},"times":{"runtimes":[1,"x"]}})")),
            "results[0].times.runtimes[1] = \"x\": is not a finite number");
  EXPECT_EQ(refusal(t4(R"({"configuration":{"a":1},"invalidity":"cursed"})")),
            "results[0]: the invalidity \"cursed\" is unknown");
  EXPECT_EQ(refusal(t4(R"({"configuration":{"a":[1]},"times":{"runtimes":[1]}})")),
            "the parameter a has a list or an object as a value");
  EXPECT_EQ(refusal(R"({"cache":{}})"), "has no member \"tune_params_keys\": add it");
  EXPECT_EQ(refusal(R"({"cache":{},"tune_params_keys":["a"]})"),
            "cache = {}: is empty: there is nothing to replay");
  EXPECT_EQ(refusal(R"({"cache":{"1,2":{"time":1}},"tune_params_keys":["a"]})"),
            "cache.1,2: its key has 2 values for 1 parameters");
  EXPECT_EQ(refusal(R"({"cache":{"1\n":{"time":-1}},"tune_params_keys":["a"]})"),
            "cache.1 .time = -1: is not positive");
}

TEST(RecordingFaults, TheLineAndTheColumnAreNamed) {
  const auto begins = [](const std::string& text, const std::string& begin) {
    EXPECT_TRUE(refusal_at(text).starts_with(begin)) << refusal_at(text);
  };
  begins("nonsense", "1:2: this is not JSON");
  begins("", "1:1: this is not JSON");
  begins("{\"results\": [\n  {\"äö\": 1},\n  {\"äö\": }]}", "3:10: this is not JSON");
  begins("{\"results\": [\n  1e999]}", "2:7: this number is too large");
  begins(
      "{\"results\":\n  [{\"configuration\": {\"a\": 1}, \"times\": {\"runtimes\": [1]}},\n   3]}",
      "3:4: results[1] = 3: is not an object");
  begins("{\"cache\": {\n  \"1\": {\"time\": -1}},\n\"tune_params_keys\": [\"a\"]}",
         "2:17: cache.1.time = -1: is not positive");
}

// Some programs have written such files. The last key counts, and a fault beside it is still one
// line.
TEST(RecordingFaults, AKeyThatIsThereTwice) {
  const std::string times = R"("times":{"runtimes":[1]})";
  EXPECT_EQ(
      refusal(R"({"results":[{"configuration":{"a":2},"configuration":{"a":1},)" + times + "}]}"),
      "");
  for (const char* hidden : {"[1,2,3,4]", "{\"b\":[1]}", "[[[]]]", "7", "{}"}) {
    const std::string text = std::string(R"({"results":[{"configuration":)") + hidden +
                             R"(,"configuration":{"a":1},"times":{"runtimes":["x"]}}]})";
    EXPECT_NE(refusal(text), "") << text;
  }
}

TEST(RecordingFaults, KnobsAndTheirValuesAreDistinct) {
  const auto with = [](const std::string& knobs, const std::string& configuration) {
    return refusal(R"({"metadata":{"tilewright":{"version":1,"op":"x","problem":"x","kernel":"x",)"
                   R"("device":{},"knobs":[)" +
                   knobs + R"(]}},"results":[{"configuration":)" + configuration +
                   R"(,"times":{"runtimes":[1]}}]})");
  };
  const std::string a = R"({"name":"a","kind":"integer","values":[1,2]})";
  EXPECT_EQ(with(a, R"({"a":1})"), "");
  EXPECT_EQ(with(a + "," + a, R"({"a":1,"b":1})"),
            "metadata.tilewright.knobs[1]: its name is that of another");
  EXPECT_EQ(with(R"({"name":"a","kind":"integer","values":[1,2,1]})", R"({"a":1})"),
            "metadata.tilewright.knobs[0].values: has one twice");
  EXPECT_EQ(with(R"({"name":"a","kind":"word","values":["v","v"]})", R"({"a":"v"})"),
            "metadata.tilewright.knobs[0].values: has one twice");
  EXPECT_EQ(with(R"({"name":"a","kind":"boolean","values":[false,2]})", R"({"a":false})"),
            "metadata.tilewright.knobs[0].values[1] = 2: is neither true nor false");
}

TEST(RecordingFaults, TheL2IsColdOrWarm) {
  const auto with = [](const std::string& l2) {
    return refusal(R"({"metadata":{"tilewright":{"op":"x","knobs":[],"l2":)" + l2 +
                   R"(}},"results":[{"configuration":{},"times":{"runtimes":[1]}}]})");
  };
  EXPECT_EQ(with(R"("warm")"), "");
  EXPECT_EQ(with(R"("hot")"), "metadata.tilewright.l2 = \"hot\": is neither cold nor warm");
}

TEST(RecordingFaults, DeepNestingDoesNotOverflowTheStack) {
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  EXPECT_NE(refusal(deep), "");
  EXPECT_NE(
      refusal(R"({"results":[{"configuration":{"a":)" + deep + R"(},"times":{"runtimes":[1]}}]})"),
      "");
}

TEST(RecordingFaults, AnyByteMayBeWrong) {
  const std::string texts[] = {text_of_file(data("small.t4.json")),
                               text_of_file(data("small.kernel_tuner.json")),
                               recording_text(ours())};
  std::mt19937 random(3);
  for (const std::string& text : texts) {
    for (int i = 0; i < 500; ++i) {
      std::string changed = text;
      for (int j = 0; j < 2; ++j) {
        changed[random() % changed.size()] = "0{}[]\",:-9ae."[random() % 13];
      }
      if (i % 5 == 0) changed.resize(random() % changed.size());
      try {
        const Recording r = parse_recording(changed, "x.json");
        EXPECT_EQ(space_of(r).size(), r.trials.size());
      } catch (const Error&) {
        // One clear line is the only other way out.
      }
    }
  }
}

TEST(RecordingFaults, Files) {
  const TemporaryFolder folder;
  const auto says = [](const std::string& path, const std::string& part) {
    try {
      read_recording(path);
    } catch (const Error& error) {
      const std::string what = error.what();
      return what.find(path) == 0 && what.find(part) != what.npos;
    }
    return false;
  };
  EXPECT_TRUE(says(folder / "none.json", "there is no such file"));
  EXPECT_TRUE(says(folder / "", "is a folder"));
  std::ofstream(folder / "short.gz") << "\x1f\x8b";
  EXPECT_TRUE(says(folder / "short.gz", "damaged or truncated"));

  write_recording(ours(), folder / "a.json.gz");
  const std::string bytes = text_of_file(folder / "a.json.gz");
  for (std::size_t keep = 3; keep < bytes.size(); keep += 1 + bytes.size() / 50) {
    std::ofstream(folder / "cut.gz", std::ios::binary) << bytes.substr(0, keep);
    EXPECT_TRUE(says(folder / "cut.gz", "damaged or truncated")) << keep;
  }
  write_recording(ours(), folder / "plain.json");
  std::filesystem::rename(folder / "a.json.gz", folder / "b.json");
  EXPECT_EQ(read_recording(folder / "b.json").trials.size(), 3u) << "known by its first bytes";
  std::ofstream(folder / "private.json") << "{}";
  std::filesystem::permissions(folder / "private.json", std::filesystem::perms::none);
  const WithoutRoot nobody;
  EXPECT_TRUE(says(folder / "private.json", "cannot be read: Permission denied"));
}

TEST(RecordingFaults, ABombIsRefused) {
  const TemporaryFolder folder;
  Recording large = ours();
  large.trials[1].measurement.note = std::string(std::size_t{1} << 20, ' ');
  write_recording(large, folder / "large.json.gz");
  const std::string member = text_of_file(folder / "large.json.gz");
  std::ofstream bomb(folder / "bomb.json.gz", std::ios::binary);
  for (int i = 0; i < 257; ++i) bomb << member;  // gzip files can be joined
  bomb.close();
  EXPECT_LT(std::filesystem::file_size(folder / "bomb.json.gz"), std::size_t{1} << 20);
  try {
    read_recording(folder / "bomb.json.gz");
    ADD_FAILURE() << "read a bomb";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("larger than 256 MiB"), std::string::npos);
  }
}

}  // namespace
}  // namespace tw
