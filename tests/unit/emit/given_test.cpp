// Kernels with macros in a header: their sources in a namespace, and the branches that they serve.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "emit/header/given_source.h"
#include "emit/tuning/given_kernel.h"
#include "emit/tuning/samples.h"
#include "emit/winner_files.h"
#include "unit/emit/matrix.h"
#include "unit/support/paths.h"

namespace tw {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(GivenSource, LosesSystemHeadersAndLinkage) {
  const Texts sources{{"a/k.cu",
                       "#pragma once\n"
                       "#include <cmath>  // abs\n"
                       "#include \"own.cuh\"\n"
                       "#include \"elsewhere.h\"\n"
                       "#if BLOCK == 1 /* one\n  two */\n"
                       "#define WIDE \\\n  2\n"
                       "#endif\n"
                       "extern \"C\" { const char* f() { return \"C\"; } }\n"
                       "extern /* x */ \"C\" void g(); // extern \"C\"\n"
                       "const char* text = R\"(\n#include <no>\n)\";\n"},
                      {"a/own.cuh", "#define OWN 1\n"}};
  const std::string code = namespace_source("a/k.cu", sources, "1a2b3c4d");
  EXPECT_EQ(code,
            "#ifndef TILEWRIGHT_1a2b3c4d_a_2Fk_2Ecu\n#define TILEWRIGHT_1a2b3c4d_a_2Fk_2Ecu\n"
            "\n\n"
            "#include \"../a/own.cuh\"\n"
            "\n"
            "#if BLOCK == 1 /* one\n  two */\n"
            "#define WIDE \\\n  2\n"
            "#endif\n"
            "extern \"C++\" { const char* f() { return \"C\"; } }\n"
            "extern /* x */ \"C++\" void g(); // extern \"C\"\n"
            "const char* text = R\"(\n#include <no>\n)\";\n"
            "\n#endif  // TILEWRIGHT_1a2b3c4d_a_2Fk_2Ecu\n");
  const std::string headers = system_headers_of("a/k.cu", sources, "1a2b3c4d");
  EXPECT_THAT(headers, HasSubstr("#include <cmath>  // abs\n#include \"../a/own.cuh\"\n"
                                 "#include \"elsewhere.h\"\n#if BLOCK == 1 /* one\n  two */\n"
                                 "#define WIDE \\\n  2\n#endif\n"));
  EXPECT_THAT(headers, Not(HasSubstr("extern")));
  EXPECT_THAT(headers, Not(HasSubstr("<no>")));
  EXPECT_THAT(macros_of("a/k.cu", sources.at("a/k.cu"), "1a2b3c4d"),
              ElementsAre(SourceMacro{"TILEWRIGHT_1a2b3c4d_a_2Fk_2Ecu"}, SourceMacro{"WIDE"}));
  EXPECT_THAT(macros_of("k.cu", "#ifndef A\n# define A\n#endif\n#ifndef B\n#if C\n#define B\n", ""),
              ElementsAre(SourceMacro{"A", true}, SourceMacro{"B", false}));
  EXPECT_THAT(closure_of("a/k.cu", sources), ElementsAre("a/k.cu", "a/own.cuh"));
}

// The source of one file, as it stands in a namespace.
std::string unit_of(const std::string& source) {
  return namespace_source("k.cu", {{"k.cu", source}}, "1a2b3c4d");
}

TEST(GivenSource, LosesTheLinkageOfMacros) {
  EXPECT_EQ(unit_of("#define KERNEL extern \"C\" __global__ void\nKERNEL f();\n"),
            "#define KERNEL extern \"C++\" __global__ void\nKERNEL f();\n");
  EXPECT_EQ(unit_of("#  define K(x) \\\n  extern /* */ \\\r\n \"C\" x\n"),
            "#  define K(x) \\\n  extern /* */ \\\r\n \"C++\" x\n");
  EXPECT_EQ(unit_of("#define C \"C\"\nextern C void f();\nconst char* c = C;\n"),
            "#define C \"C\"\nextern \"C++\" void f();\nconst char* c = C;\n");
  EXPECT_EQ(unit_of("#define E extern\n#define L(x) extern x\nE \"C\" int a; L(\"C\") int b;\n"),
            "#define E extern\n#define L(x) extern x\n"
            "E \"C++\" int a; L(\"C++\") int b;\n");
  const std::string other = "#error extern it's \"C\"\nf(\"C\"); // extern \"C\"\n";
  EXPECT_EQ(unit_of(other), other);
  std::string define = "K=extern \"C\" void", entry = "apply<::Own, ::Other>";
  replace_in_unit({&define, &entry}, "k.cu", {{"k.cu", "struct Own {};"}});
  EXPECT_EQ(define, "K=extern \"C++\" void");
  EXPECT_EQ(entry, "apply<tilewright_unit::Own, ::Other>");
}

TEST(GivenSource, NamesAtGlobalScopeAreOfTheUnit) {
  const std::string declared =
      "float f(float4 a, int b = powf(2, 3)) { int local; return local; }\n"
      "#ifdef A\nvoid g() {\n#else\nvoid h() {\n#endif\n}\n"
      "extern \"C\" { __device__ int c(); }\n"
      "namespace { int hidden; }\n"
      "namespace own::deep { int inner; }\n"
      "template <int N = 3, class T = float4> struct __align__(16) S : Base { int member; } s;\n"
      "enum E : int { kA, kB = max(1, 2) };\n"
      "typedef float4 Quad; using Pair = float2; typedef struct { int x; } Plain;\n"
      "__constant__ float taps[5], *more = sqrtf(2);\n"
      "float (*pointer)(float2);\n"
      "auto late(int) -> float3 { return {}; }\n"
      "__global__ void __launch_bounds__(64) kernel(int n) {}\n"
      "float4 operator+(float4 x, float4 y);\n";
  const auto is_own = [&](const std::string& name) {
    const std::string used = "auto use = ::" + name + ";\n";
    const std::string unit = unit_of(declared + used);
    return unit.ends_with("auto use = tilewright_unit::" + name + ";\n");
  };
  for (const char* name : {"f", "g", "h", "c", "hidden", "own", "S", "s", "E", "kA", "kB", "Quad",
                           "Pair", "Plain", "taps", "more", "pointer", "late", "kernel"}) {
    EXPECT_TRUE(is_own(name)) << name;
  }
  for (const char* name : {"powf", "max", "sqrtf", "local", "inner", "member", "Base", "x",
                           "float2", "float3", "float4", "N", "deep", "std"}) {
    EXPECT_FALSE(is_own(name)) << name;
  }
}

TEST(GivenSource, OnlyNamesAtGlobalScopeChange) {
  const std::string declared = "#define HD __device__\nint f(int), y; struct T {};\n";
  for (const auto& [used, expected] : std::vector<std::pair<std::string, std::string>>{
           {"a = ::f(1);", "a = tilewright_unit::f(1);"},
           {"return::f(1);", "return tilewright_unit::f(1);"},
           {"#define CALL(x) \\\n  ::f(x)\n", "#define CALL(x) \\\n  tilewright_unit::f(x)\n"},
           {"(int)::f(x)", "(int)tilewright_unit::f(x)"},
           {"HD ::T g();", "HD tilewright_unit::T g();"},
           {"__device__ ::T g();", "__device__ tilewright_unit::T g();"},
           {"if (a > ::y)", "if (a > tilewright_unit::y)"},
           {"c ? a : ::y", "c ? a : tilewright_unit::y"},
           {"A<::T>", "A<tilewright_unit::T>"},
           {"::powf(x)", "::powf(x)"},
           {"a::b::f(1)", "a::b::f(1)"},
           {"::a::f(1)", "::a::f(1)"},
           {"std :: f(1)", "std :: f(1)"},
           {"A<int>::y", "A<int>::y"},
           {"decltype(a)::f(1)", "decltype(a)::f(1)"},
           {"\"::f\" // ::f", "\"::f\" // ::f"}}) {
    EXPECT_EQ(unit_of(declared + used), declared + expected) << used;
  }
}

TEST(GivenSource, NamesOfIncludedSourcesCountWhereTheyMeet) {
  const Texts sources{{"k.cu", "#include \"own.h\"\nint f(int);\n"},
                      {"own.h", "int g() { return ::f(::h()); }\n"},
                      {"other.cu", "int h();\n"}};
  EXPECT_EQ(namespace_source("own.h", sources, "1a2b3c4d"),
            "int g() { return tilewright_unit::f(::h()); }\n");
}

class EmitGiven : public testing::Test {
 protected:
  EmitRequest request() { return emit_matrix::request_for(catalog_, "smooth"); }
  Winner winner(const std::string& key, const std::string& kernel) {
    return emit_matrix::winner(catalog_, key, kernel);
  }
  const KernelSpec& kernel(const std::string& name) const {
    for (const KernelSpec& one : catalog_.at("smooth").kernels) {
      if (one.name == name) return one;
    }
    throw Error("there is no kernel " + name);
  }
  Catalog catalog_ = Catalog::load_file(test_data("given/op.toml"), builtin_sources());
};

TEST_F(EmitGiven, AHeaderCannotNameAStruct) {
  KernelSpec structured = kernel("any");
  EXPECT_EQ(given_fault(structured), "");
  structured.launches.front().structs = {"my::Shape"};
  EXPECT_THAT(given_fault(structured), HasSubstr("takes the struct my::Shape, which a header "));
}

TEST_F(EmitGiven, ACompiledDimIsPartOfTheBranch) {
  EXPECT_THAT(compiled_dims(catalog_, kernel("fixed")), ElementsAre(0u));
  EXPECT_THAT(compiled_dims(catalog_, kernel("any")), ElementsAre());
  EmitRequest two = request();
  two.winners = {winner("smooth f32 n=1000", "fixed"), winner("smooth f32 n=2000", "fixed")};
  const Tuning tuning = tuning_of(two);
  // Two branches of one configuration, and the default of `any`, which serves any n.
  ASSERT_EQ(tuning.branches.size(), 3u);
  EXPECT_NE(tuning.rows[0].branch, tuning.rows[1].branch);
  ASSERT_EQ(tuning.fallbacks.size(), 1u);
  EXPECT_EQ(tuning.branches[static_cast<std::size_t>(tuning.fallbacks[0].branch)].kernel->name,
            "any");
  const Problem other = problem_from_key(tuning.op(), "smooth f32 n=1001");
  EXPECT_FALSE(has_code_for(catalog_, tuning.branches[0], other));
  EXPECT_TRUE(has_code_for(catalog_, tuning.branches[2], other));
}

// Returns an op whose constant has the size k, with more text in the table of k, and a kernel that
// is passed `argument`.
Catalog filters(const std::string& dim, const std::string& argument) {
  const std::string folder = testing::TempDir() + "/tilewright_filters/";
  write_files(
      folder,
      {{"op.toml",
        "[op]\nname = \"blur\"\ndtypes = [\"f32\"]\nflops = \"0\"\nbytes = \"0\"\n"
        "[[dim]]\nname = \"n\"\n[[dim]]\nname = \"k\"\n" +
            dim +
            "[[tensor]]\nname = \"x\"\nrole = \"in\"\nshape = [\"n + k\"]\n"
            "[[tensor]]\nname = \"taps\"\nrole = \"in\"\nshape = [\"k\"]\n"
            "[[tensor]]\nname = \"y\"\nrole = \"out\"\nshape = [\"n\"]\n"},
       {"blur.toml",
        "[kernel]\nsource = \"blur.cu\"\nknobs = \"macros\"\nmacros = [\"BLOCK\"]\n"
        "[[knob]]\nname = \"BLOCK\"\nvalues = [32]\n"
        "[[constant]]\nsymbol = \"taps\"\ntensor = \"taps\"\n"
        "[[launch]]\nentry = \"blur\"\ngrid = [\"ceil_div(n, BLOCK)\"]\nblock = [\"BLOCK\"]\n"
        "args = [\"x\", \"y\", \"" +
            argument + "\"]\n"},
       {"blur.cu", "__constant__ float taps[5];\n__global__ void blur(float*, float*, int) {}\n"}});
  return Catalog::load_file(folder + "op.toml", builtin_sources());
}

TEST_F(EmitGiven, TheSourceFixesTheSizeOfAConstant) {
  const auto fixed = [](const std::string& dim, const std::string& argument) {
    const Catalog catalog = filters(dim, argument);
    return compiled_dims(catalog, catalog.at("blur").kernels.front());
  };
  EXPECT_THAT(fixed("default = \"5\"\n", "n"), ElementsAre(1u));
  EXPECT_THAT(fixed("", "n"), ElementsAre(1u));
  EXPECT_THAT(fixed("", "n + k"), ElementsAre());       // the kernel knows how many there are
  EXPECT_THAT(fixed("max = 5\n", "n"), ElementsAre());  // the op says which values are right
}

TEST_F(EmitGiven, SamplesKeepTheSizeOfAConstant) {
  for (const std::string dim : {"", "default = \"5\"\n"}) {
    const Catalog catalog = filters(dim, "n");
    EmitRequest one = emit_matrix::request_for(catalog, "blur");
    one.winners = {emit_matrix::winner(catalog, "blur f32 n=1000,k=5", "blur")};
    const Tuning tuning = tuning_of(one);
    std::set<std::int64_t> of_n;
    for (const EmitSample& sample :
         samples_of(tuning, emulated_device(90), 16, {1e12, 1e12, 1 << 30, 1 << 30}, 1)) {
      EXPECT_EQ(sample.problem.dims[1], 5);
      of_n.insert(sample.problem.dims[0]);
    }
    EXPECT_GE(of_n.size(), 8u);
    const auto files = emit(one);
    const auto checks = [](const auto& file) {
      return file.second.find("has the value of k in its code") != std::string::npos;
    };
    EXPECT_TRUE(std::any_of(files.begin(), files.end(), checks));
  }
}

TEST_F(EmitGiven, EachBranchIsAUnitWithItsMacros) {
  EmitRequest one = request();
  one.winners = {winner("smooth f32 n=1000", "fixed")};
  const auto files = emit(one);
  const std::string& header = files.at("smooth.cuh");
  EXPECT_THAT(header, HasSubstr("cudaMemcpyToSymbolAsync("));
  EXPECT_THAT(files.at("smooth.h"), HasSubstr("  double scale = 0.5;\n"));
  EXPECT_THAT(files.at("smooth.h"), HasSubstr("  std::uint8_t shift = 3;\n"));
  for (const auto& [path, text] : files) {
    if (!path.ends_with("units/v0.cuh")) continue;
    EXPECT_THAT(text, HasSubstr("#define n 1000\n"));
    EXPECT_THAT(text, HasSubstr("#define BLOCK 256\n"));
    EXPECT_THAT(text, HasSubstr("#define WIDTH 5\n"));
    EXPECT_THAT(text, HasSubstr("entry_0() { return &filters::fixed<256, TW_T>; }"));
    // The macro n would change the system's header.
    EXPECT_LT(text.find("#include <cuda_fp16.h>"), text.find("#define n 1000"));
    return;
  }
  ADD_FAILURE() << "there is no unit";
}

TEST_F(EmitGiven, OnlyMacrosBecomeDefines) {
  const Catalog catalog = emit_matrix::with_kernels("activation", {"stream"});
  EmitRequest typed = emit_matrix::request_for(catalog, "activation");
  typed.winners = {
      emit_matrix::winner(catalog, "activation f32 rows=64,columns=4096 epilogue=elu", "stream")};
  try {
    emit_defines(typed);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("the knobs of kernel stream are no macros"));
  }
  EXPECT_EQ(emit_json(typed).size(), 1u);
}

