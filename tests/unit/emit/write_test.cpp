// The writers of a header's sections, for a small model that is made by hand.
#include "emit/header/write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tw::header {
namespace {

using testing::HasSubstr;
using testing::Not;

class EmitWrite : public testing::Test {
 protected:
  EmitWrite() {
    model_.digest = "1a2b3c4d";
    model_.op = "scale";
    model_.doc = "y = factor x";
    model_.api = "scale.h";
    model_.user_space = "tuned";
    model_.space = "tuned::scale";
    model_.scope = "dispatch_scale";
    model_.guard = "TILEWRIGHT_IN_scale";
    model_.generator = "a test";
    model_.roots = {"tw", "own"};
    model_.dims = {{"n", "", 1, 100, "n must be between 1 and 100"},
                   {"pitch", "problem.n", 1, 200, "pitch is wrong"}};
    model_.choices = {{"the order", "Order", "order", {"up", "down"}, "order is wrong"}};
    model_.scalars = {"factor"};
    Tensor x;
    x.name = "x";
    x.is_null = "x is null";
    x.axes = {{"problem.n", "1"}};
    x.most = 1000;
    x.is_too_large = "x is too large";
    model_.tensors = {x};
    Form form;
    form.type = "Args";
    form.doc = "the arguments";
    form.fields = {{"the size", "std::int64_t", "n", "0"}, {"the input", "const float*", "x", ""}};
    form.element = "float";
    form.types = "using Types = T;\n";
    form.chain = "tw::epilogue::Chain<>";
    form.branches = {0};
    model_.forms = {form};
    Kernel kernel;
    kernel.label = "lines";
    kernel.doc = "one thread a line";
    kernel.scope = "kernel_lines";
    kernel.runner = "run_lines";
    kernel.knobs = {{"threads", ""}, {"path", "0 near, 1 far"}};
    kernel.checks = {{"!checked::holds(problem.n)", "too many", "n > 0"}};
    kernel.workspaces = {{"parts", "problem.n"}};
    kernel.zero_once = {0};
    kernel.launches = {launch()};
    kernel.most_integers = 1;
    model_.kernels = {kernel};
    Branch branch;
    branch.title = "lines: threads=64";
    branch.notes = {"fast", "serves Args"};
    branch.variant = "struct v0 {\n  static constexpr own::Knobs knobs{64, 1};\n};\n";
    branch.configuration = "threads=64 path=far";
    branch.knobs = {64, 1};
    branch.passed_over = "no \"code\"";
    model_.branches = {branch};
    model_.rows = {{0, 0, {7, 8, 1}, {2}, 1500.5, "scale n=7"}};
    model_.fallbacks = {{0, 0, {1, 1, 0}}};
    model_.cc = 90;
    model_.sms = 132;
    model_.nothing_serves = "nothing serves";
  }

  static Launch launch() {
    Launch launch;
    launch.entry = "own::kernel";
    launch.label = "own::kernel";
    launch.when = "1";
    launch.grid = {"problem.n", "1", "1"};
    launch.block = {"knob.threads", "1", "1"};
    launch.cluster = {"1", "1", "1"};
    launch.shared = "0";
    launch.arguments.resize(3);
    launch.arguments[0].integers = {"problem.n"};
    launch.arguments[1].kind = Argument::Kind::workspace;
    launch.arguments[2].kind = Argument::Kind::tensor;
    launch.arguments[2].field = "x";
    return launch;
  }

