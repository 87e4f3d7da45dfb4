// The options that say what tensors hold and what is right: --values, --expected, --constant and
// --reference.
#include <gmock/gmock.h>

#include <array>
#include <fstream>

#include "core/catalog/catalog.h"
#include "core/from_source/argument_text.h"
#include "core/from_source/from_source.h"
#include "core/from_source/reference_text.h"
#include "core/from_source/values_text.h"
#include "core/text/toml_file.h"
#include "unit/core/fixture.h"

namespace tw {
namespace {

using test::error_of;
using testing::HasSubstr;

// Returns the lines of a tensor's table, or the fault.
std::string lines(const std::string& text, const std::string& type = "f32",
                  const std::string& flag = "values") {
  const SourceOption option{flag, text};
  std::string result;
  const std::string fault = error_of([&] {
    const ValuesText values = read_values_text(option);
    result = values.tensor + ": " + values_lines(option, values, *c_type(type), "in/x.npy");
  });
  return fault.empty() ? result : fault;
}

TEST(ValuesText, IsARuleANumberOrAFile) {
  EXPECT_EQ(lines("x=uniform(0, 2.5)"), "x: values = {uniform = [0.0, 2.5]}\n");
  EXPECT_EQ(lines(" x = uniform (-1,1)"), "x: values = {uniform = [-1.0, 1.0]}\n");
  EXPECT_EQ(lines("x=uniform(0, n - 1)", "i32"), "x: range = [\"0\", \"n - 1\"]\n");
  EXPECT_EQ(lines("x=1.5"), "x: values = {constant = 1.5}\n");
  EXPECT_EQ(lines("x=-2"), "x: values = {constant = -2.0}\n");
  EXPECT_EQ(lines("x=constant(n)", "i64"), "x: values = {constant = \"n\"}\n");
  EXPECT_EQ(lines("x=iota"), "x: values = {iota = [0.0, 1.0]}\n");
  EXPECT_EQ(lines("x=iota(4)", "u8"), "x: values = {iota = [\"4\", \"1\"]}\n");
  EXPECT_EQ(lines("x=iota(0, 0.5)"), "x: values = {iota = [0.0, 0.5]}\n");
  EXPECT_EQ(lines("x=permutation", "i32"), "x: values = \"permutation\"\n");
  EXPECT_EQ(lines("x=sorted(0, max(n, 1))", "i32"),
            "x: values = \"sorted\"\nrange = [\"0\", \"max(n, 1)\"]\n");
  EXPECT_EQ(lines("x=formula(i % 7)"), "x: values = {formula = \"i % 7\"}\n");
  EXPECT_EQ(lines("x=formula(3 * i, 10)"), "x: values = {formula = [\"3 * i\", \"10\"]}\n");
  EXPECT_EQ(lines("x=data/x.npy"), "x: values = {file = \"in/x.npy\"}\n");
  EXPECT_EQ(lines("y=y.npy", "f32", "expected"), "y: expected = \"in/x.npy\"\n");
  EXPECT_EQ(lines("y=formula(2*i)", "f32", "expected"), "y: expected = {formula = \"2*i\"}\n");
}

TEST(ValuesText, FaultsAreInTheWordsOfTheUser) {
  for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
           {"x", "is no name with a value: write it as in x=uniform(0, 2)"},
           {"x=", "has no value"},
           {"x=unifrm(0, 1)",
            "'unifrm(0, 1)' is no rule, no number and no file: did you mean "
            "uniform(0, 2)?"},
           {"x=noise", "write uniform(0, 2), constant(1), iota(0, 1), permutation"},
           {"x=uniform(1)", "write uniform as in x=uniform(0, 2)"},
           {"x=uniform(0,)", "write uniform as in x=uniform(0, 2)"},
           {"x=permutation(3)", "write permutation as in x=permutation"},
           {"x=formula(i", "a ) is missing at the end of 'formula(i'"},
           {"x=uniform(a, 1)", "'a' is no number"}}) {
    EXPECT_THAT(lines(text), testing::StartsWith("--values '" + text + "': ")) << text;
    EXPECT_THAT(lines(text), HasSubstr(part)) << text;
  }
  EXPECT_EQ(lines("y=uniform(0, 1)", "f32", "expected"),
            "--expected 'y=uniform(0, 1)': expected values come from a file or a formula: write "
            "y=y.npy, or y=formula(3 * i)");
}

