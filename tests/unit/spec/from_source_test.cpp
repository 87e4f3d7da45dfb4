// Kernels that options of the command line describe: the specs that are made, and the faults.
// Longer than 400 lines: most of it is texts of specs and tables of faults.
#include "core/from_source/from_source.h"

#include <gmock/gmock.h>

#include <array>

#include "core/catalog/catalog.h"
#include "core/from_source/argument_text.h"
#include "core/from_source/kernel_choice.h"
#include "core/from_source/knob_values.h"
#include "core/from_source/number_literal.h"
#include "core/from_source/source_functions.h"
#include "unit/core/fixture.h"
#include "unit/support/paths.h"

namespace tw {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* source = R"cu(
#include <cstdio>
#define HEAD(x) namespace ignored {
// __global__ void commented(int n);
const char* text = "__global__ void quoted(int n) {";
namespace shop {
inline namespace v1 {}
template <class T, int BLOCK = (2 > 1)>
__global__ void __launch_bounds__(BLOCK) scale(const T* __restrict__ x, T *y, unsigned n) {
  if (x[0] == '{') { y[0] = x[n]; }
}
template __global__ void scale<float, 2>(const float* x, float* y, unsigned n);
namespace { __global__ void hidden(void); }
}  // namespace shop
extern "C" __global__ void saxpy(const float *__restrict__ x, float y[], const float a, int);
__global__ void saxpy(const float* x, float* y, float a, int n) {}
)cu";

TEST(SourceFunctions, AreFoundWithTheirNamespacesAndParameters) {
  const std::vector<SourceFunction> found = kernels_of(source);
  std::vector<std::string> names;
  for (const SourceFunction& one : found) names.push_back(one.name);
  ASSERT_THAT(names, ElementsAre("shop::scale", "shop::hidden", "saxpy", "saxpy"));
  EXPECT_TRUE(found[0].is_template);
  EXPECT_THAT(found[0].template_parameters, ElementsAre("T", "BLOCK"));
  ASSERT_EQ(found[0].parameters.size(), 3u);
  EXPECT_EQ(found[0].parameters[0].type, "const T* __restrict__");
  EXPECT_EQ(found[0].parameters[0].name, "x");
  EXPECT_EQ(found[0].parameters[2].type, "unsigned");
  EXPECT_EQ(found[0].parameters[2].name, "n");
  EXPECT_TRUE(found[1].parameters.empty());
  EXPECT_FALSE(found[2].is_template);
  EXPECT_EQ(found[2].parameters[1].type, "float*");
  EXPECT_EQ(found[2].parameters[3].type, "int");
  EXPECT_EQ(found[2].parameters[3].name, "");
}

TEST(SourceFunctions, AnythingCanBeRead) {
  for (const char* text :
       {"__global__", "__global__ void f(", "template <", "namespace", "}}}{",
        "__global__ void f(int (*g)(int, int), int* p = nullptr)", "#", "'", "\"",
        "__global__ __launch_bounds__(1", "template <template <class> class A>"}) {
    kernels_of(text);
  }
  const auto odd = kernels_of("__global__ void f(int (*g)(int, int), std::pair<int, int> p = {})");
  ASSERT_EQ(odd.size(), 1u);
  EXPECT_EQ(odd[0].parameters.size(), 2u);
}

TEST(SourceAndName, AreSplitAtTheColonAfterAFile) {
  const auto split = [](const std::string& text) {
    const auto made = source_and_name(text);
    return made ? made->path + "|" + made->name : "";
  };
  EXPECT_EQ(split("a/k.cu:saxpy"), "a/k.cu|saxpy");
  EXPECT_EQ(split("k.cuh:shop::scale<a::b, 2>"), "k.cuh|shop::scale<a::b, 2>");
  EXPECT_EQ(split("k.cuda"), "k.cuda|");
  EXPECT_EQ(split("simt"), "");
  EXPECT_EQ(split("shop::scale"), "");
  EXPECT_EQ(split(source_path("README.md:saxpy")), source_path("README.md|saxpy"));
}

