// Everything in a T1 file that Tilewright does not support is an error that names the place, the
// value and the remedy.
// Longer than 400 lines: most of it is tables of files and their errors.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "core/lowering/program_macros.h"
#include "core/plan/plan.h"
#include "core/space/space.h"
#include "core/t1/t1.h"
#include "core/text/json_document.h"
#include "unit/spec/t1_files.h"

namespace tw {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* base = R"({
  "General": {"FormatVersion": 1, "BenchmarkName": "add"},
  "ConfigurationSpace": {
    "TuningParameters": [
      {"Name": "BLOCK", "Type": "int", "Values": "[32, 64]", "Default": 64},
      {"Name": "WORK", "Type": "uint", "Values": [1, 2]}
    ],
    "Conditions": [{"Parameters": ["BLOCK"], "Expression": "BLOCK * WORK <= 64"}]
  },
  "KernelSpecification": {
    "Language": "CUDA",
    "KernelName": "shop::add<float, 2>",
    "KernelFile": "add.cu",
    "CompilerOptions": ["-std=c++11"],
    "GlobalSize": {"X": "4096 // BLOCK"},
    "LocalSize": {"X": "BLOCK"},
    "Arguments": [
      {"Name": "a", "Type": "float", "MemoryType": "Vector", "AccessType": "ReadOnly", "Size": 4096},
      {"Name": "b", "Type": "float", "MemoryType": "Vector", "AccessType": "WriteOnly", "Size": 4096},
      {"Name": "f", "Type": "float", "MemoryType": "Scalar", "FillValue": 0.5},
      {"Name": "n", "Type": "int32", "MemoryType": "Scalar", "FillValue": 4096}
    ]
  }
})";