TEST(ReferenceText, HasALaunchOfItsOwnOrNone) {
  const auto read = [](const std::string& text) {
    std::string result;
    const std::string fault = error_of([&] {
      const ReferenceText one = read_reference_text({"reference", text});
      result = one.name;
      for (const std::string& extent : one.grid) result += "|" + extent;
      result += "/";
      for (const std::string& extent : one.block) result += "|" + extent;
      result += "/" + one.smem;
    });
    return fault.empty() ? result : fault;
  };
  EXPECT_EQ(read("plain"), "plain//");
  EXPECT_EQ(read(" a::plain<float, 2> "), "a::plain<float, 2>//");
  EXPECT_EQ(read("plain<<<ceil_div(n, 256), 256>>>"), "plain|ceil_div(n, 256)/|256/");
  EXPECT_EQ(read("p<float><<<(n, m, 1), (16, 16), 4 * n>>>"), "p<float>|n|m|1/|16|16/4 * n");
  EXPECT_EQ(read("p<<<(n + 1) * (m), 1>>>"), "p|(n + 1) * (m)/|1/");
  for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
           {"<<<1, 1>>>", "names no kernel"},
           {"p<<<1, 1>>", "does not end in >>>"},
           {"p<<<>>", "does not end in >>>"},
           {"p<<<1>>>", "a launch has a grid and a block"},
           {"p<<<1, 1, 1, 1>>>", "a launch has a grid and a block"},
           {"p<<<, 1>>>", "one to three expressions"},
           {"p<<<(1, 2, 3, 4), 1>>>", "one to three expressions"}}) {
    EXPECT_THAT(read(text), testing::StartsWith("--reference '" + text + "': ")) << text;
    EXPECT_THAT(read(text), HasSubstr(part)) << text;
  }
  EXPECT_EQ(with_replaced("B*BX + device.B + 3B", {{"B", "64"}}), "(64)*BX + device.B + 3B");
}

TEST(ConstantText, IsAnArrayWithItsType) {
  const ConstantText read = read_constant({"constant", "filters::taps = float4[n/4]"});
  EXPECT_EQ(read.symbol, "filters::taps");
  EXPECT_EQ(read.tensor.name, "taps");
  EXPECT_EQ(read.tensor.role, "in");
  EXPECT_THAT(read.tensor.extents, testing::ElementsAre("n/4", "4"));
  for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
           {"taps", "write it as in 'filters::taps=f32[5]'"},
           {"taps=f32", "write it as in"},
           {"2taps=f32[5]", "write it as in"},
           {"taps=f32[5]:in", "':in' follows the extents"},
           {"taps=flot[5]", "type 'flot' is unknown"}}) {
    EXPECT_THAT(error_of([&, &text = text] {
                  read_constant({"constant", text});
                }),
                HasSubstr("--constant '" + text + "': "));
    EXPECT_THAT(error_of([&, &text = text] {
                  read_constant({"constant", text});
                }),
                HasSubstr(part));
  }
}

constexpr const char* source = R"cu(
__constant__ float taps[4];
__global__ void blur(const float* x, float* y, int n) {}
__global__ void plain(const float* x, float* y, int n) {}
__global__ void wide(const double* x, float* y, int n) {}
__global__ void few(const float* x) {}
)cu";

SourceOptions blur() {
  SourceOptions options;
  options.kernel.text = "k.cu:blur";
  options.knobs = {{"knob", "BLOCK=64,128"}, {"knob", "KIND=fast,slow"}};
  options.grid.text = "ceil_div(n, BLOCK)";
  options.block.text = "BLOCK";
  options.smem.text = "BLOCK * 4";
  options.args = {{"arg", "f32[n]:in"}, {"arg", "f32[n]:out"}, {"arg", "n + BLOCK - BLOCK"}};
  options.sizes = {{"size", "n=1024"}};
  options.constants = {{"constant", "taps=f32[4]"}};
  return options;
}

GeneratedSpecs<SourceOption> specs(const SourceOptions& options) {
  return specs_of_source(options, "k.cu", "blur", {{"k.cu", source}});
}