std::string chosen(const std::string& name, const std::string& text = source) {
  const SourceOption option{"kernel", "k.cu:" + name};
  KernelChoice choice;
  const std::string fault = error_of([&] {
    choice = choose_kernel(option, name, "k.cu", {{"k.cu", text}}, {"BLOCK", "VEC"});
  });
  return fault.empty() ? choice.entry + (choice.parameters ? "" : " ?") : fault;
}

TEST(KernelChoice, IsTheNamedKernelOrTheOnlyOne) {
  EXPECT_EQ(chosen("saxpy"), "saxpy");
  EXPECT_EQ(chosen("hidden"), "shop::hidden");
  EXPECT_EQ(chosen("scale<float, $BLOCK>"), "shop::scale<float, $BLOCK>");
  EXPECT_EQ(chosen("shop::scale<C::VEC, BLOCK*2>"), "shop::scale<C::VEC, $BLOCK*2>");
  EXPECT_EQ(chosen("", "namespace a { __global__ void k(int n); }"), "a::k");
  EXPECT_EQ(chosen("k", "__global__ void k(int n); __global__ void k(float x);"), "k ?");
  EXPECT_EQ(chosen("made_k", "#define K(n) __global__ void n(int)\nK(made_k) {}"), "made_k ?");
}

TEST(KernelChoice, FaultsNameWhatTheSourceHas) {
  EXPECT_EQ(chosen(""),
            "--kernel 'k.cu:': k.cu has 3 kernels: name one, as in k.cu:shop::scale; there are "
            "shop::scale, shop::hidden, saxpy");
  EXPECT_EQ(
      chosen("saxpi"),
      "--kernel 'k.cu:saxpi': k.cu has no kernel 'saxpi': did you mean 'saxpy'? Its kernels are "
      "shop::scale, shop::hidden, saxpy");
  EXPECT_EQ(chosen("scale"),
            "--kernel 'k.cu:scale': shop::scale is a template: name an instance of it, as in "
            "'k.cu:shop::scale<T, $BLOCK>'");
  EXPECT_THAT(chosen("", "int f();"), HasSubstr("k.cu has no __global__ function"));
  EXPECT_THAT(chosen("f", "int g();"), HasSubstr("k.cu has no __global__ function"));
  EXPECT_THAT(chosen("scale<float, >"), HasSubstr("put the option into single quotes"));
  EXPECT_THAT(chosen("a b"), HasSubstr("'a b' names no kernel"));
}

TEST(KnobText, HasValuesAndRanges) {
  const auto values = [](const std::string& text) { return read_knob({"knob", text}).values; };
  EXPECT_THAT(values("B=64,128"), ElementsAre("64", "128"));
  EXPECT_THAT(values("B = 4, -2 , 1..3"), ElementsAre("4", "-2", "1", "2", "3"));
  EXPECT_THAT(values("B=16..128:*2"), ElementsAre("16", "32", "64", "128"));
  EXPECT_THAT(values("B=-8..9:+8"), ElementsAre("-8", "0", "8"));
  EXPECT_THAT(values("B=true,false"), ElementsAre("true", "false"));
  EXPECT_THAT(values("T=float,a::B<2>"), ElementsAre("\"float\"", "\"a::B<2>\""));
  EXPECT_THAT(values("F=0.25,-1.5"), ElementsAre("0.25", "-1.5"));
  for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
           {"B", "is no name with a value: write it as in BLOCK=64,128,256"},
           {"2B=1", "is no name with a value"},
           {"B=", "has an empty value"},
           {"B=1,,2", "has an empty value"},
           {"B=1..", "'1..' is no range"},
           {"B=0..8:*2", "is no range"},
           {"B=1..8:2", "is no range"},
           {"B=8..1", "ends before it begins"},
           {"B=0..9000000", "more than 65535 values"}}) {
    EXPECT_THAT(error_of([&] { values(text); }), HasSubstr("--knob '" + text + "': ")) << text;
    EXPECT_THAT(error_of([&] { values(text); }), HasSubstr(part)) << text;
  }
}

std::string literal(std::string_view text) {
  const auto number = number_literal(text);
  return number ? std::string(name_of(number->dtype)) : "none";
}

