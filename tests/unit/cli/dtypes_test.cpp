// Tensors of several types, from the spec to the header, on the cpu device: tests/data/mixed has
// i32, u8, i64, f32, f64 and bf16 tensors.
#include <nlohmann/json.hpp>

#include "unit/cli/fixture.h"
#include "unit/support/mixed_faults.h"
#include "unit/support/paths.h"

namespace tw {
namespace {

using nlohmann::json;

class CliDtypes : public Cli {
 protected:
  CliDtypes() { fs::copy(test_data("mixed"), folder_, fs::copy_options::recursive); }

  Ran tuned(const std::string& dtype, const std::string& shape = "rows=40,columns=67,table=9") {
    return tune("--spec op.toml --device cpu --trust-code --quiet --json --dtype " + dtype +
                " --shape " + shape);
  }
  // Replaces a text that occurs once in a file of the op.
  void edit(const std::string& file, const std::string& before, const std::string& after) {
    std::string text = text_of_file(folder_ / file);
    const std::size_t at = text.find(before);
    ASSERT_NE(at, text.npos) << before;
    ASSERT_EQ(text.find(before, at + 1), text.npos) << before;
    write(file, text.replace(at, before.size(), after));
  }
  // Removes the op's reference, so that the default configuration is the oracle.
  void remove_reference() {
    std::string text = text_of_file(folder_ / "op.toml");
    write("op.toml", text.substr(0, text.find("[reference]")));
  }
};

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(CliDtypes, EveryConfigurationIsRightInBothStorageTypes) {
  for (const std::string dtype : {"f32", "bf16"}) {
    const Ran ran = tuned(dtype);
    ASSERT_EQ(ran.code, 0) << ran.err;
    const json result = json::parse(ran.out).at("results").at(0);
    EXPECT_EQ(result.at("oracle"), "reference");
    EXPECT_EQ(result.at("outcomes"), json({{"ok", 6}}));
  }
}

TEST_F(CliDtypes, WithoutAReferenceTheDefaultIsTheOracle) {
  remove_reference();
  const Ran ran = tuned("f32");
  ASSERT_EQ(ran.code, 0) << ran.err;
  const json result = json::parse(ran.out).at("results").at(0);
  EXPECT_EQ(result.at("oracle"), "default");
  EXPECT_EQ(result.at("outcomes"), json({{"ok", 6}}));
}

TEST_F(CliDtypes, AFaultInAnyTypeIsFound) {
  const std::string right = text_of_file(folder_ / "block.cuh");
  for (const auto& [before, after, note] : test::mixed_faults) {
    edit("block.cuh", before, after);
    const Ran ran = tuned("f32");
    EXPECT_EQ(ran.code, 1) << after << ran.out << ran.err;
    const Ran rows = tune("query trials --outcome wrong_result --json");
    EXPECT_TRUE(holds(rows.out, note)) << after << rows.out;
    write("block.cuh", right);
    fs::remove(folder_ / "tilewright.db");
  }
}

// Rows that nobody writes are right: the reference leaves them unwritten, too.
TEST_F(CliDtypes, WhatTheReferenceLeavesUnwrittenMustBeLeftUnwritten) {
  edit("reference.cuh", "  zeros[row] = count;", "  if (row % 2 == 0) zeros[row] = count;");
  edit("reference.cuh", "  checksum[row] =", "  if (row % 2 == 0) checksum[row] =");
  EXPECT_EQ(tuned("f32").code, 1);
  EXPECT_TRUE(holds(tune("query trials --json").out, "which the oracle leaves unwritten"));
  edit("block.cuh", "  zeros[row] =", "  if (row % 2 == 0) zeros[row] =");
  edit("block.cuh", "  checksum[row] =", "  if (row % 2 == 0) checksum[row] =");
  const Ran ran = tuned("f32");
  ASSERT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_EQ(json::parse(ran.out).at("results").at(0).at("outcomes"), json({{"ok", 6}}));
}

// Without a reference, a default that leaves integers unwritten is not the oracle.
TEST_F(CliDtypes, ADefaultThatLeavesIntegersUnwrittenIsNotTheOracle) {
  remove_reference();
  edit("block.cuh", "  largest[row] =",
       "  if (row != 7 || threads != 128 || !V::knobs.reads_scale_once) largest[row] =");
  const Ran ran = tuned("f32");
  ASSERT_EQ(ran.code, 0) << ran.out << ran.err;
  const json result = json::parse(ran.out).at("results").at(0);
  EXPECT_TRUE(holds(result.at("oracle"), "block: threads=")) << result.at("oracle");
  EXPECT_EQ(result.at("outcomes"), json({{"ok", 5}, {"wrong_result", 1}}));
}

TEST_F(CliDtypes, TrialsAreStoredAndExported) {
  ASSERT_EQ(tuned("bf16").code, 0);
  const std::string rows = tune("query trials --json").out;
  EXPECT_TRUE(holds(rows, "dequantise bf16 rows=40,columns=67,table=9")) << rows;
  ASSERT_EQ(tune("export --out trials.csv").code, 0);
  EXPECT_TRUE(holds(text_of_file(folder_ / "trials.csv"),
                    "\"dequantise bf16 rows=40,columns=67,table=9\""));
}

TEST_F(CliDtypes, TheHeaderHasTheTypeOfEachTensor) {
  ASSERT_EQ(tuned("f32").code, 0);
  ASSERT_EQ(tuned("bf16").code, 0);
  const Ran ran = tune("emit --spec op.toml --source cpu --out tuned --check cpu --trust-code");
  ASSERT_EQ(ran.code, 0) << ran.err;
  const std::string header = text_of_file(folder_ / "tuned/dequantise.h");
  for (const char* field :
       {"const std::int32_t* index", "const std::uint8_t* codes", "const float* scale", "float* y",
        "double* sum", "std::int32_t* zeros", "std::uint8_t* largest", "std::int64_t* checksum",
        "const void* scale", "float* sum"}) {
    EXPECT_TRUE(holds(header, std::string("  ") + field + " = nullptr;")) << field << "\n"
                                                                          << header;
  }
}

TEST_F(CliDtypes, OpsNamesTheTypes) {
  const json op = json::parse(tune("ops dequantise --spec op.toml --json").out);
  const json& tensors = op.at("tensors");
  EXPECT_EQ(tensors.at(0).at("name"), "index");
  EXPECT_EQ(tensors.at(0).at("dtypes"), json({{"f32", "i32"}, {"bf16", "i32"}}));
  EXPECT_EQ(tensors.at(4).at("dtypes"), json({{"f32", "f64"}, {"bf16", "f32"}}));
}

TEST_F(CliDtypes, WrongTypesAreRefusedWhereTheyStand) {
  struct Fault {
    const char *before, *after;
    std::vector<std::string> parts;
  };
  const std::vector<Fault> faults{
      {"dtype = \"u8\"\nshape = [\"table\"",
       "dtype = \"u9\"\nshape = [\"table\"",
       {"op.toml:", "tensor 'codes'", "dtype 'u9' is unknown"}},
      {"{ f32 = \"f64\", bf16 = \"f32\" }",
       "{ f32 = \"f64\" }",
       {"tensor 'sum'", "'bf16' is missing: add bf16 = \"storage\""}},
      {"{ f32 = \"f64\", bf16 = \"f32\" }",
       "{ f32 = \"f64\", f16 = \"f32\" }",
       {"tensor 'sum'", "'f16' is not among the op's dtypes"}},
      {"range = [\"0\", \"table - 1\"]",
       "range = [\"0\"]",
       {"tensor 'index'", "'range' must be the least and the largest value"}},
      {"dtype = \"storage\"",
       "dtype = \"storage\"\nrange = [\"0\", \"1\"]",
       {"tensor 'scale'", "'range' is for integers, and the tensor stores others"}},
      {"range = [\"0\", \"table - 1\"]",
       "range = [\"0\", \"table << 31\"]",
       {"tensor index: its range, 0 to 19327352832, is beyond i32, which has -2147483648 to"}},
      {"range = [\"0\", \"table - 1\"]",
       "range = [\"table\", \"0\"]",
       {"tensor index: its range, 9 to 0, ends before it begins"}},
      {"range = [\"0\", \"table - 1\"]",
       "range = [\"0\", \"device.sms\"]",
       {"op.toml:", "tensor 'index'", "'range' depends on the device"}},
      {"tolerance = \"columns\"",
       "tolerance = \"columns\"\nrange = [\"0\", \"1\"]",
       {"tensor 'sum'", "'range' is for integers"}},
      {"dtype = \"u8\"\nshape = [\"rows\"]",
       "dtype = \"u8\"\ntolerance = \"1\"\nshape = [\"rows\"]",
       {"tensor 'largest'", "integers must be exact"}},
      {"dtype = \"u8\"\nshape = [\"rows\"]",
       "dtype = \"u8\"\nrange = [\"0\", \"1\"]\nshape = [\"rows\"]",
       {"tensor 'largest'", "'range' is for inputs"}},
      {"dtypes = [\"f32\", \"bf16\"]",
       "dtypes = [\"f32\", \"bf16\", \"i32\"]",
       {"tensor 'sum'", "'i32' is missing"}},
  };
  for (const auto& [before, after, parts] : faults) {
    const std::string right = text_of_file(folder_ / "op.toml");
    edit("op.toml", before, after);
    expect_fault("--spec op.toml --device cpu --trust-code --shape rows=4,columns=6,table=9",
                 parts);
    write("op.toml", right);
  }
}

}  // namespace
}  // namespace tw
