// Every fault of a spec gives one line with file, line, key and remedy.
#include <gtest/gtest.h>

#include "core/base/texts.h"
#include "core/catalog/catalog.h"
#include "core/text/toml_file.h"
#include "unit/core/fixture.h"

namespace tw {
namespace {

using test::changed;
using test::error_of;
using test::toy_kernel;
using test::toy_op;
using test::toy_source;

std::string fault_of(const std::string& op, const std::string& kernel, Texts sources) {
  return error_of([&] {
    Catalog::load({{"axpy/op.toml", op}, {"axpy/simple.toml", kernel}}, std::move(sources),
                  "spaces/");
  });
}

// Returns the line of `text` on which `part` starts.
int line_of(const std::string& text, const std::string& part) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(text.find(part));
  return 1 + static_cast<int>(std::count(text.begin(), end, '\n'));
}

struct Case {
  std::string from, to;  // the change in the file
  std::string message;   // must be in the error
  int lines_on = 0;      // the named line, counted from where `from` starts
};

void expect_faults(const std::vector<Case>& cases, const std::string& file,
                   const std::string& original,
                   const std::function<std::string(const std::string&)>& fault) {
  for (const Case& c : cases) {
    const std::string text = changed(original, c.from, c.to);
    const std::string message = fault(text);
    EXPECT_NE(message.find(c.message), std::string::npos) << c.to << "\ngave: " << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    const int line = line_of(original, c.from) + c.lines_on;
    EXPECT_TRUE(message.starts_with(file + ":" + std::to_string(line) + ": "))
        << "line " << line << " expected: " << message;
  }
}

// Text for which the TOML parser has assertions, or recursion.
TEST(SpecErrors, OddToml) {
  EXPECT_TRUE(error_of([] {
                parse_toml("a = 1\n[.op]\n", "x.toml");
              }).starts_with("x.toml:2: this is not TOML: "));
  for (const char* letter : {"\xc3\xa9", "\xd0\x99", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
    EXPECT_TRUE(error_of([&] {
                  parse_toml(std::string(letter) + " = 1", "x.toml");
                }).starts_with("x.toml:1: this is not TOML: "));
  }
  std::string dots = "a";
  for (int i = 0; i < 500'000; ++i) dots += ".a";
  for (const std::string& text : {dots + " = 1", "[" + dots + "]", "a = {" + dots + " = 1}"}) {
    EXPECT_TRUE(error_of([&] { parse_toml(text, "x.toml"); }).starts_with("x.toml:"));
  }
}

TEST(SpecErrors, ManyValues) {
  std::string values = "0";
  for (int i = 1; i < 400'000; ++i) values += "," + std::to_string(i);
  const std::string text = "[[knob]]\nname = \"a\"\nvalues = [" + values + "]\n";
  EXPECT_EQ(error_of([&] { parse_bare_space(text, "x.toml"); }),
            "x.toml:3: knob 'a': 'values' has more than 65535 values");
}

TEST(SpecErrors, Kernel) {
  const std::vector<Case> cases{
      {"[[knob]]\nname = \"threads\"", "[[knob\nname = \"threads\"", "this is not TOML"},
      {"doc = \"one", "dok = \"one", "[kernel]: unknown key 'dok': did you mean 'doc'?"},
      {"doc = \"threads", "dov = \"threads", "[[knob]]: unknown key 'dov': did you mean 'doc'?"},
      {"init = ", "inits = ", "[[workspace]]: unknown key 'inits': did you mean 'init'?"},
      {"smem = ", "smen = ", "[[launch]]: unknown key 'smen': did you mean 'smem'?"},
      {"[let]", "[lett]", "unknown key 'lett': did you mean 'let'?"},
      {"[require]", "[model]\nflops = 1\n[require]", "[model]: unknown key 'flops'", 1},
      {"[require]", "[model]\nleast = [\"rounds\"]\n[require]",
       "'least' names 'rounds': it takes fma, tensor and shared", 1},
      {"[require]", "[model]\nfma = \"elementz\"\n[require]", "did you mean 'elements'?", 1},
      {"values = [128, 64, 2048]", "values = [128, 64, 128]", "value 128 is given twice"},
      {"values = [128, 64, 2048]", "values = []", "knob 'threads': 'values' must be an array"},
      {"values = [128, 64, 2048]", "values = 128", "'values' must be an array"},
      {"values = [128, 64, 2048]", "values = [128, true]",
       "values of different types, integer and"},
      {"values = [128, 64, 2048]", "values = [1.5]",
       "decimals are for kernels with knobs = \"macros\""},
      {"values = [\"forward\"", "values = [\"2d\"", "value '2d' is not an identifier"},
      {"name = \"vector\"", "name = \"threads\"", "knob 'threads' is there twice: remove one"},
      {"name = \"vector\"", "name = \"block-m\"", "'block-m' is not an identifier"},
      {"name = \"vector\"", "name = \"rows\"", "'rows' is a dim already: use another name"},
      {"name = \"vector\"", "name = \"alpha\"", "'alpha' is a scalar already"},
      {"name = \"vector\"", "name = \"elements\"", "'elements' is a [let] already"},
      {"name = \"vector\"", "name = \"min\"", "'min' is a word of the language already"},
      {"name = \"vector\"", "name = 3", "'name' must be a string, not integer"},
      {"name = \"partials\"", "name = \"walk\"", "'walk' is a knob already"},
      {"blocks = ", "rows = ", "'rows' is a dim already"},
      {"\"!vector || pitch % 4 == 0\"", "\"!vektor || pitch % 4 == 0\"", "did you mean 'vector'?"},
      {"\"!vector || pitch % 4 == 0\"", "\"!vector ||\"", "[require]: vectors are aligned"},
      {"\"!vector || pitch % 4 == 0\"", "\"walk == 'sideways'\"", "sideways"},
      {"\"!vector || pitch % 4 == 0\"", "[1]", "must be a string or an integer, not array"},
      {"needs = \"device.cc >= 80\"", "needs = \"threads > 64\"",
       "'needs' reads the knob 'threads'"},
      {"needs = \"device.cc >= 80\"", "reduces = true",
       "op axpy has no reductions: remove 'reduces', or add them to its [epilogue]"},
      {"needs = \"device.cc >= 80\"", "reduces = 1", "must be true or false, not integer"},
      {"name = \"vector\"", "name = \"reduced\"", "'reduced' is a word of the language already"},
      {"init = \"zero_each\"", "init = \"zero\"", "init 'zero' is unknown: use none"},
      {"source = \"axpy/simple.cuh\"", "source = \"axpy/simpel.cuh\"",
       "no source 'axpy/simpel.cuh'"},
      {"source = \"axpy/simple.cuh\"", "source = \"../simple.cuh\"", "leaves the folder"},
      {"source = \"axpy/simple.cuh\"", "source = \"/etc/passwd\"", "leaves the folder"},
      {"source = \"axpy/simple.cuh\"", "knobs = \"type\"", "'source' is missing", -2},
      {"needs = \"device.cc >= 80\"", "knobs = \"macro\"", "knobs = \"macro\" is unknown"},
      {"needs = \"device.cc >= 80\"", "options = [\"-G\"]",
       "'options' are for kernels with knobs = \"macros\""},
      {"needs = \"device.cc >= 80\"", "knobs = \"macros\"\noptions = [\"-I/etc\"]",
       "option '-I/etc': '/etc' leaves the folder of the spec", 1},
      {"\"x\", \"y\", {i64", "\"x\", \"z\", {i64", "argument 'z' names nothing"},
      {"needs = \"device.cc >= 80\"", "macros = [\"threads\"]", "'macros' is for kernels"},
      {"needs = \"device.cc >= 80\"", "knobs = \"macros\"\nmacros = [\"thread\"]",
       "macros: 'thread' is no dim, choice or knob: did you mean 'threads'?", 1},
      {"{i64 = \"pitch\"}", "{i128 = \"pitch\"}", "must be {i64 = \"expression\"}"},
      {"{i64 = \"pitch\"}", "{i64 = \"pitch\", i32 = 1}", "must be {i64 = \"expression\"}"},
      {"{i64 = \"pitch\"}", "{i32 = 2.5}", "i32: an expression must be a string or an integer"},
      {"{i64 = \"pitch\"}", "{u8 = \"pich\"}", "pich"},
      {"{i64 = \"pitch\"}", "{f16 = 70000.0}", "70000 is larger than f16 can be"},
      {"{i64 = \"pitch\"}", "{f64 = 2.5}", "{f64 = ...} is for kernels with knobs = \"macros\""},
      {"{i64 = \"pitch\"}", "{struct = \"tw::\", members = [1]}", "is not a qualified name"},
      {"{i64 = \"pitch\"}", "{struct = \"tw::A<T>\", members = [1]}", "my::Matrix<T, V>"},
      {"{i64 = \"pitch\"}", "{struct = \"tw::A<T, V>::B\", members = [1]}", "not a qualified name"},
      {"{i64 = \"pitch\"}", "{struct = \"tw::Shape\"}", "'members' is missing"},
      {"{i64 = \"pitch\"}", "{struct = \"tw::Shape\", members = []}", "'members' must be an array"},
      {"{i64 = \"pitch\"}", "{struct = \"tw::Shape\", members = [\"rwos\"]}", "rwos"},
      {"{i64 = \"pitch\"}", "{struct = \"tw::Shape\", ints = [1]}", "ints"},
      {"{i64 = \"pitch\"}", "{struct = \"tw::Shape\", members = [\"epilogue\"]}",
       "a member is a pointer or a number"},
      {"{i64 = \"pitch\"}",
       "{struct = \"tw::Shape\", members = [{struct = \"tw::Shape\", members = [1]}]}",
       "not in another struct"},
      {"{i64 = \"pitch\"}", "{tensor_map = \"x\"}", "'box' is missing"},
      {"{i64 = \"pitch\"}", "{tensor_map = \"partials\", box = [1, 4]}",
       "tensor_map = \"partials\" names no tensor"},
      {"{i64 = \"pitch\"}", "{tensor_map = \"x\", box = [4]}",
       "'box' must be an array of 2 expressions"},
      {"{i64 = \"pitch\"}", "{tensor_map = \"x\", box = [1, \"thread\"]}",
       "did you mean 'threads'?"},
      {"{i64 = \"pitch\"}", "{tensor_map = \"x\", box = [1, 4], swizzle = 16}",
       "'swizzle' must be 0, 32, 64 or 128"},
      {"{i64 = \"pitch\"}", "{tensor_map = \"x\", box = [1, 4], swizle = 128}",
       "did you mean 'swizzle'?"},
      {"{i64 = \"pitch\"}", "{im2col_map = \"x\", pixels = 8, channels = 4}",
       "'x' has 2 dimensions: images have 4"},
      {"entry = \"tw::axpy::simple::finish\"", "entry = \"finish<float>\"",
       "name the template alone, its arguments are the tuner's"},
      {"args = [\"partials\"]", "args = [\"y_expected\"]", "belong to the reference"},
      {"args = [\"partials\"]", "args = \"partials\"", "'args' must be an array"},
      {"entry = \"tw::axpy::simple::finish\"", "entry = \"tw::axpy::simple::end\"",
       "have no 'end'"},
      {"entry = \"tw::axpy::simple::finish\"", "entry = \"a:b\"", "is not a qualified name"},
      {"grid = [1]", "grid = []", "one to three expressions"},
      {"grid = [1]", "grid = [1, 2, 3, 4]", "one to three expressions"},
      {"grid = [1]", "smem = 1", "[[launch]]: 'grid' is missing", -3},
  };
  expect_faults(cases, "spaces/axpy/simple.toml", toy_kernel, [](const std::string& kernel) {
    return fault_of(toy_op, kernel, test::toy_sources());
  });
}

TEST(SpecErrors, KernelWithoutItsTables) {
  const auto fault = [](const std::string& kernel) {
    return fault_of(toy_op, kernel, test::toy_sources());
  };
  EXPECT_EQ(fault(""), "spaces/axpy/simple.toml:1: 'kernel' is missing: add it");
  const std::string unlaunched = toy_kernel.substr(0, toy_kernel.find("[[launch]]"));
  EXPECT_NE(fault(unlaunched).find("at least one [[launch]]"), std::string::npos);
  EXPECT_NE(fault("kernel = 3").find("[kernel]: must be a table"), std::string::npos);
  EXPECT_NE(fault("knob = 3\n[kernel]\nsource = \"axpy/simple.cuh\"\n").find("write [[knob]]"),
            std::string::npos);
}

TEST(SpecErrors, KnobsOfAnotherStruct) {
  const auto fault = [](const std::string& from, const std::string& to) {
    Texts sources = test::toy_sources();
    sources["axpy/simple.cuh"] = changed(toy_source, from, to);
    return fault_of(toy_op, toy_kernel, sources);
  };
  const std::string where = "spaces/axpy/simple.toml:";
  EXPECT_EQ(fault("bool vector;", "bool vectors;"),
            where +
                "10: knob 'vector': struct Knobs in axpy/simple.cuh has no such field: did you "
                "mean 'vectors'?");
  EXPECT_EQ(fault("int threads;  // int nor_this;\n  bool vector;", "bool vector; int threads;"),
            where +
                "6: knob 'threads': field 1 of struct Knobs in axpy/simple.cuh is 'vector': put "
                "the [[knob]]s in the order of the fields");
  EXPECT_NE(fault("bool vector;", "bool vector; int more;").find("field 3 of struct Knobs"),
            std::string::npos);
  EXPECT_NE(fault("Walk walk = Walk::forward;", "Walk walk; int more;")
                .find("has the field 'more', which has no [[knob]]: add one"),
            std::string::npos);
  EXPECT_NE(fault("int threads;", "bool threads;").find("has the type bool: use int"),
            std::string::npos);
  EXPECT_NE(fault("Walk walk = Walk::forward;", "int walk;").find("use an enum Walk"),
            std::string::npos);
  EXPECT_EQ(fault("\nstruct Knobs {", "\nstruct Nobs {"),
            where +
                "3: [kernel]: axpy/simple.cuh has no `struct Knobs { ... };`: add it, or use "
                "knobs = \"macros\"");
}

TEST(SpecErrors, Includes) {
  const auto fault = [](const std::string& include) {
    Texts sources = test::toy_sources();
    sources["common/deep.cuh"] = "// #include \"not/this\"\n  #  include \"" + include + "\"\n";
    return fault_of(toy_op, toy_kernel, sources);
  };
  EXPECT_TRUE(fault("common/none.cuh")
                  .starts_with("spaces/axpy/simple.toml:3: [kernel]: common/deep.cuh:2 includes "
                               "\"common/none.cuh\", which is not there"));
  EXPECT_NE(fault("../x.cuh").find("which leaves the folder"), std::string::npos);
  EXPECT_NE(fault("/etc/passwd").find("which leaves the folder"), std::string::npos);
  EXPECT_EQ(fault("axpy/op.cuh"), "");
}

TEST(SpecErrors, Op) {
  const std::vector<Case> cases{
      {"doc = \"y = ", "dock = \"y = ", "[op]: unknown key 'dock': did you mean 'doc'?"},
      {"[tolerance]", "[tolerence]", "unknown key 'tolerence': did you mean 'tolerance'?"},
      {"scaled_by = ", "scale_by = ", "[[tensor]]: unknown key 'scale_by'"},
      {"dtypes = [\"f32\", \"bf16\"]", "dtypes = [\"fp32\"]", "dtype 'fp32' is unknown"},
      {"dtypes = [\"f32\", \"bf16\"]", "dtypes = [\"f32\", \"f32\"]", "dtype f32 is given twice"},
      {"dtypes = [\"f32\", \"bf16\"]", "dtypes = [4]", "'dtypes' must hold strings, not integer"},
      {"name = \"axpy\"", "name = \"ax-py\"", "'ax-py' is not an identifier"},
      {"name = \"columns\"", "name = \"rows\"", "dim 'rows' is there twice: remove one"},
      {"name = \"order\"", "name = \"pad\"", "'pad' is a dim already"},
      {"name = \"beta\"", "name = \"order\"", "'order' is a choice already"},
      {"min = 0", "min = -1", "dim 'pad': 0 <= min <= max must hold", -2},
      {"default = 0", "default = \"rows + pad\"", "its default reads 'pad'"},
      {"default = 0", "default = \"device.sms\"", "its default reads 'device.sms'"},
      {"default = 0", "default = \"rovs\"", "did you mean 'rows'?"},
      {"values = [\"packed\", \"padded\"]", "values = [\"packed\", \"packed\"]", "given twice"},
      {"values = [\"packed\", \"padded\"]", "values = []", "at least one name", -2},
      {"default = 1", "default = \"1\"", "'default' must be a number, not string"},
      {"default = 1", "default = inf", "'default' must be a finite number that a float can hold"},
      {"default = 1", "default = nan", "'default' must be a finite number that a float can hold"},
      {"default = 1", "default = -1e39", "'default' must be a finite number that a float can hold"},
      {"[[scalar]]\nname = \"alpha\"",
       "[[choice]]\nname = \"Order\"\nvalues = [\"a\"]\n[[scalar]]\nname = \"alpha\"",
       "choice 'Order': its enum is Order, as that of choice 'order': use another name", 1},
      {"role = \"in\"", "role = \"input\"", "role 'input' is unknown: use in, out or inout"},
      {"scaled_by = \"beta\"", "scaled_by = \"gamma\"", "'gamma' is no [[scalar]]"},
      {"strides = [\"pitch\", \"1\"]", "strides = [\"pitch\"]", "1 strides for 2 extents"},
      {"strides = [\"pitch\", \"1\"]", "pointers = \"rows > 1\"", "it may read only the choices"},
      {"\"pitch >= columns\"", "\"pitch >= device.sms\"", "depends on the device"},
      {"steps = [\"relu\", \"bias_column\"", "steps = [\"reul\", \"bias_column\"", "step 'reul'"},
      {"steps = [\"relu\", \"bias_column\"", "steps = [\"max\", \"bias_column\"",
       "step 'max' is unknown"},
      {"steps = [", "reductions = [\"maxx\"]\nsteps = [",
       "reduction 'maxx' is unknown: did you mean 'max'?"},
      {"steps = [", "reductions = [\"relu\"]\nsteps = [", "reduction 'relu' is unknown"},
      {"extents = { bias_column = \"columns\" }", "extents = { relu = 1 }", "takes a tensor"},
      {"extents = { bias_column = \"columns\" }", "extents = {}", "give its length", -2},
      {"extents = { bias_column = \"columns\" }", "extents = 1", "'extents' must be a table"},
      {"source = \"axpy/reference.cuh\"", "source = \"axpy/ref.cuh\"", "no source 'axpy/ref.cuh'"},
      {"entry = \"tw::axpy::reference\"", "entry = \"tw::axpy::oracle\"", "have no 'oracle'"},
      {"\"y_expected\"", "\"x_expected\"", "'x' is an input", 0},
      {"\"y_expected\"", "\"z_expected\"", "argument 'z_expected' names nothing"},
      {"bf16 = \"4 + pad\"", "f16 = 4", "'f16' is not among the op's dtypes"},
      {"n = \"elements\"", "n = \"element\"", "argument 'element' names nothing"},
      {"library = \"blas\"", "librari = \"blas\"", "did you mean 'library'?"},
  };
  expect_faults(cases, "spaces/axpy/op.toml", toy_op, [](const std::string& op) {
    return fault_of(op, toy_kernel, test::toy_sources());
  });
}

TEST(SpecErrors, OpWithoutItsTables) {
  const auto fault = [](const std::string& op) {
    return fault_of(op, toy_kernel, test::toy_sources());
  };
  EXPECT_NE(fault("").find("op.toml:1: 'op' is missing"), std::string::npos);
  EXPECT_NE(fault(changed(toy_op, "bf16 = \"4 + pad\"", "")).find("[tolerance] lacks bf16"),
            std::string::npos);
  const std::size_t reference = toy_op.find("[reference]"), tolerance = toy_op.find("[tolerance]");
  const std::string unjudged = toy_op.substr(0, reference) + toy_op.substr(tolerance);
  EXPECT_NE(fault(unjudged).find("[reference] is missing: add the kernel"), std::string::npos);
  EXPECT_NE(fault(changed(toy_op, "entry = \"tw::axpy::reference\"", ""))
                .find("[reference]: 'entry' is missing"),
            std::string::npos);
  EXPECT_NE(fault(changed(test::toy_reducing_op(), "scaled_by = \"beta\"", ""))
                .find("tensor 'y' is always read, and a reduction changes its shape: give it "
                      "'scaled_by'"),
            std::string::npos);
  const std::string silent = changed(toy_op, "role = \"inout\"", "role = \"in\"");
  EXPECT_NE(fault(silent).find("role out or inout"), std::string::npos);
}

TEST(SpecErrors, Folders) {
  const auto fault = [](Texts spaces) {
    return error_of([&] { Catalog::load(spaces, test::toy_sources(), "spaces/"); });
  };
  EXPECT_EQ(fault({{"axpy/simple.toml", toy_kernel}}),
            "spaces/axpy/simple.toml:1: there is no op.toml beside it: add one");
  EXPECT_NE(fault({{"other/op.toml", toy_op}}).find("is called 'axpy', its folder 'other'"),
            std::string::npos);
  EXPECT_NE(fault({{"op.toml", toy_op}}).find("a spec is <op>/op.toml"), std::string::npos);
  EXPECT_NE(fault({{"a/b/op.toml", toy_op}}).find("a spec is <op>/op.toml"), std::string::npos);
}

}  // namespace
}  // namespace tw