TEST(NumberLiteral, HasTheTypeThatCSays) {
  for (const char* text : {"2.5f", "-1e-3F", ".5f", "1.f", "3f"})
    EXPECT_EQ(literal(text), "f32") << text;
  for (const char* text : {"2.5", "1e5", "-.5"}) EXPECT_EQ(literal(text), "f64") << text;
  for (const char* text : {"3", "-3", "0x7f", "0"}) EXPECT_EQ(literal(text), "i32") << text;
  for (const char* text : {"3u", "0xffffffff", "3U"}) EXPECT_EQ(literal(text), "u32") << text;
  for (const char* text : {"3l", "3ll", "3000000000", "0x100000000"}) {
    EXPECT_EQ(literal(text), "i64") << text;
  }
  for (const char* text : {"3ul", "3llu", "0xffffffffffffffff"}) {
    EXPECT_EQ(literal(text), "u64") << text;
  }
  for (const char* text :
       {"", "n", "2*3", "010", "3x", "1.5x", "3lul", "--3", "-", "1e999", "0x"}) {
    EXPECT_EQ(literal(text), "none") << text;
  }
}

// Returns what a launch passes, or a tensor's description, or the fault.
std::string argument(const std::string& text) {
  std::string result = error_of([&] { read_argument({"arg", text}, {"n", "BLOCK"}); });
  if (!result.empty()) return result;
  const ArgumentText made = read_argument({"arg", text}, {"n", "BLOCK"});
  if (!made.is_tensor()) return made.toml;
  result = made.name + " " + std::string(name_of(made.type.dtype)) + " " + made.role;
  for (const std::string& extent : made.extents) result += "|" + extent;
  return result;
}

TEST(ArgumentText, IsATensorOrANumber) {
  EXPECT_EQ(argument("f32[n]:in"), " f32 in|n");
  EXPECT_EQ(argument("x = float [n][ceil_div(n, 2)] : inout"), "x f32 inout|n|ceil_div(n, 2)");
  EXPECT_EQ(argument("double[n,max(n, 2)]:out"), " f64 out|n|max(n, 2)");
  EXPECT_EQ(argument("float4[n/4]:in"), " f32 in|n/4|4");
  EXPECT_EQ(argument("unsigned  char[n > 2 ? 3 : 4]:in"), " u8 in|n > 2 ? 3 : 4");
  EXPECT_EQ(argument("half2[n]:in"), " f16 in|n|2");
  EXPECT_EQ(argument("uchar4[n]:in"), " u8 in|n|4");
  EXPECT_EQ(argument("2.5f"), "{f32 = 2.5}");
  EXPECT_EQ(argument("a=2.5"), "{f64 = 2.5}");
  EXPECT_EQ(argument("3"), "{i32 = 3}");
  EXPECT_EQ(argument("-3ll"), "{i64 = -3}");
  EXPECT_EQ(argument("3u"), "{u32 = 3}");
  EXPECT_EQ(argument("18446744073709551615ull"), "{i64 = -1}");
  EXPECT_EQ(argument("true"), "{u8 = \"true\"}");
  EXPECT_EQ(argument("f16(0.5)"), "{f16 = 0.5}");
  EXPECT_EQ(argument("__nv_bfloat16(2)"), "{bf16 = 2.0}");
  EXPECT_EQ(argument("u8(3)"), "{u8 = 3}");
  EXPECT_EQ(argument("size_t(n*2)"), "{u64 = \"n*2\"}");
  EXPECT_EQ(argument("float(n)"), "{f32 = \"n\"}");
  EXPECT_EQ(argument("n"), "\"n\"");
  EXPECT_EQ(argument("n == BLOCK"), "\"n == BLOCK\"");
  EXPECT_EQ(argument("min(n, 2)"), "\"min(n, 2)\"");
}

