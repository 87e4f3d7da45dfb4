// The output of --json: a missing value is null, never a number that stands for a failure.
#include <nlohmann/json.hpp>

#include "db/store_fields.h"
#include "unit/cli/fixture.h"

namespace tw {
namespace {

using nlohmann::json;

class CliJson : public Cli {
 protected:
  json document(const std::string& arguments) {
    const Ran ran = tune(arguments);
    json parsed = json::parse(ran.out, nullptr, false);
    EXPECT_FALSE(parsed.is_discarded()) << ran.out << ran.err;
    return parsed;
  }
  // Writes an op whose kernel does not compile with T=1 and gives wrong results with T=2.
  void write_own() {
    write("op.toml",
          "[op]\nname = \"one\"\ndtypes = [\"f32\"]\nflops = \"0\"\nbytes = \"0\"\n"
          "[[dim]]\nname = \"len\"\n[[tensor]]\nname = \"y\"\nrole = \"out\"\nshape = [\"len\"]\n"
          "[reference]\nsource = \"one.cuh\"\nentry = \"ones\"\ngrid = [1]\nblock = [1]\n"
          "args = [\"len\", \"y_expected\", \"y_magnitude\"]\n[tolerance]\nf32 = 1\n");
    write("one.toml",
          "[kernel]\nsource = \"one.cu\"\nknobs = \"macros\"\n"
          "[[knob]]\nname = \"WAY\"\nvalues = [0, 1, 2]\n"
          "[[launch]]\nentry = \"one\"\ngrid = [1]\nblock = [32]\nargs = [\"len\", \"y\"]\n");
    write("one.cu",
          "#if WAY == 1\n#error not this one\n#endif\n"
          "extern \"C\" __global__ void one(int n, float* y) {\n"
          "  for (int i = threadIdx.x; i < n; i += 32) y[i] = WAY == 2 ? 2 : 1;\n}\n");
    write("one.cuh",
          "#include \"common/epilogue.cuh\"\n"
          "template <class T, class V, class Epilogue>\n"
          "__global__ void ones(int n, double* y, double* magnitude) {\n"
          "  for (int i = 0; i < n; ++i) y[i] = magnitude[i] = 1;\n}\n");
  }
};

TEST_F(CliJson, ASpaceThatCannotBeCountedHasNoSize) {
  write_own();
  std::string knobs;
  for (int i = 0; i < 8; ++i) {
    knobs += "[[knob]]\nname = \"P" + std::to_string(i) + "\"\nvalues = [";
    for (int value = 0; value < 64; ++value) knobs += std::to_string(value) + ", ";
    knobs += "]\n";
  }
  write("huge.toml", "[kernel]\nsource = \"one.cu\"\nknobs = \"macros\"\n" + knobs +
                         "[[launch]]\nentry = \"one\"\ngrid = [1]\nblock = [32]\n"
                         "args = [\"len\", \"y\"]\n");
  write("never.toml",
        "[kernel]\nsource = \"one.cu\"\nknobs = \"macros\"\nneeds = \"len > 100\"\n"
        "[[launch]]\nentry = \"one\"\ngrid = [1]\nblock = [32]\nargs = [\"len\", \"y\"]\n");
  const json ops = document("ops --spec op.toml --shape len=64 --json");
  EXPECT_EQ(ops.at("spaces").at("one"), 3);
  EXPECT_EQ(ops.at("spaces").at("never"), 0) << "that is how many serve this problem";
  EXPECT_TRUE(ops.at("spaces").at("huge").is_null()) << ops.at("spaces");
  EXPECT_TRUE(ops.at("reasons").at("huge").get<std::string>().find("more than") !=
              std::string::npos);
  EXPECT_TRUE(ops.at("reasons").contains("never"));
  EXPECT_FALSE(ops.at("reasons").contains("one"));
  EXPECT_FALSE(document("ops --spec op.toml --json").contains("spaces"));
  const Ran text = tune("ops --spec op.toml --shape len=64");
  EXPECT_NE(text.out.find("not counted for one f32 len=64"), std::string::npos) << text.out;
}

TEST_F(CliJson, WhatWasNotFoundIsNull) {
  write_own();
  const json run =
      document("--spec op.toml --shape len=64 --device cpu --trust-code --quiet --json")
          .at("results")
          .at(0);
  EXPECT_EQ(run.at("outcomes"), (json{{"ok", 1}, {"compile_failed", 1}, {"wrong_result", 1}}));
  for (const char* key : {"flops", "bytes", "roofline_ns"})
    EXPECT_TRUE(run.at(key).is_null()) << key;
  for (const char* key : {"sm_clock_mhz", "memory_bandwidth"}) {
    EXPECT_TRUE(run.at("device").at(key).is_null()) << key;
  }
  EXPECT_GT(run.at("device").at("sms"), 0);
  const json& row = run.at("ranking").at(0);
  for (const char* key :
       {"registers", "spill_bytes", "flops_per_s", "of_roofline", "over_baseline"}) {
    EXPECT_TRUE(row.at(key).is_null()) << key;
  }
  EXPECT_TRUE(row.at("error_ulps").is_number());
  const json trials = document("query trials --json").at("trials");
  for (const json& trial : trials) {
    const bool failed = trial.at("outcome") != "ok";
    EXPECT_EQ(trial.at("median_ns").is_null(), failed) << trial;
    for (const char* field : names_of(measurement_fields)) EXPECT_TRUE(trial.contains(field));
    for (const char* field : names_of(context_key_fields)) EXPECT_TRUE(trial.contains(field));
    for (const char* key : {"registers", "spill_bytes", "blocks_per_sm"}) {
      EXPECT_TRUE(trial.at(key).is_null()) << trial;
    }
    if (trial.at("outcome") == "compile_failed") {
      EXPECT_TRUE(trial.at("error_ulps").is_null()) << trial;
      EXPECT_TRUE(trial.at("smem_bytes").is_null()) << trial;
    }
  }
  const Ran csv = tune("query trials --csv");
  EXPECT_EQ(csv.out.find(",-1,"), std::string::npos) << csv.out;
}

TEST_F(CliJson, AShareThatNothingSaysIsNull) {
  tune("--op gemm --shape m=8,n=8,k=8 --kernel simt --device cpu --budget 2 --quiet");
  const json found = document("explain --source cpu --json").at("explanations").at(0);
  EXPECT_EQ(found.at("trials"), 2);
  for (const json& knob : found.at("knobs")) EXPECT_TRUE(knob.at("share").is_null()) << knob;
}

TEST_F(CliJson, MalformedJsonIsRefusedWithItsLineAndColumn) {
  write("broken.json", "{\"results\": [\n  {\"a\": 1},\n  {\"a\" 2}\n]}\n");
  expect_fault("import broken.json", {"broken.json:3:8: this is not JSON"});
  expect_fault("--device replay:broken.json", {"broken.json:3:8: this is not JSON"});
  expect_fault(std::string(gemm) + " --device replay:broken.json",
               {"broken.json:3:8: this is not JSON"});
}

}  // namespace
}  // namespace tw
