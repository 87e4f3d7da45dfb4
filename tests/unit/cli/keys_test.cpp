// A verdict is reused only if everything that it depends on is equal.
#include <nlohmann/json.hpp>

#include "unit/cli/fixture.h"

namespace tw {
namespace {

constexpr const char* own_op = R"toml([op]
name = "grow"
dtypes = ["f32"]
flops = "0"
bytes = "0"
[[dim]]
name = "len"
[[scalar]]
name = "by"
default = 3
[[tensor]]
name = "x"
role = "in"
shape = ["len"]
[[tensor]]
name = "y"
role = "out"
shape = ["len"]
[reference]
source = "reference.cuh"
entry = "grow_reference"
grid = [1]
block = [1]
args = ["len", "x", "by", "y_expected", "y_magnitude"]
[tolerance]
f32 = 4
)toml";
constexpr const char* own_kernel = R"toml([kernel]
source = "kernel.cuh"
knobs = "macros"
[[knob]]
name = "BLOCK"
values = [32, 64]
[[launch]]
entry = "grow"
grid = ["ceil_div(len, BLOCK)"]
block = ["BLOCK"]
args = ["len", "x", "by", "y"]
)toml";
constexpr const char* own_source = R"cu(
extern "C" __global__ void grow(int n, const float* x, float by, float* y) {
  const int i = blockIdx.x * BLOCK + threadIdx.x;
  if (i < n) y[i] = x[i] * by;
}
)cu";
constexpr const char* own_reference = R"cu(#pragma once
#include "common/epilogue.cuh"
#include "product.cuh"
template <class T, class V, class Epilogue>
__global__ void grow_reference(int n, const T* x, float by, double* y, double* magnitude) {
  for (int i = 0; i < n; ++i) y[i] = product(x[i], by), magnitude[i] = fabs(y[i]);
}
)cu";
constexpr const char* own_product = R"cu(#pragma once
__device__ inline double product(double a, double b) { return a * b; }
)cu";

