// The emitted folder as text: its contents, that it depends only on its input, and that no data in
// it can become code. Other emit tests check that it compiles and runs.
// Longer than 400 lines: one fixture, whose folder every test reads.
#include "emit/emit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "core/base/error.h"
#include "core/base/texts.h"
#include "core/catalog/catalog.h"
#include "emit/winner_files.h"
#include "unit/db/fixture.h"
#include "unit/emit/fixture.h"

namespace tw {
namespace {

using testing::HasSubstr;
using testing::Not;

class EmitTest : public testing::Test {
 protected:
  const Catalog catalog_ = emit_fixture::catalog();
  EmitRequest request_ = emit_fixture::request(catalog_);

  std::string error_of(const EmitRequest& request) const {
    try {
      emit(request);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Returns the lines of code, with the contents of strings removed.
std::string code_of(const std::string& text) {
  std::string code;
  for (const std::string& line : lines_of(text)) {
    const std::string part = line.substr(0, line.find("//"));
    bool quoted = false;
    for (const char c : part) {
      if (c == '"') quoted = !quoted;
      if (!quoted) code += c;
    }
    code += '\n';
  }
  return code;
}

TEST_F(EmitTest, FolderHoldsTheDispatchAndItsKernels) {
  std::set<std::string> names;
  for (const auto& [path, text] : emit(request_)) {
    names.insert(path.substr(0, 11) == "tilewright_" ? "T" + path.substr(path.find('/')) : path);
  }
  EXPECT_EQ(names, (std::set<std::string>{"blend.cuh",
                                          "blend.h",
                                          "blend.cu",
                                          "T/op.cuh",
                                          "T/direct.cuh",
                                          "T/passes.cuh",
                                          "T/common/config.cuh",
                                          "T/common/epilogue.cuh",
                                          "T/common/epilogue_steps.cuh",
                                          "T/common/extrema.cuh",
                                          "T/common/half.cuh",
                                          "T/common/shared.cuh",
                                          "T/common/vector.cuh",
                                          "T/dispatch/call.cuh",
                                          "T/dispatch/checked.h",
                                          "T/dispatch/choose.h",
                                          "T/dispatch/code.cuh",
                                          "T/dispatch/forecast.h",
                                          "T/dispatch/launch.cuh",
                                          "T/dispatch/launch_limits.h",
                                          "T/dispatch/limits.h",
                                          "T/dispatch/select.h",
                                          "T/dispatch/selection.h",
                                          "T/dispatch/tensor_map.h"}));
}

TEST_F(EmitTest, EveryWinnerStandsWithItsEvidence) {
  const std::string text = emit(request_).at("blend.cuh");
  for (const Winner& winner : request_.winners) {
    EXPECT_THAT(text, HasSubstr("//   " + winner.trial.context.situation.problem + "\n"));
    EXPECT_THAT(text, HasSubstr(": " + winner.trial.configuration));
  }
  EXPECT_THAT(text, HasSubstr("median 5 us"));
  EXPECT_THAT(text, HasSubstr("0.1049 TFLOP/s, 1.25 x "));
  EXPECT_THAT(text, HasSubstr("96 registers"));
  EXPECT_THAT(text, HasSubstr("(cc 90, 132 SMs)"));
  EXPECT_THAT(text, HasSubstr("NOTE: H200"));
  EXPECT_THAT(text, Not(HasSubstr("other kernel sources")));
}

TEST_F(EmitTest, SaysWhenTheKernelHasChangedSinceItWasMeasured) {
  request_.winners[0].trial.context.code.source_digest = "0123";
  EXPECT_THAT(emit(request_).at("blend.cuh"), HasSubstr("other kernel sources (digest 0123)"));
}

TEST_F(EmitTest, DataCannotBecomeCode) {
  for (const auto& [path, text] : emit(request_)) {
    const bool ours = path.find('/') == std::string::npos || path.find("/dispatch/") < path.size();
    if (!ours) continue;  // a copied kernel source
    for (const std::string& line : lines_of(text)) {
      EXPECT_TRUE(line.find("#error") != 0 || line.find("injected") > line.size()) << path;
      EXPECT_TRUE(line.empty() || line.back() != '\\') << path << ": " << line;
      for (const char c : line) EXPECT_TRUE(c == '\t' || (c >= ' ' && c <= '~')) << path;
    }
    EXPECT_THAT(code_of(text), Not(HasSubstr("injected"))) << path;
  }
}

TEST_F(EmitTest, OrderOfTheWinnersDoesNotMatter) {
  const auto files = emit(request_);
  std::reverse(request_.winners.begin(), request_.winners.end());
  EXPECT_EQ(emit(request_), files);
}

TEST_F(EmitTest, AnyChangeChangesTheDigest) {
  const auto folder_of = [&] { return emit(request_).rbegin()->first.substr(0, 19); };
  const std::string before = folder_of();
  request_.winners[0].trial.measurement.samples_ns.assign(7, 5001);
  const std::string after_time = folder_of();
  request_.name_space = "other";
  EXPECT_NE(before, after_time);
  EXPECT_NE(after_time, folder_of());
}

TEST_F(EmitTest, WithoutWinnersThereAreTheDefaults) {
  request_.winners.clear();
  request_.source_note.clear();
  const auto files = emit(request_);
  EXPECT_THAT(files.at("blend.cuh"), HasSubstr("Nothing was tuned"));
  EXPECT_THAT(files.at("blend.cuh"), HasSubstr("struct v0 {"));
  EXPECT_THAT(files.at("blend.cuh"), Not(HasSubstr("TFLOP/s")));
  EXPECT_THAT(files.at("blend.h"), Not(HasSubstr("ArgsF64")));
}

// Besides tuned branches, the default configuration with vectors and one without vectors serve
// everything.
TEST_F(EmitTest, KeepsAsFewDefaultsAsServe) {
  request_.winners.clear();
  const std::string text = emit(request_).at("blend.cuh");
  EXPECT_THAT(text,
              HasSubstr("direct, order=plain: threads=256 vector=4 path=straight streaming=false"));
  EXPECT_THAT(text,
              HasSubstr("direct, order=plain: threads=128 vector=1 path=straight streaming=false"));
  EXPECT_THAT(text, HasSubstr("struct v3 {"));
  EXPECT_THAT(text, Not(HasSubstr("struct v4 {")));
}

TEST_F(EmitTest, EpilogueArgumentsAreFieldsOfTheirOwn) {
  const std::string text = emit(request_).at("blend.h");
  EXPECT_THAT(text, HasSubstr("struct ArgsBiasColumnClampScaleClamp : Args {"));
  for (const char* field :
       {"const float* bias_column = nullptr;", "float clamp_lo = ", "float clamp_hi = ",
        "float scale_factor = ", "float clamp2_lo = ", "float clamp2_hi = "}) {
    EXPECT_THAT(text, HasSubstr(field));
  }
}

TEST_F(EmitTest, ConstantsOfAChainAreTheTunedOnesWhereAllWinnersAgree) {
  const std::string one = "bias_column,clamp(-1,1),scale(0.1),clamp(0,6)";
  std::string text = emit(emit_fixture::with_constants(request_, {one, one})).at("blend.h");
  for (const char* field :
       {"float clamp_lo = -1;", "float clamp_hi = 1;", "float scale_factor = 0.1f;",
        "float clamp2_lo = 0;", "float clamp2_hi = 6;"}) {
    EXPECT_THAT(text, HasSubstr(field));
  }
  EXPECT_THAT(text, Not(HasSubstr("explicit")));

  const std::string other = "bias_column,clamp(-1,2),scale(0.1),clamp(0,5)";
  text = emit(emit_fixture::with_constants(request_, {one, other})).at("blend.h");
  for (const char* field :
       {"float clamp_lo = -1;", "float clamp_hi;", "float scale_factor = 0.1f;", "float clamp2_hi;",
        "explicit ArgsBiasColumnClampScaleClamp(float clamp_hi_value, float "
        "clamp2_hi_value)"}) {
    EXPECT_THAT(text, HasSubstr(field));
  }
}

TEST_F(EmitTest, ConstantsThatAreNotKnownHaveNoDefault) {
  const std::string one = "bias_column,clamp(0,1),scale(2),clamp(0,1)";
  for (const std::vector<std::string>& chains :
       {std::vector<std::string>{""}, {one, ""}, {"", one}, {"relu"}}) {
    const std::string text = emit(emit_fixture::with_constants(request_, chains)).at("blend.h");
    EXPECT_THAT(text, HasSubstr("explicit ArgsBiasColumnClampScaleClamp(float clamp_lo_value, "));
    EXPECT_THAT(text, Not(HasSubstr("float clamp_lo =")));
  }
}

TEST_F(EmitTest, PublicNamespaceIsTheOneAskedFor) {
  request_.name_space = "my::kernels";
  EXPECT_THAT(emit(request_).at("blend.h"), HasSubstr("namespace my::kernels::blend {"));
  for (const char* bad : {"", "a b", "a::", "::a", "class", "my::std", "a{}", "a\n#error"}) {
    request_.name_space = bad;
    EXPECT_THAT(error_of(request_), HasSubstr("is no C++ namespace")) << bad;
  }
}

// Returns an op whose header holds the default, with another name, and with other dims beside n;
// also its source.
Catalog doubling(const std::string& name, const std::string& more,
                 const std::string& file = "k.cuh", const std::string& root = "mine") {
  const std::string entry = root + "::kernel", quoted = "\"" + file + "\"";
  const std::string op = "[op]\nname = \"" + name +
                         "\"\ndtypes = [\"f32\"]\nflops = \"n\"\nbytes = \"n\"\n"
                         "[[dim]]\nname = \"n\"\n" +
                         more +
                         "[[tensor]]\nname = \"y\"\nrole = \"out\"\nshape = [\"n\"]\n"
                         "[reference]\nsource = " +
                         quoted + "\nentry = \"" + entry +
                         "\"\ngrid = [1]\n"
                         "block = [1]\nargs = [\"y_expected\"]\n[tolerance]\nf32 = 1\n";
  const std::string kernel = "[kernel]\nsource = " + quoted + "\n[[launch]]\nentry = \"" + entry +
                             "\"\ngrid = [1]\nblock = [1]\nargs = [\"y\"]\n";
  const std::string source = "#pragma once\n#include <" + root + ".h>\nnamespace " + root +
                             " {\nstruct Knobs {};\ntemplate <class T, class V, class Epilogue>\n"
                             "__global__ void kernel(T* y) {}\n}\n";
  Texts sources = builtin_sources();
  sources[file] = source;
  return Catalog::load({{name + "/op.toml", op}, {name + "/k.toml", kernel}}, sources, "");
}

std::string guard_in(const std::string& text) {
  const std::size_t at = text.find("#ifndef ");
  return text.substr(at + 8, text.find('\n', at) - at - 8);
}

// No two files of a folder have the same include guard, whatever their names are.
TEST_F(EmitTest, AnOpAndASourceMayShareAName) {
  for (const std::string file : {"twice.cuh", "twice.h", "Twice.cuh", "a/twice.cuh", "a_twice.cuh",
                                 "dispatch_limits.h", "common_config.cuh"}) {
    const Catalog catalog = doubling("twice", "", file);
    request_.catalog = &catalog;
    request_.op = "twice";
    request_.winners.clear();
    std::map<std::string, std::string> guards;
    for (const auto& [path, text] : emit(request_)) {
      if (path == "twice.cu") continue;
      const auto [at, is_new] = guards.emplace(guard_in(text), path);
      EXPECT_TRUE(is_new) << path << " and " << at->second << ": " << at->first;
    }
    EXPECT_GT(guards.size(), 6u);
  }
}

TEST_F(EmitTest, ANamespaceMayBeCalledLikeAPartOfTheHeaderOrASystemHeader) {
  for (const std::string root : {"dispatch", "checked", "math", "tensor", "api", "launch"}) {
    const Catalog catalog = doubling("twice", "", "k.cuh", root);
    request_.catalog = &catalog;
    request_.op = "twice";
    request_.winners.clear();
    const auto files = emit(request_);
    const std::string folder = files.lower_bound("tilewright_")->first.substr(0, 19);
    const std::string& source = files.at(folder + "/k.cuh");
    EXPECT_THAT(source, HasSubstr("namespace " + root + "_" + folder.substr(11) + " {"));
    EXPECT_THAT(source, HasSubstr("#include <" + root + ".h>"));
    EXPECT_THAT(files.at(folder + "/dispatch/launch.cuh"), HasSubstr("::dispatch {"));
    EXPECT_THAT(files.at("twice.cuh"), HasSubstr("::" + root + "_" + folder.substr(11) +
                                                 "::kernel<typename Form<A>::Types, V"));
  }
}

// With -I of the folder, a math.h in it would hide <math.h> from other headers.
TEST_F(EmitTest, AnOpCalledLikeASystemHeaderHidesNone) {
  const Catalog catalog = doubling("math", "");
  request_.catalog = &catalog;
  request_.op = "math";
  request_.winners.clear();
  const auto files = emit(request_);
  EXPECT_EQ(files.count("math.h"), 0u);
  EXPECT_THAT(files.at("math.cuh"), HasSubstr("#include \"math_.h\""));
  EXPECT_THAT(files.at("math_.h"), HasSubstr("namespace tuned::math {"));
}

// The names of fields belong to the user, whatever is renamed in the sources of kernels.
TEST_F(EmitTest, FieldsKeepTheirNames) {
  const Catalog catalog = doubling("twice", "[[dim]]\nname = \"tw\"\n[[dim]]\nname = \"TW_N\"\n");
  request_.catalog = &catalog;
  request_.op = "twice";
  request_.winners.clear();
  const auto files = emit(request_);
  const std::string folder = files.lower_bound("tilewright_")->first.substr(0, 19);
  for (const char* field : {"tw", "TW_N"}) {
    EXPECT_THAT(files.at("twice.h"), HasSubstr(std::string("std::int64_t ") + field + " = 0;"));
    EXPECT_THAT(files.at(folder + "/dispatch/select.h"),
                HasSubstr(std::string("problem.") + field + " = args." + field + ";"));
  }
}

TEST_F(EmitTest, AnOpMayBeCalledLikeAWordOfCpp) {
  for (const std::string op : {"double", "std"}) {
    const Catalog catalog = doubling(op, "");
    request_.catalog = &catalog;
    request_.op = op;
    request_.winners.clear();
    const auto files = emit(request_);
    for (const char* end : {".h", ".cuh", ".cu"}) {
      EXPECT_THAT(code_of(files.at(op + end)), HasSubstr("tuned::" + op + "_"));
      EXPECT_THAT(code_of(files.at(op + end)), Not(HasSubstr("tuned::" + op + " ")));
    }
  }
}

TEST_F(EmitTest, RefusesFieldsOfOneName) {
  request_.winners.clear();
  request_.op = "twice";
  const auto dim = [](const std::string& name) { return "[[dim]]\nname = \"" + name + "\"\n"; };
  for (const auto& [more, name] :
       {std::pair{dim("new") + dim("new_"), "new_"}, std::pair{dim("Args"), "Args"},
        std::pair{dim("Order") + "[[choice]]\nname = \"order\"\nvalues = [\"up\"]\n", "Order"},
        std::pair{std::string("[[choice]]\nname = \"order\"\nvalues = [\"new\", \"new_\"]\n"),
                  "new_"}}) {
    const Catalog catalog = doubling("twice", more);
    request_.catalog = &catalog;
    EXPECT_THAT(error_of(request_), HasSubstr("'" + std::string(name) + "' would be two names"));
    EXPECT_EQ(emit_json(request_).size(), 1u);  // it has no C++ names
  }
}

TEST_F(EmitTest, RefusesWinnersThatItCannotPlace) {
  const auto with = [&](auto change) {
    EmitRequest request = request_;
    change(request.winners[1].trial);
    return error_of(request);
  };
  EXPECT_THAT(with([](Trial& t) { t.context.code.kernel = "gone"; }), HasSubstr("kernel 'gone'"));
  EXPECT_THAT(with([](Trial& t) { t.context.situation.op = "gemm"; }), HasSubstr("op gemm"));
  EXPECT_THAT(with([](Trial& t) { t.context.situation.device_limits += " x=1"; }),
              HasSubstr("two devices"));
  EXPECT_NE(with([](Trial& t) { t.configuration = "threads=128"; }), "");
  EXPECT_NE(with([](Trial& t) { t.context.situation.problem = "blend f32 rows=64"; }), "");
}

TEST(WriteFiles, ReplacesAndLeavesNothingElse) {
  const TemporaryFolder folder;
  const std::string out = folder / "a/b";
  write_files(out, {{"x.h", "old"}, {"sub/y.h", "y"}});
  write_files(out, {{"x.h", "new"}});
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(out)) {
    names.insert(entry.path().filename());
  }
  EXPECT_EQ(names, (std::set<std::string>{"x.h", "sub", "y.h"}));
  std::ostringstream text;
  text << std::ifstream(out + "/x.h").rdbuf();
  EXPECT_EQ(text.str(), "new");
}

TEST(WriteFiles, FollowsNoLinkOutOfTheFolder) {
  namespace fs = std::filesystem;
  const TemporaryFolder folder;
  const auto text_of = [](const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  };
  const std::string out = folder / "out", temporary = "x.h." + std::to_string(getpid()) + ".tmp";
  fs::create_directories(folder / "out/inner");
  std::ofstream(folder / "theirs") << "theirs";
  fs::create_symlink(folder / "theirs", folder / "out/x.h");
  fs::create_symlink(folder / "theirs", folder / ("out/" + temporary));
  write_files(out, {{"x.h", "ours"}});
  EXPECT_EQ(text_of(folder / "theirs"), "theirs");
  EXPECT_EQ(text_of(folder / "out/x.h"), "ours");
  EXPECT_FALSE(fs::is_symlink(folder / "out/x.h"));

  fs::create_directory(folder / "elsewhere");
  fs::create_directory_symlink(folder / "elsewhere", folder / "out/sub");
  fs::create_directory_symlink(folder / "nowhere", folder / "out/dangling");
  for (const char* name : {"sub/y.h", "sub/deep/y.h", "dangling/y.h"}) {
    EXPECT_THROW(write_files(out, {{name, "y"}}), Error) << name;
  }
  EXPECT_TRUE(fs::is_empty(folder / "elsewhere"));
  EXPECT_FALSE(fs::exists(folder / "nowhere"));

  fs::create_directory_symlink("inner", folder / "out/stays");
  write_files(out, {{"stays/z.h", "z"}});
  EXPECT_EQ(text_of(folder / "out/inner/z.h"), "z");
  fs::create_directory_symlink(out, folder / "named");  // the user made this link
  write_files(folder / "named/", {{"w.h", "w"}});
  EXPECT_EQ(text_of(folder / "out/w.h"), "w");
}

TEST(WriteFiles, SaysWhatCannotBeWritten) {
  const TemporaryFolder folder;
  std::ofstream(folder / "file") << "x";
  const std::string inside = folder / "file/out";
  try {
    write_files(inside, {{"x.h", "x"}});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot write " + inside));
  }
}

}  // namespace
}  // namespace tw