TEST(ArgumentText, FaultsAreInTheWordsOfTheUser) {
  EXPECT_EQ(argument("f32[n]:inn"),
            "--arg 'f32[n]:inn': role 'inn' is unknown: use in, out or inout");
  for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{
           {"flot[n]:in", "type 'flot' is unknown: did you mean 'float'?"},
           {"f32[n]", "write :in, :out or :inout after it"},
           {"f32[n:in", "a ] is missing"},
           {"f32[]:in", "an extent is empty"},
           {"f32:in", "has no extents"},
           {"m", "'m' is no number, no size and no knob"},
           {"", "has no value"},
           {"u8()", "has no value"},
           {"u8(300)", "300 does not fit in u8, which is from 0 to 255"},
           {"u8(20*20)", "400 does not fit in u8"},
           {"bool(2)", "2 does not fit in a bool"},
           {"-3u", "-3 does not fit in u32"},
           {"int(2.5)", "i32 is an integer type"},
           {"i64(18446744073709551615)", "is too large"},
           {"float4(1)", "a vector cannot be passed by value"}}) {
    EXPECT_THAT(argument(text), HasSubstr("--arg '" + text + "': ")) << text;
    EXPECT_THAT(argument(text), HasSubstr(part)) << text;
  }
}

// Returns why a parameter cannot take the argument; empty if it can.
std::string mismatch(const std::string& argument, const std::string& type) {
  const SourceOption option{"arg", argument};
  return error_of([&] { check_argument(option, read_argument(option, {"n"}), {type, "p"}, 2); });
}

TEST(ArgumentText, IsComparedWithTheParameter) {
  for (const auto& [text, type] :
       std::vector<std::pair<std::string, std::string>>{{"f32[n]:in", "const float* __restrict__"},
                                                        {"f32[n]:in", "float4*"},
                                                        {"f32[n]:in", "const T*"},
                                                        {"f32[n]:in", "const void*"},
                                                        {"f32[n]:in", "Matrix"},
                                                        {"f32[n]:in", "float**"},
                                                        {"u32[n]:in", "int const*"},
                                                        {"3", "unsigned"},
                                                        {"2.5f", "const float"},
                                                        {"n", "index_t"},
                                                        {"true", "bool"},
                                                        {"i64(n)", "std::size_t"}}) {
    EXPECT_EQ(mismatch(text, type), "") << text << " " << type;
  }
  EXPECT_EQ(mismatch("2.5", "const float"),
            "--arg '2.5': parameter 2 of the kernel, 'const float p', is not f64: write f32(2.5)");
  EXPECT_THAT(mismatch("3", "float"), HasSubstr("is not i32: write f32(3)"));
  EXPECT_THAT(mismatch("n", "size_t"), HasSubstr("is not i32: write u64(n)"));
  EXPECT_THAT(mismatch("u8(3)", "bfloat16"), HasSubstr("is not u8: write bf16(3)"));
  EXPECT_THAT(mismatch("f32[n]:in", "double*"), HasSubstr("points to f64, not to f32"));
  EXPECT_THAT(mismatch("f32[n]:in", "int"), HasSubstr("is no pointer"));
  EXPECT_THAT(mismatch("3", "float*"), HasSubstr("is a pointer: pass a tensor"));
  EXPECT_THAT(mismatch("3", "float4"), HasSubstr("is a vector"));
}

SourceOptions saxpy() {
  SourceOptions options;
  options.kernel.text = "k.cu:saxpy";
  options.knobs = {{"knob", "BLOCK=64,128"}, {"knob", "VEC=1,2"}};
  options.conditions = {{"when", "BLOCK*VEC<=128"}, {"when", "BLOCK*VEC<=128"}};
  options.grid.text = "ceil_div(n, BLOCK*VEC), max(1, 1)";
  options.block.text = "BLOCK";
  options.args = {{"arg", "f32[n]:in"}, {"arg", "f32[n]:inout"}, {"arg", "2.5f"}, {"arg", "n"}};
  options.sizes = {{"size", "n=1<<10"}};
  options.compiler = {{"option", "-use_fast_math"}};
  return options;
}

constexpr const char* saxpy_op = R"(# Made by tune --kernel k.cu:saxpy.
[op]
name = "saxpy"
doc = "saxpy of k.cu"
example = "tune --spec op.toml"
dtypes = ["f32"]
flops = "0"
bytes = "0"

[[dim]]
name = "n"
default = "1<<10"
min = 0
max = 1099511627776
in_key = true

[[tensor]]
name = "x"
role = "in"
shape = ["n"]

[[tensor]]
name = "y"
role = "inout"
shape = ["n"]
)";
constexpr const char* saxpy_kernel = R"toml([kernel]
source = "k.cu"
knobs = "macros"
macros = ["BLOCK", "VEC"]
options = [
  "-use_fast_math",
]