TEST_F(EmitGiven, FilesOfDefinesAndJson) {
  EmitRequest one = request();
  EXPECT_THROW(emit_defines(one), Error);
  one.winners = {winner("smooth f32 n=1000", "any"), winner("smooth f32 n=2000", "any")};
  const auto defines = emit_defines(one);
  ASSERT_EQ(defines.size(), 1u);
  EXPECT_THAT(defines.begin()->first, HasSubstr("smooth_"));
  EXPECT_THAT(defines.begin()->second, HasSubstr("#define BLOCK 128\n#define SUM float\n"));
  EXPECT_THAT(defines.begin()->second, HasSubstr("the winner of 1 other"));
  one.winners[1] = winner("smooth f32 n=2000", "fixed");
  EXPECT_EQ(emit_defines(one).size(), 2u);
  const auto json = nlohmann::json::parse(emit_json(one).at("smooth.json"));
  const auto& first = json.at("winners").at(0);
  EXPECT_EQ(first.at("knobs"), nlohmann::json({{"BLOCK", 128}, {"SUM", "float"}}));
  EXPECT_EQ(first.at("launches").at(0).at("grid"), nlohmann::json({8, 1, 1}));
  EXPECT_EQ(first.at("launches").at(0).at("shared_bytes"), 132 * 4);
  EXPECT_EQ(json.at("winners").at(1).at("launches").at(0).at("entry"), "filters::fixed<256, TW_T>");
}

}  // namespace
}  // namespace tw
