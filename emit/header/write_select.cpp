// Writes dispatch/select.h, which decides which branch serves a call. It is plain C++17, so that
// its decisions can be tested without CUDA.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "emit/header/write.h"

namespace tw::header {
namespace {

std::string numbers(const Numbers& values) {
  return fmt::format("{{{}}}", fmt::join(values, ", "));
}

std::string read_dims(const Model& model) {
  std::string text;
  for (const Dim& dim : model.dims) {
    const std::string value = dim.fallback.empty()
                                  ? "args." + dim.name
                                  : fmt::format("given_or(args.{}, {})", dim.name, dim.fallback);
    text += fmt::format("  problem.{} = {};\n", dim.name, value);
    text += fmt::format("  if (problem.{0} < {1} || problem.{0} > {2}) {{\n    return {3};\n  }}\n",
                        dim.name, dim.least, dim.most, string_literal(dim.reason));
  }
  return text;
}

std::string read_tensor(const Tensor& tensor) {
  std::string text = fmt::format(
      "if (args.{0} == nullptr) return {1};\n"
      "  problem.align = least_alignment(problem.align, args.{0});\n",
      tensor.name, string_literal(tensor.is_null));
  if (!tensor.by_pointers.empty()) {
    text = fmt::format(
        "if (checked::holds({})) {{\n"
        "    if (args.{} == nullptr) return {};\n"
        "    problem.align = least(problem.align, args.pointers_align);\n"
        "  }} else {{\n  {}  }}\n",
        tensor.by_pointers, tensor.pointers, string_literal(tensor.pointers_are_null), text);
  }
  text = "  " + text;
  return tensor.scaled_by.empty()
             ? text
             : fmt::format("  if (args.{} != 0) {{\n{}  }}\n", tensor.scaled_by, text);
}

std::string read_tensors(const Model& model) {
  std::string text;
  if (model.has_pointers) {
    text +=
        "  if (!is_power_of_two(args.pointers_align)) {\n"
        "    return \"pointers_align must be a power of two\";\n"
        "  }\n";
  }
  for (const Tensor& tensor : model.tensors) text += read_tensor(tensor);
  return text +
         "  if (problem.align < problem.sizeof_t) return \"a tensor is not aligned to its "
         "elements\";\n";
}

// Returns the checks of extents and strides, which are products of dims.
std::string check_layouts(const Model& model) {
  std::string text;
  for (const Tensor& tensor : model.tensors) {
    std::vector<std::string> axes;
    for (const Axis& axis : tensor.axes)
      axes.push_back("{" + axis.extent + ", " + axis.stride + "}");
    text += fmt::format("  if (!is_tensor({{{}}}, {})) {{\n    return {};\n  }}\n",
                        fmt::join(axes, ", "), tensor.most, string_literal(tensor.is_too_large));
  }
  return text;
}

std::string knobs_struct(const Kernel& kernel) {
  std::string text = "struct Knobs {\n";
  for (const Knob& knob : kernel.knobs) {
    text += "  std::int64_t " + knob.name + " = 0;";
    if (!knob.words.empty()) text += "  // " + comment_safe(knob.words);
    text += "\n";
  }
  return text + "};\n\n";
}

std::string refusal_function(const Kernel& kernel) {
  std::string text =
      "// Returns why the kernel does not serve the problem with these knobs, or null.\n"
      "inline const char* refusal([[maybe_unused]] const Knobs& knob,\n"
      "                           [[maybe_unused]] const Problem& problem,\n"
      "                           [[maybe_unused]] const Device& device) {\n";
  for (const Check& check : kernel.checks) {
    if (!check.comment.empty()) text += comment(check.comment, 2);
    text += fmt::format("  if ({}) {{\n    return {};\n  }}\n", check.condition,
                        string_literal(check.reason));
  }
  return text + "  return nullptr;\n}\n\n";
}

std::string plan_map(const Map& map, std::size_t pass, std::size_t first) {
  std::string text;
  if (!map.by_pointers.empty()) {
    text += "    if (checked::holds(" + map.by_pointers + ")) plan.valid = false;\n";
  }
  const std::string which = map.is_im2col
                                ? fmt::format("im2col_map({}, {}", pass, first)
                                : fmt::format("tensor_map({}, {}, {}", pass, first, map.rank);
  return text + fmt::format("    plan.{}, {}, {}, problem.align);\n", which, map.swizzle,
                            map.element_bytes);
}

std::string plan_pass(const Launch& launch, std::size_t pass) {
  std::string text =
      comment(launch.label, 2) + fmt::format("  if (plan.when({}, {})) {{\n", pass, launch.when);
  text += fmt::format("    plan.grid({}, {});\n", pass, fmt::join(launch.grid, ", "));
  text += fmt::format("    plan.block({}, {}, device);\n", pass, fmt::join(launch.block, ", "));
  text += fmt::format("    plan.cluster({}, {}, device);\n", pass, fmt::join(launch.cluster, ", "));
  text += fmt::format("    plan.shared({}, {}, device);\n", pass, launch.shared);
  std::size_t at = 0;
  for (const Argument& argument : launch.arguments) {
    const std::size_t first = at;
    const char* const type = argument.kind == Argument::Kind::int32 ? "int32" : "int64";
    for (const std::string& value : argument.integers) {
      text += fmt::format("    plan.{}({}, {}, {});\n", type, pass, at++, value);
    }
    if (argument.kind == Argument::Kind::map) text += plan_map(argument.map, pass, first);
  }
  return text + "  }\n";
}

// Returns the lines for the sizes of the constants.
std::string plan_constants(const Kernel& kernel) {
  std::string text;
  int at = kernel.constants_at;
  for (const Constant& constant : kernel.constants) {
    text += fmt::format("  plan.int64(0, {}, {});\n", at++, constant.bytes);
  }
  return text;
}

std::string plan_function(const Kernel& kernel) {
  std::string text =
      fmt::format("using Plan = dispatch::Plan<{}, {}, {}>;\n\n", kernel.launches.size(),
                  kernel.workspaces.size(), kernel.most_integers) +
      "// Returns the launches with these knobs. The plan is invalid if a launch exceeds a limit\n"
      "// of the device.\n"
      "inline Plan plan_of([[maybe_unused]] const Knobs& knob,\n"
      "                    [[maybe_unused]] const Problem& problem, const Device& device) {\n"
      "  Plan plan;\n";
  for (std::size_t i = 0; i < kernel.workspaces.size(); ++i) {
    const Workspace& workspace = kernel.workspaces[i];
    text += comment(workspace.label, 2) +
            fmt::format("  plan.workspace({}, {});\n", i, workspace.bytes);
  }
  for (std::size_t i = 0; i < kernel.launches.size(); ++i) {
    text += plan_pass(kernel.launches[i], i);
  }
  text += plan_constants(kernel);
  return text + "  return plan;\n}\n\n";
}

// Returns the struct by which dispatch/selection.h knows the op.
std::string write_selector(const Model& model) {
  std::string text =
      "// The op, as the code of selection.h sees it.\n"
      "struct Selector {\n" +
      fmt::format("  using Query = {}::Query;\n", model.scope) + "  using Dims =\n      " +
      members_of(model.dims) + ";\n  using Choices =\n      " + members_of(model.choices) +
      ";\n  using Axes = " + model.scope + "::Axes;\n" +
      fmt::format("  static constexpr int branch_count = {};\n", model.branches.size()) +
      fmt::format("  static constexpr std::int64_t tuned_cc = {}, tuned_sms = {};\n", model.cc,
                  model.sms);
  for (const char* table : {"rows", "fallbacks", "places", "residuals"}) {
    text += fmt::format("  static constexpr const auto& {0}() {{ return {1}::{0}; }}\n", table,
                        model.scope);
  }
  return text +
         "  static constexpr const BranchInfo& branch_info(int branch) { return branches[branch]; "
         "}\n"
         "  static constexpr const char* nothing_serves() { return no_branch; }\n"
         "  template <class A>\n"
         "  static const char* read(const A& args, const Device& device, Query& query);\n"
         "  static constexpr double forecast(int branch, const Query& query, const Device& "
         "device);\n"
         "  static bool serves(int branch, const Problem& problem, const Device& device);\n"
         "};\n\n";
}

std::string write_serves(const Model& model) {
  std::string text =
      "// Returns whether the needs and requirements of the branch hold, and its launches are\n"
      "// valid.\n"
      "inline bool Selector::serves(int branch, const Problem& problem, const Device& device) {\n"
      "  switch (branch) {\n";
  for (std::size_t i = 0; i < model.branches.size(); ++i) {
    const Kernel& kernel = model.kernels[static_cast<std::size_t>(model.branches[i].kernel)];
    text += fmt::format(
        "    case {0}:\n"
        "      return {1}::refusal({1}::v{0}, problem, device) == nullptr &&\n"
        "             {1}::plan_of({1}::v{0}, problem, device).launches();\n",
        i, kernel.scope);
  }
  return text + "  }\n  return false;\n}\n\n";
}

}  // namespace

std::string write_problem(const Model& model) {
  std::string text =
      "// The values of a call that expressions read. A choice is the index of its value, from 0.\n"
      "struct Problem {\n";
  for (const Dim& dim : model.dims) text += "  std::int64_t " + dim.name + " = 0;\n";
  for (const Choice& choice : model.choices) text += "  std::int64_t " + choice.name + " = 0;\n";
  return text +
         "  std::int64_t dtype = 0;     // the storage type, as its number in expressions\n"
         "  std::int64_t math = 0;      // the math, as its number in expressions\n"
         "  std::int64_t sizeof_t = 0;  // the size of an element in bytes\n"
         "  std::int64_t align = 16;    // the least alignment of the pointers in bytes, at most "
         "16\n"
         "  std::int64_t reduced = 0;   // 1 if the epilogue ends in a reduction, else 0\n"
         "};\n" +
         fmt::format("using Query = dispatch::Query<Problem, {}>;\n\n", model.scalars.size());
}

std::string write_read(const Model& model) {
  std::string text =
      "// Fills `query` from the fields that all types of arguments have. The caller has set the\n"
      "// values that depend on the form. Returns what is wrong with the arguments, or null.\n"
      "template <class A>\n"
      "const char* Selector::read(const A& args, [[maybe_unused]] const Device& device,\n"
      "                           Query& query) {\n"
      "  Problem& problem = query.problem;\n";
  for (const Choice& choice : model.choices) {
    text += fmt::format(
        "  problem.{0} = static_cast<std::int64_t>(args.{0});\n"
        "  if (problem.{0} < 0 || problem.{0} >= {1}) return {2};\n",
        choice.name, choice.values.size(), string_literal(choice.reason));
  }
  text += read_dims(model);
  for (const Check& check : model.checks) {
    text += fmt::format("  if ({}) return {};\n", check.condition, string_literal(check.reason));
  }
  text += check_layouts(model) + read_tensors(model);
  for (std::size_t i = 0; i < model.scalars.size(); ++i) {
    text += fmt::format("  query.scalar[{}] = kind_of(args.{});\n", i, model.scalars[i]);
  }
  return text + "  return nullptr;\n}\n\n";
}

std::string write_kernel(const Model& model, int index) {
  const Kernel& kernel = model.kernels[static_cast<std::size_t>(index)];
  std::string knobs;
  for (std::size_t i = 0; i < model.branches.size(); ++i) {
    const Branch& branch = model.branches[i];
    if (branch.kernel != index) continue;
    knobs += fmt::format("constexpr Knobs v{}{};\n", i, numbers(branch.knobs));
  }
  return comment(kernel.label + ": " + kernel.doc) + "namespace " + kernel.scope + " {\n\n" +
         knobs_struct(kernel) + wrapped(refusal_function(kernel)) + wrapped(plan_function(kernel)) +
         wrapped(write_forecast_function(kernel)) + knobs + "\n}  // namespace " + kernel.scope +
         "\n\n";
}

std::string write_tables(const Model& model) {
  std::string text = "constexpr BranchInfo branches[] = {\n";
  for (const Branch& branch : model.branches) {
    const Kernel& kernel = model.kernels[static_cast<std::size_t>(branch.kernel)];
    text += fmt::format("    {{{}, {}, {}}},\n", string_literal(kernel.label),
                        string_literal(branch.configuration), string_literal(branch.passed_over));
  }
  text +=
      "};\n\n// The tuned problems, each with the branch that won.\n" +
      fmt::format("constexpr std::array<dispatch::Row<Query>, {}> rows{{{{\n", model.rows.size());
  for (const Row& row : model.rows) {
    text += fmt::format("    {{{}, {{{}, {}, {{{}}}}}, {}, {}}},\n", row.branch,
                        numbers(row.problem), row.form, fmt::join(row.scalars, ", "), row.median_ns,
                        string_literal(row.text));
  }
  text +=
      "}};\n\n"
      "// The branches for problems that were not tuned, in the order in which they are tried.\n" +
      fmt::format("constexpr std::array<dispatch::Fallback<Query>, {}> fallbacks{{{{\n",
                  model.fallbacks.size());
  for (const Fallback& fallback : model.fallbacks) {
    text += fmt::format("    {{{}, {{{}, {}, {{}}}}}},\n", fallback.branch,
                        numbers(fallback.problem), fallback.form);
  }
  return text + "}};\n\n// The reason of a call that no branch serves.\n" +
         fmt::format("constexpr const char* no_branch =\n    {};\n\n",
                     string_literal(model.nothing_serves));
}

std::string write_select(const Model& model) {
  std::string text = fmt::format(
      "// Chooses the configuration of {} that serves a call.\n"
      "// This file holds the tuned problems. It also holds the needs, requirements and launches\n"
      "// of the kernels, from the search-space files.\n"
      "#include <array>\n#include <cstddef>\n#include <cstdint>\n\n"
      "#include \"selection.h\"\n\nnamespace {} {{\n\n",
      model.op, inner_scope(model));
  for (const char* name : {"BranchInfo", "Device", "given_or", "is_power_of_two", "is_tensor",
                           "kind_of", "lacks_specific_code", "least", "least_alignment"}) {
    text += fmt::format("using dispatch::{};\n", name);
  }
  text += "\n" + write_problem(model);
  for (std::size_t i = 0; i < model.kernels.size(); ++i) {
    text += write_kernel(model, static_cast<int>(i));
  }
  text += wrapped(write_tables(model)) + wrapped(write_comparison(model)) +
          wrapped(write_selector(model)) + write_forecast(model) + wrapped(write_read(model)) +
          write_serves(model);
  return text + "}  // namespace " + inner_scope(model) + "\n";
}

}  // namespace tw::header