std::string changed(const std::string& from, const std::string& to) {
  std::string text = base;
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

std::string message_of(const std::string& text) {
  try {
    t1_specs(text, "x.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

struct Fault {
  const char *from, *to, *said;
};

template <std::size_t N>
void expect_all(const Fault (&faults)[N]) {
  for (const Fault& fault : faults) {
    const std::string message = message_of(changed(fault.from, fault.to));
    EXPECT_THAT(message, testing::StartsWith("x.json:")) << fault.to;
    EXPECT_THAT(message, HasSubstr(fault.said)) << fault.to;
    EXPECT_THAT(message, testing::Not(HasSubstr(".toml:"))) << fault.to;
    EXPECT_EQ(message.find('\n'), message.npos) << fault.to;
  }
}

TEST(T1Errors, TheFileWithoutAFaultHasNone) { EXPECT_EQ(message_of(base), ""); }

TEST(T1Errors, NameLineColumnValueAndRemedy) {
  EXPECT_EQ(
      message_of(changed(R"("CUDA",)", R"("OpenCL",)")),
      "x.json:11:17: KernelSpecification.Language = \"OpenCL\": is not CUDA: kernels in other "
      "languages cannot be tuned");
  EXPECT_EQ(message_of(changed(R"("Size": 4096},)", R"("Size": 4096, "MemType": "Texture"},)")),
            "x.json:18:113: KernelSpecification.Arguments[0].MemType = \"Texture\": is no place of "
            "an argument: write Constant, or remove it");
  EXPECT_EQ(
      message_of(changed(R"("Language": "CUDA",)", R"("Langage": "CUDA",)")),
      "x.json:11:5: KernelSpecification.Langage: unknown key, remove it or mend it: did you mean "
      "'Language'?");
}

TEST(T1Errors, WhatIsNotDoneIsRefusedByName) {
  const std::string kernel = R"("Language": "CUDA",)";
  const auto with = [&](const char* members) { return changed(kernel, kernel + members); };
  for (const auto& [members, said] : std::initializer_list<std::pair<const char*, const char*>>{
           {R"("SharedMemory": "BLOK * 4",)", "SharedMemory: 'BLOK * 4', column 1: there is no"},
           {R"("GridDivX": ["BLOCK"],)", "KernelSpecification.GridDivX: it divides a ProblemSize"},
           {R"("GridDivY": ["BLOCK"],)", "KernelSpecification.GridDivY: it divides a ProblemSize"},
           {R"("GridDivZ": ["BLOCK"],)", "KernelSpecification.GridDivZ: it divides a ProblemSize"},
           {R"("ReferenceArguments": [{"Name": "r"}],)",
            "ReferenceArguments[0]: has no member \"TargetName\""},
           {R"("ReferenceData": {"a": 1},)", "KernelSpecification.ReferenceData: results are"},
           {R"("KernelTypeNames": ["float"],)", "KernelTypeNames: name the instance in KernelName"},
           {R"("SimulationInput": "a",)", "SimulationInput = \"a\": recorded results are read by"},
           {R"("Device": {"Id": 0},)", "KernelSpecification.Device: --device says"},
           {R"("Profiling": true,)", "KernelSpecification.Profiling = true: "},
           {R"("Stream": 1,)", "KernelSpecification.Stream = 1: "},
           {R"("ValidationThreshold": 0.1,)",
            "ValidationThreshold: unknown key, remove it or mend it"},
           {R"("sharedMemory": 0,)", "did you mean 'SharedMemory'?"}}) {
    const std::string message = message_of(with(members));
    EXPECT_THAT(message, testing::StartsWith("x.json:11:")) << members;
    EXPECT_THAT(message, HasSubstr(said)) << members;
  }
  EXPECT_EQ(message_of(with(R"("SharedMemory": 0, "Stream": null, "Profiling": false, "Misc": {},
      "ProblemSize": [], "GridDivX": [], "GridDivY": null, "ReferenceArguments": [],
      "KernelTypeNames": [], "BenchmarkName": "add",)")),
            "");
}

TEST(T1Errors, UnknownKeysAreRefusedAtEveryLevel) {
  const Fault faults[] = {
      {R"("General": {)", R"("Generals": 1, "General": {)", "x.json:2:3: Generals: unknown key"},
      {R"("General": {)", R"("verification": {"type": "x"}, "General": {)",
       "verification: results are compared"},
      {R"("BenchmarkName")", R"("Objective": "GFLOPs", "BenchmarkName")", "General.Objective: "},
      {R"("FormatVersion": 1)", R"("FormatVersion": 2)", "General.FormatVersion = 2: is a format"},
      {R"("FormatVersion": 1)", R"("FormatVersion": "3.0")", "General.FormatVersion = \"3.0\": "},
      {R"("Conditions")", R"("Restrictions": [], "Conditions")",
       "ConfigurationSpace.Restrictions: unknown key"},
      {R"("Default": 64)", R"("Default": 64, "Step": 2)", "TuningParameters[0].Step: unknown key"},
      {R"("Parameters": ["BLOCK"])", R"("Parameter": ["BLOCK"])",
       "Conditions[0].Parameter: unknown key, remove it or mend it: did you mean 'Parameters'?"},
      {R"({"X": "4096 // BLOCK"})", R"({"X": "64", "W": 1})", "GlobalSize.W: unknown key"},
      {R"({"X": "BLOCK"})", R"({"X": "64", "x": 1})", "LocalSize.x: unknown key"},
      {R"("Name": "f",)", R"("Name": "f", "Sise": 1,)", "Arguments[2].Sise: unknown key"},
      {R"("FillValue": 0.5)", R"("FillValue": 0.5, "FillValue": 0.25)",
       "x.json:20:80: the key \"FillValue\" is there twice: remove one"},
  };
  expect_all(faults);
}

TEST(T1Errors, ValuesThatCannotBeMadeAreRefused) {
  const std::string input = R"("ReadOnly", )", output = R"("WriteOnly", )";
  const auto with = [](const std::string& before, const std::string& members) {
    return message_of(changed(before, before + members));
  };
  for (const auto& [members, said] : std::initializer_list<std::pair<const char*, const char*>>{
           {R"("FillType": "Generator",)", "Arguments[0]: has no member \"DataSource\""},
           {R"("FillType": "Generator", "DataSource": "i * j",)",
            "column 5: there is no parameter"},
           {R"x("FillType": "Generator", "DataSource": "random(i)",)x",
            "function random is not un"},
           {R"("FillType": "Script", "DataSource": "a.py",)", "= \"Script\": no script is run"},
           {R"("FillType": "BinaryHDF", "DataSource": "a",)", "\"BinaryHDF\": HDF5 is not read"},
           {R"("FillType": "BinaryRaw",)", "Arguments[0]: has no member \"DataSource\""},
           {R"("FillType": "BinaryRaw", "DataSource": "",)", "DataSource = \"\": names no file"},
           {R"("FillType": "random",)", "FillType = \"random\": is none of Constant, Random"},
           {R"("FillValue": [1, 2, 3],)", "Arguments[0].FillValue: must be a number, or the least"},
           {R"("FillValue": "x",)", "Arguments[0].FillValue = \"x\": is not a number"},
           {R"("RandomSeed": 7,)", "RandomSeed = 7: the seed of random numbers is tune's"},
           {R"("TypeSize": 8,)", "TypeSize = 8: is not the size of the Type, 4 bytes"},
           {R"("Output": 1,)", "Output = 1: does not agree with AccessType"},
           {R"("MemType": "Texture",)", "MemType = \"Texture\": is no place"}}) {
    EXPECT_THAT(with(input, members), HasSubstr(said)) << members;
  }
  EXPECT_EQ(with(input, R"("FillType": "Random", "FillValue": 1.0, "TypeSize": 4, "Output": 0,
                            "MemType": "Vector", "DataSource": "", "RandomSeed": null,)"),
            "");
  // A vector that is never read may have any fill.
  EXPECT_EQ(with(output, R"("FillType": "Constant", "FillValue": 0.0, "Output": 1,)"), "");
  EXPECT_THAT(with(output, R"("Output": 0,)"), HasSubstr("does not agree with AccessType"));
}

TEST(T1Errors, OptionsAreDoneOrRefused) {
  const auto with = [](const std::string& options) {
    return message_of(changed(R"(["-std=c++11"])", options));
  };
  for (const char* done : {R"(["", "-I.", "-I./", "-O3"])", "[]", "null",
                           R"(["--std=c++17", "-use_fast_math", "-fmad=false", "-DN=4", "-UM"])"}) {
    EXPECT_EQ(with(done), "") << done;
  }
  EXPECT_EQ(with(R"(["-std=c++17", "-I"])"),
            "x.json:14:39: KernelSpecification.CompilerOptions[1] = \"-I\": names no folder: write "
            "it as -Ifolder, in one piece");
  for (const char* refused : {"-std=c++23", "-include", "-arch=sm_80", "-Xptxas=-v", "-D2=3",
                              "-maxrregcount=all", "--restrict=x", "a.cu"}) {
    EXPECT_THAT(with(fmt::format("[\"{}\"]", refused)),
                HasSubstr(fmt::format("CompilerOptions[0] = \"{}\": ", refused)));
  }
  EXPECT_THAT(with(R"("-G")"), HasSubstr("CompilerOptions = \"-G\": is not a list"));
}

TEST(T1Errors, NamesAndSizesAreThoseOfTheFile) {
  std::string deep = "BLOCK";
  for (int i = 0; i < 90; ++i) deep = "(BLOCK - " + deep + ")";
  deep = "\"" + deep + "\"";
  const Fault faults[] = {
      {R"("Values": [1, 2]})", R"("Values": [1, 2]}, {"Name": "max", "Values": [1]})",
       "TuningParameters[2].Name = \"max\": is a word of the expressions"},
      {R"("Name": "WORK")", R"("Name": "BLOCK")", "is the name of another parameter"},
      {R"("Name": "WORK")", R"("Name": "a b")", "= \"a b\": is no name"},
      {R"("Name": "f")", R"("Name": "BLOCK")", "'BLOCK' is the name of a parameter, too"},
      {R"("Name": "f")", R"("Name": "a_size")", "'a_size' is the name of another argument, too"},
      {R"("Name": "f")", R"("Name": "align")", "is a word of the expressions"},
      {R"("Name": "f")", R"("Name": "f-1")", "= \"f-1\": is no name"},
      {R"("Parameters": ["BLOCK"])", R"("Parameters": ["BLOK"])",
       "Conditions[0].Parameters[0] = \"BLOK\": is no parameter"},
      {R"("BLOCK * WORK <= 64")", R"("BLOCK * WRK <= 64")",
       "Conditions[0].Expression: 'BLOCK * WRK <= 64', column 9: there is no parameter 'WRK': did "
       "you mean 'WORK'?"},
      {R"("4096 // BLOCK")", R"("4096 // BLK")",
       "GlobalSize.X: '4096 // BLK', column 9: there is no parameter 'BLK'"},
      {R"("BLOCK * WORK <= 64")", deep.c_str(),
       "is too long or nested too deeply as an expression"},
      {R"({"X": "4096 // BLOCK"})", R"({"X": 0})", "GlobalSize.X = 0: is not from 1 to"},
      {R"({"X": "4096 // BLOCK"})", R"({"X": 1, "Y": "256 * 256"})", "is not from 1 to 65535"},
      {R"({"X": "BLOCK"})", R"({"X": 2048})", "LocalSize.X = 2048: is not from 1 to 1024"},
      {R"({"X": "BLOCK"})", R"({"X": 1, "Z": 65})", "LocalSize.Z = 65: is not from 1 to 64"},
      {R"("Size": 4096},)", R"("Size": "BLOCK - BLOCK"},)", "is not from 1 to 2147483647"},
      {R"("Size": 4096},)", R"("Size": "ProblemSize[0]"},)", "there is no parameter 'ProblemSize'"},
      {R"("Size": 4096},)", R"("Size": "BLOCK[0]"},)", "[ ] stands behind a number"},
      {R"("Size": 4096},)", R"("Size": 0},)", "Arguments[0].Size = 0: is not from 1 to"},
      {R"("Size": 4096},)", R"("Size": 3000000000},)", "is not from 1 to 2147483647"},
      {R"("FillValue": 4096)", R"("FillValue": 3000000000)", "does not fit in the 32 bits"},
      {R"("FillValue": 4096)", R"("FillValue": 0.5)", "= 0.5: is no whole number of 64 bits"},
      {R"("FillValue": 0.5)", R"("FillValue": 1e39)", "is larger than a float can be"},
      {R"("FillValue": 0.5)", R"("FillValue": 1, "AccessType": "ReadWrite")", "how a scalar is"},
      {R"("FillValue": 0.5)", R"("FillValue": 1, "FillType": "Random")", "gets its value"},
      {R"("FillValue": 0.5)", R"("FillValue": 1, "Size": 2)", "is not the size of a scalar"},
      {R"("Type": "int32")", R"("Type": "int4")", "= \"int4\": is not a scalar's type here"},
      {R"("Type": "int32")", R"("Type": "custom")", "has no member \"TypeSize\""},
      {R"("Type": "int32")", R"("Type": "texture")", "= \"texture\": is no type here"},
      {R"("Type": "int32")", R"("Type": "float16")", "is 16 floats, or a half of NumPy"},
      {R"("WriteOnly")", R"("ReadOnly")", "Arguments: has no vector that the kernel writes"},
      {R"([1, 2])", R"([0.5, 2])", "TuningParameters[1].Type = \"uint\": is not the type of the"},
      {R"("Type": "uint")", R"("Type": "string")", "is not the type of the Values"},
      {R"("Type": "uint")", R"("Type": "bool")", "has no values but True and False"},
      {R"("Type": "uint")", R"("Type": "integer")", "is none of int, uint, float, bool and string"},
      {R"([1, 2])", R"([-1, 2])", "has no values below zero: write int"},
      {R"([1, 2])", R"(["a", "b"])", "TuningParameters[1].Values: are texts, which the Type is"},
      {R"("KernelFile": "add.cu",)", "", "KernelSpecification: has no member \"KernelFile\": add"},
      {R"("shop::add<float, 2>")", R"("shop::add<float, 2")", "names no kernel"},
  };
  expect_all(faults);
}

TEST(T1Errors, TextThatIsNotJsonIsSaidWhere) {
  EXPECT_THAT(message_of("{\n  \"General\" 1}"),
              testing::StartsWith("x.json:2:13: this is not JSON: "));
  EXPECT_THAT(message_of(""), testing::StartsWith("x.json:1:1: this is not JSON: "));
  EXPECT_EQ(message_of("{\"ä\": 1, \"b\": 2, \"b\": 3}"),
            "x.json:1:18: the key \"b\" is there twice: remove one");
  EXPECT_EQ(message_of("[]"), "x.json:1:1: is not an object");
  EXPECT_EQ(message_of(std::string("{}\n \0 {", 8)), "x.json:2:2: this is not JSON: a byte 0");
}

TEST(JsonDocument, AKeyThatHidesOtherValuesIsRefusedWhereItStands) {
  for (const std::string hidden : {R"([{"x": 1}])", R"({"x": [2]})", "3", R"(["y", [4]])"}) {
    for (const std::string later : {"[{}]", "{}", "[]", "null", R"([1, {"x": {}}])"}) {
      const std::string text = R"({"a": )" + hidden + R"(, "a": )" + later + "}";
      const std::string place = fmt::format("x.json:1:{}", 9 + hidden.size());
      try {
        JsonDocument(text, "x.json");
        ADD_FAILURE() << text;
      } catch (const Error& error) {
        EXPECT_EQ(error.what(), place + ": the key \"a\" is there twice: remove one") << text;
      }
    }
  }
}

TEST(JsonDocument, FindsValuesAndKeys) {
  const JsonDocument document("\xEF\xBB\xBF{\"a\\\"b\": [1,\n  {\"é\" : \"x]\"}, [] ]}", "x");
  const nlohmann::json& list = document.root().at("a\"b");
  EXPECT_EQ(document.place_of_key(list), "x:1:3");
  EXPECT_EQ(document.place_of(list), "x:1:11");
  EXPECT_EQ(document.place_of(list[0]), "x:1:12");
  EXPECT_EQ(document.place_of(list[1].at("é")), "x:2:10");
  EXPECT_EQ(document.place_of_key(list[1].at("é")), "x:2:4");
  EXPECT_EQ(document.place_of(list[2]), "x:2:17");
  const std::string deep(1'000'000, '[');
  EXPECT_NO_THROW(JsonDocument(deep + std::string(deep.size(), ']'), "x"));
}

// Faults that are found when the specs are read are reported for the T1 file, too.
class T1Folder : public T1Files {
 protected:
  void SetUp() override {
    T1Files::SetUp();
    write("add.cu", "namespace shop { template <class T, int F> __global__ void add(); }");
  }
};

TEST_F(T1Folder, FaultsOfTheSpecsAreThoseOfTheFile) {
  EXPECT_EQ(fault_of(base), "");
  EXPECT_EQ(
      fault_of(changed("\"add.cu\"", "\"sub.cu\"")),
      "x.json:13:19: KernelSpecification.KernelFile = \"sub.cu\": there is no source 'sub.cu'");
  EXPECT_THAT(fault_of(changed("\"add.cu\"", "\"../add.cu\"")),
              testing::StartsWith("x.json:13:19: KernelSpecification.KernelFile = "));
  EXPECT_EQ(fault_of(changed("shop::add<float, 2>", "shop::sub<float, 2>")),
            "x.json:12:19: KernelSpecification.KernelName = \"shop::sub<float, 2>\": the sources "
            "have no 'sub': name a __global__ function of theirs");
  std::string named_x = changed("\"Name\": \"WORK\"", "\"Name\": \"x\"");
  named_x.replace(named_x.find("* WORK"), 6, "* x");
  EXPECT_EQ(
      fault_of(named_x),
      "x.json:6:16: ConfigurationSpace.TuningParameters[1].Name = \"x\": 'x' cannot be a macro "
      "of the source, it would replace the x of threadIdx.x: use another name, in the source "
      "too");
  write("add.cu", "#include \"more.h\"\n");
  EXPECT_THAT(fault_of(base),
              HasSubstr("x.json:13:19: KernelSpecification.KernelFile = \"add.cu\": "
                        "add.cu:1 includes \"more.h\", which is not there"));
}

// The compiler says whether it needs a file in a branch that is perhaps not compiled.
TEST_F(T1Folder, FilesWithinAConditionMayBeMissing) {
  const std::string kernel =
      "\nnamespace shop { template <class T, int F> __global__ void add(); }";
  for (const char* may :
       {"#ifndef __CUDACC_RTC__\n#include \"more.h\"\n#endif",
        "#if 0\n# include \"more.h\"\n#endif", "#ifdef A\n#else\n#include \"more.h\"\n#endif",
        "#ifndef TUNING\n#define TUNING 0\n#include \"more.h\"\n#endif",
        "#ifndef GUARD\n#define GUARD\n#if HOST\n#include \"more.h\"\n#endif\n#endif"}) {
    write("add.cu", may + kernel + "\n#define AFTER\n");
    EXPECT_EQ(fault_of(base), "") << may;
  }
  for (const char* must :
       {"#ifndef GUARD\n#define GUARD 1\n#include \"more.h\"\n#endif",
        "#if 0\n#endif\n#include \"more.h\"", "#define A\n#include \"more.h\""}) {
    write("add.cu", must + kernel);
    EXPECT_THAT(fault_of(base), HasSubstr("includes \"more.h\", which is not there")) << must;
  }
}

TEST_F(T1Folder, IncludeFoldersAreBelowThatOfTheFile) {
  const std::string with_folder = changed(R"(["-std=c++11"])", R"(["-Iparts of it", "-G"])");
  EXPECT_THAT(fault_of(with_folder),
              HasSubstr("'parts of it' is no folder below that of the spec"));
  std::filesystem::create_directories(folder_ / "parts of it/deep");
  const auto kernel = [](const std::string& includes) {
    return includes +
           "namespace shop { template <class T, int N> __global__ void add(const T* x, "
           "T* y, float f, int n) {} }\n";
  };
  write("parts of it/far.h", "#include \"deep/near.h\"\n");
  write("parts of it/deep/near.h", "#include \"beside.h\"\n");
  write("parts of it/deep/beside.h", "#define FAR 1\n");
  write("add.cu", kernel("#include <far.h>\n#include <cmath>\n#include \"deep/near.h\"\n"));
  EXPECT_EQ(fault_of(with_folder), "");
  const Texts sources = load(with_folder).sources_of("add.cu");
  EXPECT_EQ(sources.size(), 4u);
  EXPECT_EQ(sources.at("beside.h"), "#define FAR 1\n");
  EXPECT_THAT(fault_of(changed(R"(["-std=c++11"])", R"(["-I../.."])")),
              HasSubstr("'../..' leaves the folder of the spec"));
  write("beside.h", "#define FAR 2\n");
  write("add.cu", kernel("#include \"beside.h\"\n#include <far.h>\n"));
  EXPECT_THAT(fault_of(with_folder), HasSubstr("beside.h here and beside.h elsewhere"));
}

TEST_F(T1Folder, KeysOfOtherTunersAreNoticed) {
  EXPECT_TRUE(load(base).notices().empty());
  const Catalog catalog = load(
      changed("\"General\": {",
              R"("Search": {"Name": "Random"}, "Budget": [], "General": {"OutputFile": "r",)"));
  EXPECT_THAT(
      catalog.notices(),
      testing::ElementsAre(HasSubstr("x.json: not read: Search, Budget, General.OutputFile")));
}

TEST_F(T1Folder, ScalarsArePassedAsTheBitsThatTheyAre) {
  const auto passed = [&](const std::string& type, const std::string& value) {
    const Catalog catalog = load(
        changed(R"("Type": "int32", "MemoryType": "Scalar", "FillValue": 4096)",
                "\"Type\": \"" + type + "\", \"MemoryType\": \"Scalar\", \"FillValue\": " + value));
    const OpEntry& entry = catalog.ops().front();
    const LoweredPlan lowered = lower(catalog, entry.kernels.front(), parse_problem(entry.op, {}),
                                      emulated_device(90), std::vector<std::int64_t>{64, 1});
    EXPECT_EQ(lowered.invalid, "");
    return lowered.plan.launches.front().args.back();
  };
  EXPECT_EQ(passed("uint32", "4000000000").value, 4000000000);
  EXPECT_EQ(passed("uint32", "4000000000").bytes, 4);
  EXPECT_EQ(passed("uint32", "\"BLOCK * 60000000\"").value, 3840000000);
  EXPECT_EQ(passed("uint8", "200").bytes, 1);
  EXPECT_EQ(passed("double", "2.5").bytes, 8);
  EXPECT_EQ(std::bit_cast<double>(passed("double", "2.5").value), 2.5);
  EXPECT_EQ(passed("uint32", "7").value, 7);
  EXPECT_EQ(passed("int32", "-3").value, -3);
  EXPECT_EQ(static_cast<std::uint64_t>(passed("uint64", "18446744073709551615").value), UINT64_MAX);
  EXPECT_EQ(passed("uint64", "9223372036854775808").value, INT64_MIN);
  EXPECT_EQ(passed("uint64", "1").kind, ArgSpec::Kind::int64);
}

// The grid is the one that Kernel Tuner launches.
TEST_F(T1Folder, AProblemSizeIsDividedIntoBlocks) {
  const auto grid_of = [&](const std::string& members) {
    const Catalog catalog = load(changed(R"("GlobalSize": {"X": "4096 // BLOCK"},)", members));
    const OpEntry& entry = catalog.ops().front();
    const LoweredPlan lowered = lower(catalog, entry.kernels.front(), parse_problem(entry.op, {}),
                                      emulated_device(90), std::vector<std::int64_t>{64, 2});
    EXPECT_EQ(lowered.invalid, "");
    return lowered.plan.launches.front().grid;
  };
  using Grid = std::array<std::int64_t, 3>;
  EXPECT_EQ(grid_of(R"("ProblemSize": [4097], "GridDivX": ["BLOCK"], "GridDivY": [],)"),
            (Grid{65, 1, 1}));
  EXPECT_EQ(grid_of(R"("ProblemSize": [100, "7 * 3"], "GridDivX": ["BLOCK", "WORK"],
                       "GridDivY": [4],)"),
            (Grid{1, 6, 1}));
  EXPECT_EQ(grid_of(R"("ProblemSize": 5, "GridDivX": "WORK",)"), (Grid{3, 1, 1}));
  EXPECT_EQ(grid_of(R"("ProblemSize": "BLOCK * 3",)"), (Grid{192, 1, 1}));
  const auto fault = [](const std::string& members) {
    return message_of(changed(R"("GlobalSize": {"X": "4096 // BLOCK"},)", members));
  };
  EXPECT_THAT(fault(""), HasSubstr("KernelSpecification: has no member \"GlobalSize\": add it"));
  EXPECT_THAT(fault(R"("GridDivX": ["BLOCK"],)"), HasSubstr("GridDivX: it divides a ProblemSize"));
  EXPECT_THAT(fault(R"("ProblemSize": [1, 2, 3, 4],)"), HasSubstr("nor a list of one to three"));
  std::string named = changed(R"("GlobalSize": {"X": "4096 // BLOCK"},)", R"("ProblemSize": 100,)");
  for (std::size_t at; (at = named.find("BLOCK")) != named.npos;) {
    named.replace(at, 5, "block_size_x");
  }
  EXPECT_THAT(t1_specs(named, "x.json").at("shop_add_float_2.toml"),
              HasSubstr("grid = [\"ceil_div(100, block_size_x)\", \"1\", \"1\"]"));
}

TEST_F(T1Folder, OptionsReachTheCompilerAndTheDigest) {
  const auto kernel_of = [](const Catalog& catalog) {
    return catalog.ops().front().kernels.front();
  };
  const Catalog plain = load(changed(R"("CompilerOptions": ["-std=c++11"],)", ""));
  const Catalog catalog =
      load(changed(R"(["-std=c++11"])", R"(["-DWIDTH=4", "-DFAST", "-use_fast_math"])"));
  EXPECT_NE(kernel_of(catalog).source_digest, kernel_of(plain).source_digest);
  const OpEntry& entry = catalog.ops().front();
  const Program program = lower(catalog, entry.kernels.front(), parse_problem(entry.op, {}),
                                emulated_device(90), std::vector<std::int64_t>{64, 1})
                              .plan.program;
  EXPECT_EQ(program.options, std::vector<std::string>{"-use_fast_math"});
  EXPECT_THAT(macros_begin(program), HasSubstr("#define WIDTH 4\n#define FAST 1\n"));
  EXPECT_THAT(fault_of(changed(R"(["-std=c++11"])", R"(["-DBLOCK=4"])")),
              HasSubstr("CompilerOptions: 'BLOCK' is a knob, so '-DBLOCK=4' cannot define it"));
}

// A macro must not change the system's headers that the source includes first.
TEST_F(T1Folder, MacrosComeAfterTheLeadingHeaders) {
  write("add.cu",
        "// one\n#pragma once\n#include <cstdint>\n  # include <vector> // two\n"
        "#define LATE\n#include <map>\n"
        "namespace shop { template <class T, int F> __global__ void add(); }");
  const Catalog catalog = load(base);
  const OpEntry& entry = catalog.ops().front();
  const Plan plan = lower(catalog, entry.kernels.front(), parse_problem(entry.op, {}),
                          emulated_device(90), std::vector<std::int64_t>{64, 1})
                        .plan;
  EXPECT_THAT(macros_begin(plan.program),
              testing::StartsWith("#include <cstdint>\n#include <vector>\n#define TW_T float\n"));
}

}  // namespace
}  // namespace tw