TEST(FromSourceValues, AreLinesOfTheSpecs) {
  SourceOptions options = blur();
  options.values = {{"values", "x=uniform(0, 1)"}, {"values", "taps=0.25"}};
  options.reference.text = "plain";
  const auto made = specs(options);
  const std::string& op = made.texts().at("op.toml");
  EXPECT_THAT(op, HasSubstr("name = \"x\"\nrole = \"in\"\nshape = [\"n\"]\n"
                            "values = {uniform = [0.0, 1.0]}\n"));
  EXPECT_THAT(op, HasSubstr("name = \"taps\"\nrole = \"in\"\nshape = [\"4\"]\n"
                            "values = {constant = 0.25}\n"));
  EXPECT_THAT(op, HasSubstr("[reference]\nkind = \"values\"\nsource = \"k.cu\"\nentry = \"plain\"\n"
                            "grid = [\"ceil_div(n, (64))\"]\nblock = [\"(64)\"]\n"
                            "smem = \"(64) * 4\"\nargs = [\n  \"x\",\n  \"y\",\n"
                            "  \"n + (64) - (64)\",\n]\n"));
  EXPECT_THAT(made.texts().at("blur.toml"),
              HasSubstr("[[constant]]\nsymbol = \"taps\"\ntensor = \"taps\"\n"));
  options.reference.text = "plain<<<(n, 2), 32>>>";
  EXPECT_THAT(specs(options).texts().at("op.toml"),
              HasSubstr("grid = [\"n\", \"2\"]\nblock = [\"32\"]\nargs"));
}

// The fuzz target found these: a path may have any characters, and bytes that are no UTF-8 become
// one character.
TEST(FromSourceValues, OddBytesMakeNoOtherSpec) {
  SourceOptions options = blur();
  options.kernel.text = "k\x06\n\xff.cu:blur";
  EXPECT_EQ(error_of([&] { parse_toml(specs(options).texts().at("op.toml"), "op.toml"); }), "");
  options.conditions = {{"when", "BLOCK<\xc6"}, {"when", "BLOCK<\xc9"}};
  EXPECT_EQ(error_of([&] { parse_toml(specs(options).texts().at("blur.toml"), "blur.toml"); }), "");
}

TEST(FromSourceValues, FaultsNameTheOption) {
  const auto fault = [](const std::function<void(SourceOptions&)>& change) {
    SourceOptions options = blur();
    change(options);
    return error_of([&] { specs(options); });
  };
  using Options = SourceOptions;
  EXPECT_EQ(fault([](Options& o) {
              o.values = {{"values", "z=1"}};
            }).substr(0, 45),
            "--values 'z=1': the kernel has no tensor 'z':");
  EXPECT_THAT(fault([](Options& o) {
                o.values = {{"values", "x=1"}, {"values", "x=2"}};
              }),
              HasSubstr("--values 'x=2': 'x' has --values already"));
  EXPECT_EQ(fault([](Options& o) {
              o.values = {{"values", "taps=1"}};
              o.expected = {{"expected", "y=formula(i)"}};
            }),
            "--expected 'y=formula(i)': 'x' has random values, so that nothing can say what is "
            "expected: add --values x=x.npy, or one of x=1, x=iota and x=formula(i % 7)");
  EXPECT_THAT(fault([](Options& o) {
                o.args[0].text = "f32[n]:inout";
                o.expected = {{"expected", "y=formula(i)"}};
              }),
              HasSubstr("'x' is written too: add --expected x=x.npy"));
  EXPECT_EQ(fault([](Options& o) {
              o.values = {{"values", "x=1"}, {"values", "taps=1"}};
              o.expected = {{"expected", "y=formula(i)"}};
              o.reference.text = "plain";
            }),
            "--reference 'plain': --expected says already what is right: remove one of them");
  EXPECT_THAT(
      fault([](Options& o) { o.reference.text = "plane"; }),
      HasSubstr("--reference 'plane': k.cu has no kernel 'plane': its kernels are blur, plain"));
  EXPECT_THAT(fault([](Options& o) { o.reference.text = "few"; }),
              HasSubstr("--reference 'few': the reference takes 1 argument (const float* x), and 3 "
                        "--arg are given"));
  EXPECT_THAT(fault([](Options& o) { o.reference.text = "wide"; }),
              HasSubstr("parameter 1 of the reference, 'const double* x', points to f64"));
  EXPECT_THAT(error_of([] {
                SourceOptions options = blur();
                options.values = {{"values", "x=none.npy"}};
                data_files_of(options, ".");
              }),
              HasSubstr("--values 'x=none.npy': none.npy: there is no such file"));
}

}  // namespace
}  // namespace tw
