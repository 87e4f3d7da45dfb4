#include <gtest/gtest.h>

#include "core/base/texts.h"
#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "core/plan/plan.h"
#include "core/space/space.h"
#include "unit/core/fixture.h"

namespace tw {
namespace {

using test::changed;
using test::error_of;
using test::toy_kernel;
using test::toy_op;
using test::toy_source;

TEST(Spec, ReadsAnOp) {
  const Catalog catalog = test::toy_catalog();
  const OpSpec& op = catalog.at("axpy").op;
  EXPECT_EQ(op.dims.size(), 4U);
  EXPECT_EQ(op.dims[3].min, 0);
  EXPECT_EQ(op.dtypes, (std::vector<DType>{DType::f32, DType::bf16}));
  EXPECT_EQ(op.tensors[1].scaled_by, "beta");
  EXPECT_EQ(op.scalars[0].fallback, 1);
  EXPECT_EQ(op.header, "axpy/op.cuh");
  EXPECT_EQ(op.epilogue_extents.count("bias_column"), 1U);
  ASSERT_EQ(op.reference.args.size(), 9U);
  EXPECT_EQ(op.reference.args[3].kind, ArgSpec::Kind::int64);
  EXPECT_EQ(op.reference.args[7].kind, ArgSpec::Kind::expected);
  EXPECT_EQ(op.reference.args[7].name, "y");
  EXPECT_EQ(op.baselines.at(0).args.at("n").kind, ArgSpec::Kind::int64);
  EXPECT_EQ(op.baselines.at(0).args.at("x").kind, ArgSpec::Kind::tensor);
}

TEST(Spec, PreferencesNarrowTheSearchAlone) {
  Texts spaces = test::toy_spaces();
  spaces["axpy/simple.toml"] =
      changed(toy_kernel, "[[workspace]]", "[prefer]\n\"few\" = \"threads < 128\"\n[[workspace]]");
  const Catalog plain = test::toy_catalog();
  const Catalog picky = Catalog::load(spaces, test::toy_sources(), "spaces/");
  const KernelSpec& kernel = picky.at("axpy").kernels.at(0);
  const Problem problem = parse_problem(picky.at("axpy").op, {.shape = "rows=3,columns=8"});
  const auto slots = slots_of(picky.at("axpy").op, kernel.names, problem, emulated_device(90));
  const SearchSpace space = SearchSpace::enumerate(kernel, slots);
  const Configuration preferred{64, 0, 0}, allowed{128, 0, 0};
  EXPECT_TRUE(space.find(preferred));
  EXPECT_FALSE(space.find(allowed));
  EXPECT_TRUE(serves(kernel, slots, preferred));
  EXPECT_TRUE(serves(kernel, slots, allowed));
  EXPECT_EQ(kernel.source_digest, plain.at("axpy").kernels.at(0).source_digest);
  EXPECT_NE(kernel.space_digest, plain.at("axpy").kernels.at(0).space_digest);
}

// Saying so does not invalidate what was measured of the kernel before.
TEST(Spec, AKernelServesReductionsIfItSaysSo) {
  Texts spaces = test::toy_spaces();
  spaces["axpy/op.toml"] = test::toy_reducing_op();
  const Catalog silent = Catalog::load(spaces, test::toy_sources());
  spaces["axpy/simple.toml"] = changed(toy_kernel, "needs = ", "reduces = true\nneeds = ");
  const Catalog reducing = Catalog::load(spaces, test::toy_sources());
  const auto served = [](const Catalog& catalog, const std::string& epilogue) {
    const OpEntry& entry = catalog.at("axpy");
    const Problem problem = parse_problem(entry.op, {"3x5", "f32", "", epilogue});
    const KernelSpec& kernel = entry.kernels.at(0);
    return kernel.needs.expr.holds(slots_of(entry.op, kernel.names, problem, emulated_device(90)));
  };
  EXPECT_FALSE(silent.at("axpy").kernels.at(0).reduces);
  EXPECT_FALSE(served(silent, "relu,max"));
  EXPECT_TRUE(served(silent, "relu"));
  EXPECT_TRUE(reducing.at("axpy").kernels.at(0).reduces);
  EXPECT_TRUE(served(reducing, "relu,max"));
  EXPECT_TRUE(served(reducing, "relu"));
  EXPECT_EQ(silent.at("axpy").kernels.at(0).needs.reason, "!reduced && (device.cc >= 80)");
  const Catalog plain = test::toy_catalog();
  EXPECT_EQ(silent.at("axpy").kernels.at(0).space_digest,
            plain.at("axpy").kernels.at(0).space_digest);
}

TEST(Spec, ReadsAKernel) {
  const Catalog catalog = test::toy_catalog();
  const OpEntry& entry = catalog.at("axpy");
  ASSERT_EQ(entry.kernels.size(), 1U);
  const KernelSpec& kernel = entry.kernels[0];
  EXPECT_EQ(kernel.op, "axpy");
  EXPECT_EQ(kernel.name, "simple");
  EXPECT_EQ(kernel.first_knob, entry.op.names.size());
  ASSERT_EQ(kernel.knobs.size(), 3U);
  EXPECT_EQ(kernel.knobs[0].values, (std::vector<std::int64_t>{128, 64, 2048}));
  EXPECT_EQ(kernel.knobs[1].kind, Knob::Kind::boolean);
  EXPECT_EQ(kernel.knobs[1].text(1), "true");
  EXPECT_EQ(kernel.knobs[2].text(1), "backward");
  EXPECT_EQ(kernel.names.find("walk"), kernel.first_knob + 2);
  EXPECT_EQ(kernel.workspaces.at(0).init, WorkspaceSpec::Init::zero_each);
  ASSERT_EQ(kernel.launches.size(), 2U);
  EXPECT_EQ(kernel.launches[0].args[1].kind, ArgSpec::Kind::int32);
  EXPECT_EQ(kernel.launches[0].args[8].kind, ArgSpec::Kind::workspace);
}

TEST(Spec, SourcesAreTheTransitiveClosure) {
  const Catalog catalog = test::toy_catalog();
  std::vector<std::string> paths;
  for (const auto& [path, text] : catalog.sources_of("axpy/simple.cuh")) paths.push_back(path);
  EXPECT_EQ(paths, (std::vector<std::string>{"axpy/op.cuh", "axpy/simple.cuh", "common/deep.cuh",
                                             "common/lanes.cuh"}));
  EXPECT_EQ(catalog.sources_of("common/deep.cuh").size(), 2U);
  EXPECT_NE(error_of([&] { catalog.sources_of("axpy/none.cuh"); }), "");
}

TEST(Spec, DigestsChangeWithWhatTheyCover) {
  const auto digests = [](const std::string& kernel, Texts sources) {
    Texts spaces = test::toy_spaces();
    spaces["axpy/simple.toml"] = kernel;
    const KernelSpec spec = Catalog::load(spaces, std::move(sources)).at("axpy").kernels[0];
    return std::pair{spec.source_digest, spec.space_digest};
  };
  const auto [source, space] = digests(toy_kernel, test::toy_sources());
  EXPECT_EQ(source.size(), 32U);

  Texts deep = test::toy_sources();
  deep["common/deep.cuh"] += "\n";
  EXPECT_NE(digests(toy_kernel, deep).first, source);
  EXPECT_EQ(digests(toy_kernel, deep).second, space);

  const std::string value = changed(toy_kernel, "64, ", "");
  EXPECT_EQ(digests(value, test::toy_sources()).first, source);
  EXPECT_NE(digests(value, test::toy_sources()).second, space);

  const std::string require = changed(toy_kernel, "pitch % 4", "pitch % 8");
  EXPECT_EQ(digests(require, test::toy_sources()).first, source);
  EXPECT_NE(digests(require, test::toy_sources()).second, space);

  const std::string doc = changed(toy_kernel, "one thread an element", "something else");
  EXPECT_EQ(digests(doc, test::toy_sources()), (std::pair{source, space}));

  const std::string launch = changed(toy_kernel, "block = [32]", "block = [64]");
  EXPECT_NE(digests(launch, test::toy_sources()).first, source);
}

TEST(Spec, MacroKernelsNeedNoKnobsStruct) {
  Texts spaces{{"axpy/op.toml", toy_op}};
  std::string kernel = changed(toy_kernel, "needs = ", "knobs = \"macros\"\nneeds = ");
  kernel = changed(kernel, "tw::axpy::simple::kernel", "kernel");
  spaces["axpy/simple.toml"] = changed(kernel, "tw::axpy::simple::finish", "finish");
  Texts sources = test::toy_sources();
  const std::string source = changed(toy_source, "struct Knobs", "struct Other");
  const std::string fields =
      "  int threads;  // int nor_this;\n  bool vector;\n  Walk walk = Walk::forward;\n";
  sources["axpy/simple.cuh"] = changed(source, fields, "");
  EXPECT_TRUE(Catalog::load(spaces, sources).at("axpy").kernels[0].knobs_are_macros);
  // As a macro, the knob would replace the member.
  sources["axpy/simple.cuh"] = source;
  EXPECT_NE(error_of([&] { Catalog::load(spaces, sources); })
                .find("'threads' cannot be a macro of the source, because axpy/simple.cuh declares "
                      "this name itself: rename one of them"),
            std::string::npos);
  // The author's own default is not compiled.
  sources["axpy/simple.cuh"] = changed(source, fields, "#ifndef threads\nint threads;\n#endif\n");
  EXPECT_TRUE(Catalog::load(spaces, sources).at("axpy").kernels[0].knobs_are_macros);
}

TEST(Spec, KnobsStructIsReadAsCPlusPlusWritesIt) {
  Texts sources = test::toy_sources();
  const std::string fields =
      "  int threads;  // int nor_this;\n  bool vector;\n  Walk walk = Walk::forward;\n";
  sources["axpy/simple.cuh"] =
      changed(toy_source, fields,
              "static constexpr int fixed = 3; using Int = int;\n"
              "constexpr int twice() const { return 2 * threads; }\n"
              "/* int hidden; */ int threads{1'28}; bool vector = f(1, 2); simple::Walk walk;");
  EXPECT_EQ(error_of([&] { Catalog::load(test::toy_spaces(), sources); }), "");
  // Several members in one declaration.
  sources["axpy/simple.cuh"] = changed(toy_source, fields, "int threads, vector; Walk walk;");
  EXPECT_NE(error_of([&] {
              Catalog::load(test::toy_spaces(), sources);
            }).find("knob 'vector': its field in axpy/simple.cuh has the type int: use bool"),
            std::string::npos);
}

TEST(Spec, OpsAreFoundByName) {
  const Catalog catalog = test::toy_catalog();
  EXPECT_EQ(catalog.find("gemm"), nullptr);
  EXPECT_EQ(error_of([&] { catalog.at("axpi"); }), "unknown op 'axpi': did you mean 'axpy'?");
  EXPECT_FALSE(catalog.foreign());
}

TEST(Spec, BareSpaces) {
  const BareSpace space = parse_bare_space(
      "[[knob]]\nname = \"a\"\nvalues = [1, 2]\n[let]\ntwice = \"2 * a\"\n[require]\nsmall = "
      "\"twice < 4\"\n",
      "s.toml");
  EXPECT_EQ(space.names.size(), 1);
  const std::vector<std::int64_t> one{1}, two{2};
  EXPECT_TRUE(space.require.at(0).expr.holds(one));
  EXPECT_FALSE(space.require.at(0).expr.holds(two));
  EXPECT_NE(error_of([] { parse_bare_space("", "s.toml"); }).find("s.toml:1: a space needs"),
            std::string::npos);
  EXPECT_NE(error_of([] { parse_bare_space("[kernel]\n", "s.toml"); }).find("unknown key 'kernel'"),
            std::string::npos);
}

// The shipped ops: their edge shapes are problems, and every kernel's default configuration can be
// launched on those that the kernel serves.
TEST(Spec, BuiltinCatalogLowers) {
  const Catalog catalog = Catalog::load(builtin_spaces(), builtin_sources(), "search_spaces/");
  const DeviceInfo device = emulated_device(90);
  EXPECT_EQ(catalog.at("gemm").op.header, "gemm/op.cuh");
  for (const OpEntry& entry : catalog.ops()) {
    EXPECT_FALSE(entry.kernels.empty()) << entry.op.name;
    EXPECT_FALSE(entry.op.edge_shapes.empty()) << entry.op.name;
    for (const std::string& shape : entry.op.edge_shapes) {
      const Problem problem = parse_problem(entry.op, {shape});
      const std::string key = problem.key(entry.op);
      EXPECT_EQ(problem_from_key(entry.op, key).key(entry.op), key);
      for (const KernelSpec& kernel : entry.kernels) {
        if (!kernel.needs.expr.holds(slots_of(entry.op, kernel.names, problem, device))) continue;
        std::vector<std::int64_t> defaults;
        for (const Knob& knob : kernel.knobs) defaults.push_back(knob.values[0]);
        const LoweredPlan lowered = lower(catalog, kernel, problem, device, defaults);
        EXPECT_EQ(lowered.invalid, "") << kernel.name << " " << shape;
      }
    }
  }
}

}  // namespace
}  // namespace tw