  Model model_;
};

TEST_F(EmitWrite, Enum) {
  EXPECT_EQ(write_enum(model_.choices[0]), "// the order\nenum class Order { up, down };\n\n");
}

TEST_F(EmitWrite, Arguments) {
  EXPECT_EQ(write_arguments(model_.forms[0]),
            "// the arguments\nstruct Args {\n  // the size\n  std::int64_t n = 0;\n"
            "  // the input\n  const float* x;\n};\n\n");
}

TEST_F(EmitWrite, ArgumentsWhoseConstructorTakesConstants) {
  Form form = model_.forms[0];
  form.type = "ArgsClamp";
  form.base = "Args";
  form.fields = {{"lo", "float", "clamp_lo", ""}, {"hi", "float", "clamp_hi", "1"}};
  form.stated = {"clamp_lo"};
  const std::string text = write_arguments(form);
  EXPECT_THAT(text, HasSubstr("struct ArgsClamp : Args {\n"));
  EXPECT_THAT(text, HasSubstr("  float clamp_lo;\n"));
  EXPECT_THAT(text, HasSubstr("  explicit ArgsClamp(float clamp_lo_value)\n"
                              "      : clamp_lo(clamp_lo_value) {}\n"));
}

TEST_F(EmitWrite, Problem) {
  const std::string text = write_problem(model_);
  EXPECT_THAT(text, HasSubstr("struct Problem {\n  std::int64_t n = 0;\n  std::int64_t pitch = 0;\n"
                              "  std::int64_t order = 0;\n  std::int64_t dtype = 0;"));
  EXPECT_THAT(text, HasSubstr("using Query = dispatch::Query<Problem, 1>;\n"));
}

TEST_F(EmitWrite, Read) {
  const std::string text = write_read(model_);
  for (const char* line :
       {"if (problem.order < 0 || problem.order >= 2) return \"order is wrong\";",
        "  problem.n = args.n;\n", "problem.pitch = given_or(args.pitch, problem.n);",
        "if (problem.n < 1 || problem.n > 100) {\n    return \"n must be between 1 and 100\";",
        "if (!is_tensor({{problem.n, 1}}, 1000)) {\n    return \"x is too large\";",
        "if (args.x == nullptr) return \"x is null\";",
        "query.scalar[0] = kind_of(args.factor);"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("pointers_align")));
}

TEST_F(EmitWrite, ReadOfATensorThatMayBeAbsentOrGivenByPointers) {
  model_.has_pointers = true;
  model_.tensors[0].scaled_by = "factor";
  model_.tensors[0].by_pointers = "problem.order";
  model_.tensors[0].pointers = "x_pointers";
  model_.tensors[0].pointers_are_null = "x_pointers is null";
  const std::string text = write_read(model_);
  EXPECT_THAT(text, HasSubstr("if (!is_power_of_two(args.pointers_align)) {"));
  EXPECT_THAT(text,
              HasSubstr("  if (args.factor != 0) {\n  if (checked::holds(problem.order)) {\n"
                        "    if (args.x_pointers == nullptr) return \"x_pointers is null\";"));
}

TEST_F(EmitWrite, Kernel) {
  const std::string text = write_kernel(model_, 0);
  for (const char* line :
       {"// lines: one thread a line\nnamespace kernel_lines {\n",
        "  std::int64_t path = 0;  // 0 near, 1 far\n",
        "  // n > 0\n  if (!checked::holds(problem.n)) {\n    return \"too many\";\n",
        "using Plan = dispatch::Plan<1, 1, 1>;\n", "  // parts\n  plan.workspace(0, problem.n);\n",
        "  if (plan.when(0, 1)) {\n",
        "    plan.grid(0, problem.n, 1, 1);\n    plan.block(0, knob.threads, 1, 1, device);\n",
        "    plan.int32(0, 0, problem.n);\n", "constexpr Knobs v0{64, 1};\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST_F(EmitWrite, KernelWithMaps) {
  Argument map;
  map.kind = Argument::Kind::map;
  map.integers = {"1", "2", "3", "4"};
  map.map.rank = 1;
  map.map.swizzle = 128;
  map.map.element_bytes = "problem.dtype == 0 ? 1 : problem.sizeof_t";
  map.map.by_pointers = "problem.order";
  Argument im2col = map;
  im2col.map.is_im2col = true;
  im2col.map.by_pointers.clear();
  model_.kernels[0].launches[0].arguments = {map, im2col};
  const std::string text = write_kernel(model_, 0);
  EXPECT_THAT(text, HasSubstr("    plan.int64(0, 3, 4);\n"
                              "    if (checked::holds(problem.order)) plan.valid = false;\n"
                              "    plan.tensor_map(0, 0, 1, 128, problem.dtype == 0 ? 1 : "
                              "problem.sizeof_t, problem.align);\n"));
  EXPECT_THAT(text, HasSubstr("    plan.int64(0, 7, 4);\n    plan.im2col_map(0, 4, 128, "));
}

TEST_F(EmitWrite, Tables) {
  const std::string text = write_tables(model_);
  for (const char* line : {"    {\"lines\", \"threads=64 path=far\", \"no \\042code\\042\"},\n",
                           "constexpr std::array<dispatch::Row<Query>, 1> rows{{\n"
                           "    {0, {{7, 8, 1}, 0, {2}}, 1500.5, \"scale n=7\"},\n",
                           "constexpr std::array<dispatch::Fallback<Query>, 1> fallbacks{{\n"
                           "    {0, {{1, 1, 0}, 0, {}}},\n",
                           "constexpr const char* no_branch =\n    \"nothing serves\";\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST_F(EmitWrite, Select) {
  const std::string text = write_select(model_);
  EXPECT_THAT(text, HasSubstr("namespace tw_1a2b3c4d::dispatch_scale {"));
  EXPECT_THAT(text, HasSubstr("dispatch::Members<Problem, &Problem::n, &Problem::pitch>;"));
  EXPECT_THAT(text, HasSubstr("dispatch::Members<Problem, &Problem::order>;"));
  EXPECT_THAT(text, HasSubstr("tuned_cc = 90, tuned_sms = 132;"));
  EXPECT_THAT(text, HasSubstr("return kernel_lines::refusal(kernel_lines::v0, problem, device)"));
}

TEST_F(EmitWrite, Branch) {
  EXPECT_EQ(write_branch(model_, 0),
            "// v0, lines: threads=64\n//   fast\n//   serves Args\nstruct v0 {\n"
            "  static constexpr own_1a2b3c4d::Knobs knobs{64, 1};\n};\n\n");
}

TEST_F(EmitWrite, Form) {
  Form& form = model_.forms[0];
  form.checks = {{"args.beta != 0", "beta must be 0", ""}};
  form.tensors = {"bias"};
  form.scalars = {"clamp_lo", "clamp_hi"};
  form.alignment = 8;
  form.math = 3;
  const std::string text = write_form(model_, 0);
  for (const char* line :
       {"struct Form<api::Args> {", "math = 3;", "reduced = 0;", "  using T = float;\n",
        "  using Types = T;\n", "  using Chain = tw_1a2b3c4d::epilogue::Chain<>;\n",
        "    if (args.beta != 0) return \"beta must be 0\";\n",
        "    if (args.bias == nullptr) return \"bias is null\";\n",
        "    if (problem.align < 8) return \"a tensor is not aligned to 8 bytes\";\n",
        "    result.tensor[0] = args.bias;\n", "    result.scalar[1] = args.clamp_hi;\n",
        "an epilogue tensor is not aligned"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  form.tensors.clear();
  EXPECT_THAT(write_form(model_, 0), Not(HasSubstr("an epilogue tensor")));
}

TEST_F(EmitWrite, Runner) {
  const std::string text = write_runner(model_, model_.kernels[0]);
  for (const char* line :
       {"struct run_lines {\n  using Plan = kernel_lines::Plan;\n",
        "  using ZeroEach = dispatch::Workspaces<>;\n  using ZeroOnce = dispatch::Workspaces<0>;\n",
        "    return ::own_1a2b3c4d::kernel<typename Form<A>::Types, V, typename Form<A>::Chain>;\n",
        "    return launch(static_cast<int>(plan.pass[0].value[0]), "
        "dispatch::part(plan, workspace, 0),"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST_F(EmitWrite, RunnerWithMapsAndPointers) {
  auto& arguments = model_.kernels[0].launches[0].arguments;
  arguments[1] = {};
  arguments[1].kind = Argument::Kind::map;
  arguments[1].field = "x";
  arguments[1].integers = {"1", "2", "3", "4"};
  arguments[1].map.rank = 1;
  arguments[1].map.element = "Types::x_t";
  arguments[2].by_pointers = "args.order";
  arguments[2].pointers = "x_pointers";
  const std::string text = write_runner(model_, model_.kernels[0]);
  EXPECT_THAT(text, HasSubstr("dispatch::tensor_map<typename Form<A>::Types::x_t"));
  EXPECT_THAT(text, HasSubstr("plan.pass[0].value + 1)"));
  EXPECT_THAT(text, HasSubstr("checked::holds(args.order) ? dispatch::Pointer{args.x_pointers}"));
}

TEST_F(EmitWrite, Dispatch) {
  model_.reads_memory = true;
  model_.has_maps = true;
  model_.includes = {"own.cuh"};
  const std::string text = write_dispatch(model_);
  for (const char* line :
       {"//   v0          1.5 us  scale n=7\n", "#define TW_1A2B3C4D_READS_MEMORY_BYTES\n",
        "#include \"tilewright_1a2b3c4d/dispatch/tensor_map.cuh\"\n",
        "#include \"tilewright_1a2b3c4d/own.cuh\"\n", "namespace api = ::tuned::scale;\n",
        "        case 0:\n          return visitor(run_lines<A, v0>(),",
        "namespace inner = ::tw_1a2b3c4d::dispatch_scale;\n",
        "  return inner::Calls::workspace_bytes(args);\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("mark: ")));
}

TEST_F(EmitWrite, Api) {
  const std::string text = write_api(model_);
  for (const char* line :
       {"//   tuned::scale::Args args;\n//   args.n = ...;\n", "#define TILEWRIGHT_IN_scale\n",
        "namespace tuned::scale {\ninline namespace tuning_1a2b3c4d {\n", "struct Selection {\n",
        "}  // namespace tuning_1a2b3c4d\n}  // namespace tuned::scale\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(write_instances(model_), HasSubstr("template Selection select(const Args&);\n"));
}

TEST_F(EmitWrite, Notice) {
  model_.origins = {"Tuned on a GPU."};
  EXPECT_EQ(write_notice(model_),
            "// Written by a test. Do not edit this file; run `tune emit` again. Tuning 1a2b3c4d.\n"
            "// Tuned on a GPU.\n");
  model_.note = "imported";
  EXPECT_THAT(write_notice(model_), HasSubstr("// NOTE: imported\n"));
}

TEST_F(EmitWrite, Files) {
  model_.parts = {{"dispatch/a.h", "#pragma once\n#include \"dispatch/b.h\"\nnamespace tw {}\n"},
                  {"dispatch/b.h", "#pragma once\n"}};
  model_.sources = {{"own.cuh", {"#pragma once\nnamespace own {}\n", "own.cuh, source digest 1"}}};
  const Texts files = write_files_of(model_);
  std::vector<std::string> paths;
  for (const auto& [path, text] : files) paths.push_back(path);
  EXPECT_THAT(paths, testing::ElementsAre(
                         "scale.cu", "scale.cuh", "scale.h", "tilewright_1a2b3c4d/dispatch/a.h",
                         "tilewright_1a2b3c4d/dispatch/b.h",
                         "tilewright_1a2b3c4d/dispatch/select.h", "tilewright_1a2b3c4d/own.cuh"));
  const std::string& part = files.at("tilewright_1a2b3c4d/dispatch/a.h");
  EXPECT_THAT(part, HasSubstr("#include \"../dispatch/b.h\""));
  EXPECT_THAT(part, HasSubstr("namespace tw_1a2b3c4d {}"));
  EXPECT_THAT(part, HasSubstr("Licensed under"));
  const std::string& own = files.at("tilewright_1a2b3c4d/own.cuh");
  EXPECT_THAT(own, HasSubstr("namespace own_1a2b3c4d {}"));
  EXPECT_THAT(own, HasSubstr("Copied from own.cuh, source digest 1;"));
  EXPECT_THAT(own, Not(HasSubstr("Licensed under")));
}

}  // namespace
}  // namespace tw::header