std::string changed(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

class CliKeys : public Cli {
 protected:
  struct Counts {
    std::int64_t evaluated = -1, known = -1;
    bool operator==(const Counts&) const = default;
    friend void PrintTo(const Counts& counts, std::ostream* to) {
      *to << counts.evaluated << " new, " << counts.known << " known";
    }
  };
  Counts run(const std::string& arguments) {
    const Ran ran = tune(arguments + " --device cpu --quiet --json");
    const auto document = nlohmann::json::parse(ran.out, nullptr, false);
    if (document.is_discarded()) {
      ADD_FAILURE() << ran.out << ran.err;
      return {};
    }
    const auto& result = document.at("results").at(0);
    if (works_) {
      EXPECT_EQ(result.at("outcomes").size(), 1u) << ran.out;
      EXPECT_TRUE(result.at("outcomes").contains("ok")) << ran.out;
    }
    return {result.at("evaluated"), result.at("known")};
  }
  bool works_ = true;  // whether every configuration should be right
  void write_own() {
    write("op.toml", own_op);
    write("grow.toml", own_kernel);
    write("kernel.cuh", own_source);
    write("reference.cuh", own_reference);
    write("product.cuh", own_product);
  }
  Counts run_own(const std::string& shape = "len=100") {
    return run("--spec op.toml --trust-code --race 0 --shape " + shape);
  }
};

TEST_F(CliKeys, EachThingThatAVerdictDependsOnIsPartOfItsKey) {
  write_own();
  EXPECT_EQ(run_own(), (Counts{2, 0}));
  EXPECT_EQ(run_own(), (Counts{0, 2}));
  const auto measures = [&](const char* file, const std::string& text) {
    SCOPED_TRACE(text);
    write(file, text);
    EXPECT_EQ(run_own(), (Counts{2, 0}));
    EXPECT_EQ(run_own(), (Counts{0, 2}));
    write_own();
    EXPECT_EQ(run_own(), (Counts{0, 2})) << "what was known before is known again";
  };
  measures("op.toml", changed(own_op, "role = \"out\"", "role = \"inout\""));
  measures("op.toml", changed(own_op, "default = 3", "default = 2.5"));
  measures("op.toml", changed(own_op, "f32 = 4", "f32 = 5"));
  measures("reference.cuh", own_reference + std::string("// another\n"));
  measures("product.cuh", own_product + std::string("// another\n"));
  works_ = false;  // has one argument too many
  measures("grow.toml", changed(own_kernel, "\"by\", \"y\"", "\"by\", \"y\", {i64 = \"1\"}"));
  works_ = true;
  EXPECT_EQ(run_own("len=100,by=7"), (Counts{2, 0}))
      << "the problem is called by=other, as by=3 is";
}

TEST_F(CliKeys, WhatDoesNotMatterMeasuresNothing) {
  write_own();
  EXPECT_EQ(run_own(), (Counts{2, 0}));
  write("op.toml", "# mine\n" + changed(own_op, "[[dim]]", "doc = \"grows\"\n[[dim]]"));
  write("grow.toml", "# mine\n" + changed(own_kernel, "source =", "doc = \"fast\"\nsource ="));
  EXPECT_EQ(run_own(), (Counts{0, 2}));
  write("grow.toml", changed(own_kernel, "32, 64", "32, 64, 128"));
  EXPECT_EQ(run_own(), (Counts{1, 2})) << "only the new value";
}

// If the default's results are the expected ones, another default is another oracle.
TEST_F(CliKeys, TheDefaultCountsWhereItIsTheOracle) {
  write_own();
  std::string op = own_op;
  const std::size_t at = op.find("[reference]");
  op.erase(at, op.find("[tolerance]") - at);
  write("op.toml", op);
  EXPECT_EQ(run_own(), (Counts{2, 0}));
  write("grow.toml", changed(own_kernel, "32, 64", "32, 64, 128"));
  EXPECT_EQ(run_own(), (Counts{1, 2}));
  write("grow.toml", changed(own_kernel, "32, 64", "64, 32"));
  EXPECT_EQ(run_own(), (Counts{2, 0}));
}

// If a configuration of another kernel is the oracle, the source of that kernel is part of the key.
TEST_F(CliKeys, TheSourceOfTheOracleCounts) {
  write_own();
  works_ = false;
  std::string op = own_op;
  const std::size_t at = op.find("[reference]");
  op.erase(at, op.find("[tolerance]") - at);
  write("op.toml", op);
  fs::remove(folder_ / "grow.toml");
  for (const std::string name : {"a", "b", "c"}) {
    write(name + ".toml", changed(own_kernel, "kernel.cuh", name + ".cuh"));
    write(name + ".cuh", (name == "a" ? "#error not this one\n" : "") + std::string(own_source));
  }
  EXPECT_EQ(run_own(), (Counts{6, 0}));
  EXPECT_EQ(run_own(), (Counts{0, 6}));
  write("b.cuh", own_source + std::string("// another\n"));
  EXPECT_EQ(run_own(), (Counts{6, 0})) << "b judges a and c";
}

TEST_F(CliKeys, AnAccessThatWasMendedIsMeasuredAgain) {
  write("kernel.cu",
        "extern \"C\" __global__ void grow(float* x, int n, float* y) {\n"
        "  const int i = blockIdx.x * BLOCK + threadIdx.x;\n"
        "  if (i < n) y[i] = 0, x[i] = x[i] * 3.0f + 1.0f;\n}\n");
  const std::string spec = R"json({"General": {"FormatVersion": 1},
    "ConfigurationSpace": {"TuningParameters": [
      {"Name": "BLOCK", "Type": "int", "Values": "[32, 64]", "Default": 64}], "Conditions": []},
    "KernelSpecification": {"Language": "CUDA", "KernelName": "grow", "KernelFile": "kernel.cu",
      "GlobalSizeType": "CUDA", "GlobalSize": {"X": "(256 + BLOCK - 1) // BLOCK"},
      "LocalSize": {"X": "BLOCK"}, "Arguments": [
      {"Name": "x", "Type": "float", "MemoryType": "Vector", "AccessType": "ReadWrite",
       "FillType": "Random", "FillValue": 1.0, "Size": 256},
      {"Name": "n", "Type": "int32", "MemoryType": "Scalar", "FillValue": 256},
      {"Name": "y", "Type": "float", "MemoryType": "Vector", "AccessType": "WriteOnly",
       "FillType": "Constant", "FillValue": 0, "Size": 256}]}})json";
  write("kernel.json", changed(spec, "ReadWrite", "ReadOnly"));
  const std::string own = "--spec kernel.json --trust-code --device cpu --quiet";
  const Ran wrong = tune(own);
  EXPECT_EQ(wrong.code, 1);
  EXPECT_NE(wrong.out.find("2 new, 0 known: 2 faulted"), std::string::npos) << wrong.out;
  EXPECT_EQ(wrong.out.find("--fresh"), std::string::npos) << "nothing was known";
  const Ran stored = tune(own);
  EXPECT_EQ(stored.code, 1);
  EXPECT_NE(stored.out.find("0 new, 2 known: 2 faulted"), std::string::npos) << stored.out;
  EXPECT_NE(stored.out.find("--fresh"), std::string::npos) << stored.out;
  write("kernel.json", spec);
  const Ran mended = tune(own);
  EXPECT_EQ(mended.code, 0) << mended.out << mended.err;
  EXPECT_NE(mended.out.find("2 new, 0 known: 2 ok"), std::string::npos) << mended.out;
}

TEST_F(CliKeys, ARecordingSaysWhatItWasJudgedBy) {
  write_own();
  const std::string own = "--spec op.toml --shape len=100,by=";
  ASSERT_EQ(tune("record " + own + "7 --device cpu --trust-code --quiet --out r.t4.json").code, 0);
  const std::string notice = "the recording of grow was judged with other constants";
  const Ran same = tune(own + "7 --device replay:r.t4.json");
  EXPECT_EQ(same.code, 0) << same.err;
  EXPECT_EQ(same.err.find(notice), std::string::npos) << same.err;
  const Ran other = tune(own + "8 --device replay:r.t4.json");
  EXPECT_EQ(other.code, 0) << other.err;
  EXPECT_NE(other.err.find(notice), std::string::npos) << other.err;
}

TEST_F(CliKeys, OneChainWithOtherConstantsIsJudgedAgain) {
  const std::string problem = "--op activation --shape 4x64 --dtype f32 --budget 3 --race 0 ";
  EXPECT_EQ(run(problem + "--epilogue 'scale(3)'").known, 0);
  const Counts other = run(problem + "--epilogue 'scale(2)'");
  EXPECT_EQ(other, (Counts{3, 0}));
  EXPECT_GE(run(problem + "--epilogue 'scale(3)'").known, 3);
}

}  // namespace
}  // namespace tw
