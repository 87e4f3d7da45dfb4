// The keys contain everything that a verdict depends on, one thing at a time, and nothing else.
#include "core/lowering/verdict.h"

#include <gtest/gtest.h>

#include <tuple>

#include "core/base/texts.h"
#include "core/catalog/catalog.h"
#include "unit/core/fixture.h"

namespace tw {
namespace {

using test::changed;
using test::toy_kernel;
using test::toy_op;

struct Asked {
  std::string op = toy_op, kernel = toy_kernel;
  Texts sources = test::toy_sources();
  ProblemText problem{.shape = "rows=3,columns=8,alpha=2,beta=3",
                      .dtype = "bf16",
                      .epilogue = "bias_column,clamp(0,6)"};
  std::string default_configuration = "threads=128 vector=false walk=forward";
};

// The keys of a trial that come from specs.
using Keys = std::tuple<std::string, std::string, std::string>;
Keys keys(const Asked& asked) {
  const Catalog catalog = Catalog::load(
      {{"axpy/op.toml", asked.op}, {"axpy/simple.toml", asked.kernel}}, asked.sources);
  const OpEntry& entry = catalog.at("axpy");
  const KernelSpec& kernel = entry.kernels.front();
  const Problem problem = parse_problem(entry.op, asked.problem);
  return {
      problem.key(entry.op), catalog.source_digest(kernel, problem.epilogue),
      verdict_digest(catalog, kernel, problem, emulated_device(90), asked.default_configuration)};
}
std::string verdict(const Asked& asked) { return std::get<2>(keys(asked)); }

TEST(VerdictDigest, HoldsEachThingThatAVerdictDependsOn) {
  const std::string plain = verdict({});
  const auto changes = [&](const std::string& what, auto change) {
    Asked asked;
    change(asked);
    EXPECT_NE(verdict(asked), plain) << what;
    EXPECT_EQ(verdict(asked), verdict(asked)) << what;
  };
  changes("a constant of the epilogue",
          [](Asked& a) { a.problem.epilogue = "bias_column,clamp(0,7)"; });
  changes("a scalar", [](Asked& a) { a.problem.shape = "rows=3,columns=8,alpha=2.5,beta=3"; });
  changes("a scalar's default", [](Asked& a) {
    a.op = changed(a.op, "name = \"alpha\"\ndefault = 1", "name = \"alpha\"\ndefault = 4");
    a.problem.shape = "rows=3,columns=8,beta=3";
  });
  changes("a role", [](Asked& a) { a.op = changed(a.op, "role = \"in\"", "role = \"inout\""); });
  changes("a shape", [](Asked& a) {
    a.op = changed(a.op, "shape = [\"rows\", \"columns\"]", "shape = [\"rows\", \"columns + 1\"]");
  });
  changes("a stride",
          [](Asked& a) { a.op = changed(a.op, "[\"pitch\", \"1\"]", "[\"pitch + 1\", \"1\"]"); });
  changes("what scales it", [](Asked& a) {
    a.op = changed(a.op, "scaled_by = \"beta\"\n", "");
    a.problem.shape = "rows=3,columns=8,alpha=2,beta=0";
  });
  changes("a dim's default",
          [](Asked& a) { a.op = changed(a.op, "? columns :", "? columns + 8 :"); });
  changes("the extent of a vector", [](Asked& a) {
    a.op = changed(a.op, "bias_column = \"columns\"", "bias_column = \"columns + 1\"");
  });
  changes("the tolerance", [](Asked& a) { a.op = changed(a.op, "\"4 + pad\"", "\"5 + pad\""); });
  changes("the reference's source", [](Asked& a) { a.sources["axpy/reference.cuh"] += "// x\n"; });
  changes("what it includes", [](Asked& a) {
    a.sources["axpy/reference.cuh"] += "#include \"axpy/sums.cuh\"\n";
    a.sources["axpy/sums.cuh"] = "#pragma once\n";
  });
  changes("the op's header", [](Asked& a) { a.sources["axpy/op.cuh"] += "// x\n"; });
  changes("the reference's arguments", [](Asked& a) {
    a.op = changed(a.op, "\"alpha\", \"beta\", \"epilogue\"", "\"beta\", \"alpha\", \"epilogue\"");
  });
  changes("the reference's launch",
          [](Asked& a) { a.op = changed(a.op, "block = [128]", "block = [64]"); });
}

TEST(VerdictDigest, IncludesAreFollowedToTheirEnd) {
  Asked asked;
  asked.sources["axpy/reference.cuh"] += "#include \"axpy/sums.cuh\"\n";
  asked.sources["axpy/sums.cuh"] = "#include \"axpy/sum.cuh\"\n";
  asked.sources["axpy/sum.cuh"] = "// one\n";
  const std::string before = verdict(asked);
  asked.sources["axpy/sum.cuh"] = "// two\n";
  EXPECT_NE(verdict(asked), before);
}

// The other keys contain these things.
TEST(VerdictDigest, WithTheOtherKeysHoldsTheRest) {
  const Keys plain = keys({});
  const auto changes = [&](const std::string& what, auto change) {
    Asked asked;
    change(asked);
    EXPECT_NE(keys(asked), plain) << what;
  };
  changes("the kernel's arguments", [](Asked& a) {
    a.kernel =
        changed(a.kernel, "\"alpha\", \"beta\", \"epilogue\"", "\"beta\", \"alpha\", \"epilogue\"");
  });
  changes("the kernel's source", [](Asked& a) { a.sources["common/deep.cuh"] += "// x\n"; });
  changes("the steps' source",
          [](Asked& a) { a.sources[std::string(epilogue_source)] += "// x\n"; });
  changes("a shared name", [](Asked& a) {
    a.op = changed(a.op, "elements = \"rows * columns\"", "elements = \"rows * columns + 0\"");
  });
  changes("a workspace", [](Asked& a) { a.kernel = changed(a.kernel, "zero_each", "zero_once"); });
  changes("a dim", [](Asked& a) { a.problem.shape = "rows=4,columns=8,alpha=2,beta=3"; });
  changes("the alignment", [](Asked& a) { a.problem.align = 8; });
}

TEST(VerdictDigest, LeavesOutWhatDoesNotMatter) {
  const Keys plain = keys({});
  const auto keeps = [&](const std::string& what, auto change) {
    Asked asked;
    change(asked);
    EXPECT_EQ(keys(asked), plain) << what;
  };
  keeps("docs", [](Asked& a) {
    a.op = changed(a.op, "rows of x and y", "how many rows");
    a.kernel = changed(a.kernel, "one thread an element", "something else");
  });
  keeps("comments and blanks", [](Asked& a) {
    a.op = "# an op\n\n" + changed(a.op, "bf16 = \"4 + pad\"", "bf16 = \"4 + pad\"  # as derived");
    a.kernel = "# a kernel\n" + a.kernel;
  });
  keeps("a value of a knob",
        [](Asked& a) { a.kernel = changed(a.kernel, "64, 2048", "64, 32, 2048"); });
  keeps("a constraint", [](Asked& a) { a.kernel = changed(a.kernel, "pitch % 4", "pitch % 8"); });
  keeps("another math's tolerance",
        [](Asked& a) { a.op = changed(a.op, "f32 = 4\n", "f32 = 5\n"); });
  keeps("a step that is not in the chain",
        [](Asked& a) { a.op = changed(a.op, "\"clamp\"]", "\"clamp\", \"tanh\"]"); });
  // With a reference, the default is a configuration like any other.
  keeps("the default",
        [](Asked& a) { a.default_configuration = "threads=64 vector=false walk=forward"; });
}

}  // namespace
}  // namespace tw