[[knob]]
name = "BLOCK"
values = [64, 128]

[[knob]]
name = "VEC"
values = [1, 2]

[require]
"BLOCK*VEC<=128" = "BLOCK*VEC<=128"

[[launch]]
entry = "saxpy"
grid = ["ceil_div(n, BLOCK*VEC)", "max(1, 1)"]
block = ["BLOCK"]
smem = "4 * BLOCK"
args = [
  "x",
  "y",
  {f32 = 2.5, name = "a"},
  "n",
]
)toml";

TEST(FromSource, WritesAnOpAndAKernel) {
  SourceOptions options = saxpy();
  options.smem.text = "4 * BLOCK";
  const auto specs = specs_of_source(options, "k.cu", "saxpy", {{"k.cu", source}});
  EXPECT_EQ(specs.texts().at("op.toml"), saxpy_op);
  EXPECT_EQ(specs.texts().at("saxpy.toml"), saxpy_kernel);
}

TEST(FromSource, NamesTensorsAndTypes) {
  SourceOptions options = saxpy();
  options.args = {{"arg", "bool[n]:in"}, {"arg", "given=double2[n]:out"}, {"arg", "i32[n]:inout"}};
  options.sizes.push_back({"size", "y=2"});
  const std::string text = "__global__ void saxpy(const bool* T, double2* x, int* y) {}";
  const auto specs = specs_of_source(options, "k.cu", "saxpy", {{"k.cu", text}});
  const std::string& op = specs.texts().at("op.toml");
  EXPECT_THAT(op, HasSubstr("dtypes = [\"f64\"]"));
  EXPECT_THAT(op, HasSubstr("name = \"a0\"\nrole = \"in\"\nshape = [\"n\"]\ndtype = \"u8\"\n"
                            "range = [\"0\", \"1\"]\n"));
  EXPECT_THAT(op, HasSubstr("name = \"given\"\nrole = \"out\"\nshape = [\"n\", \"2\"]\n\n"));
  EXPECT_THAT(op, HasSubstr("name = \"a2\"\nrole = \"inout\"\nshape = [\"n\"]\ndtype = \"i32\"\n"));
}

TEST(FromSource, VectorsAreAligned) {
  const auto kernel = [](const std::string& x, const std::string& y,
                         const std::string& parameters) {
    SourceOptions options = saxpy();
    options.args = {{"arg", x}, {"arg", y}};
    options.constants = {{"constant", "taps=float4[2]"}};
    const std::string text = "__global__ void saxpy(" + parameters + ") {}";
    return specs_of_source(options, "k.cu", "saxpy", {{"k.cu", text}}).texts().at("saxpy.toml");
  };
  const std::string floats = "const float* x, float* y";
  EXPECT_THAT(kernel("f32[n]:in", "f32[n]:out", floats), Not(HasSubstr("needs")));
  EXPECT_THAT(kernel("float4[n]:in", "f32[n]:out", "float4* x, float* y"),
              HasSubstr("source = \"k.cu\"\nneeds = \"align >= 16\"\nknobs"));
  // The source says it, too; a type of its own may be anything.
  EXPECT_THAT(kernel("f32[n]:in", "f32[2 * n]:out", "const float* x, float2* __restrict__ y"),
              HasSubstr("needs = \"align >= 8\""));
  EXPECT_THAT(kernel("float2[n]:in", "f32[n]:out", "Own* x, float* y"),
              HasSubstr("needs = \"align >= 8\""));
  EXPECT_THAT(kernel("float2[n]:in", "f64[n]:out", "float2* x, double* y"),
              Not(HasSubstr("needs")));
}

// A knob among the template arguments is no macro, and may be a word.
TEST(FromSource, KnobsCanBeTemplateArguments) {
  SourceOptions options = saxpy();
  options.knobs.push_back({"knob", "TYPE=float,int"});
  options.args.pop_back();
  options.args[2].text = "u32(n)";
  const auto specs = specs_of_source(options, "k.cu", "scale<$TYPE, BLOCK>", {{"k.cu", source}});
  const std::string& kernel = specs.texts().at("shop_scale_TYPE_BLOCK.toml");
  EXPECT_THAT(kernel, HasSubstr("macros = [\"VEC\"]"));
  EXPECT_THAT(kernel, HasSubstr("values = [\"float\", \"int\"]"));
  EXPECT_THAT(kernel, HasSubstr("entry = \"shop::scale<$TYPE, $BLOCK>\""));
}

// Returns the fault of loading the kernel of a file.
std::string fault(const std::function<void(SourceOptions&)>& change) {
  SourceOptions options = saxpy();
  options.kernel.text = test_data("source/saxpy.cu:saxpy");
  change(options);
  return error_of([&] { Catalog::load_source(options, {}); });
}

TEST(FromSource, IsLoaded) {
  EXPECT_EQ(fault([](SourceOptions&) {}), "");
}

// What the readers of TOML find is a fault of the option from which the line was made.
TEST(FromSource, FaultsOfTheSpecsAreFaultsOfOptions) {
  using Options = SourceOptions;
  const auto of = [](const std::string& option, const std::string& text) {
    return [=](SourceOptions& options) {
      if (option == "grid") options.grid.text = text;
      if (option == "block") options.block.text = text;
      if (option == "smem") options.smem.text = text;
      if (option == "knob") options.knobs.push_back({option, text});
      if (option == "when") options.conditions.push_back({option, text});
      if (option == "size") options.sizes.push_back({option, text});
      if (option == "option") options.compiler.push_back({option, text});
      if (option == "arg") options.args[0].text = text;
    };
  };
  for (const auto& [option, text, part] : std::vector<std::array<std::string, 3>>{
           {"grid", "ceil_div(m, BLOCK)", "unknown name 'm'"},
           {"grid", "1,1,1,1", "'grid' must be an array of one to three expressions"},
           {"block", "BLOK", "BLOK"},
           {"smem", "BLOCK +", "column 8"},
           {"knob", "BLOCK=1", "knob 'BLOCK' is there twice"},
           {"knob", "x=1", "it would replace the x of threadIdx.x"},
           {"knob", "for=1", "means something in every source"},
           {"knob", "W=1,true", "values of different types"},
           {"knob", "W=1,1", "value 1 is given twice"},
           {"knob", "W=a b", "value 'a b' has blanks"},
           {"when", "BLOCK*VEX<=512", "column 7"},
           {"size", "m=BLOCK", "BLOCK"},
           {"size", "n=4", "dim 'n' is there twice"},
           {"size", "T=4", "'T' is a word of the language already"},
           {"option", "-I", "names no folder: write it as -Ifolder"},
           {"option", "-DBLOCK=4", "'BLOCK' is a knob"},
           {"arg", "f32[BLOCK]:in", "BLOCK"},
           {"arg", "n=f32[n]:in", "'n'"}}) {
    EXPECT_THAT(fault(of(option, text)), HasSubstr(part)) << text;
    EXPECT_THAT(fault(of(option, text)), testing::StartsWith("--" + option + " '")) << text;
  }
  EXPECT_EQ(fault(of("when", "BLOCK*VEX<=512")).find("BLOCK*VEX<=512': BLOCK"), std::string::npos);
  EXPECT_THAT(fault([](Options& o) { o.sizes.clear(); }), HasSubstr("no --size is given"));
  EXPECT_THAT(fault([](Options& o) { o.args[1].text = "f32[n]:in"; }),
              HasSubstr("no --arg is a tensor that the kernel writes"));
  EXPECT_THAT(fault([](Options& o) { o.args.pop_back(); }),
              HasSubstr("the kernel takes 4 arguments (const float* x, float* y, float a, int n), "
                        "and 3 --arg are given"));
  EXPECT_THAT(fault([](Options& o) { o.kernel.text = "none.cu:saxpy"; }),
              HasSubstr("--kernel 'none.cu:saxpy': none.cu: there is no such file"));
  EXPECT_THAT(fault([](Options& o) { o.kernel.text = test_data("source/saxpy.cu:saxpi"); }),
              HasSubstr("saxpy.cu has no kernel 'saxpi': its kernels are saxpy"));
}

}  // namespace
}  // namespace tw
