// Writes dispatch/select.h, which decides which branch serves a call. It is plain C++17, so that
// its decisions can be tested without CUDA.
// Longer than 400 lines: the texts of one file, in its order.
#include <fmt/format.h>

#include <algorithm>

#include "emit/tuning/tuning.h"

namespace tw {
namespace {

std::string cpp_of(const EmitModel& model, const KernelSpec& kernel, const Expr& expr) {
  return expr.to_cpp(
      [&](int slot) { return spelled(model, kernel.names, kernel.first_knob, slot); });
}
std::string cpp_of(const EmitModel& model, const Expr& expr) {
  return expr.to_cpp([&](int slot) { return spelled(model, model.op().names, -1, slot); });
}

std::string cpp_of(const EmitModel& model, const KernelSpec& kernel, const Expr (&extent)[3]) {
  return fmt::format("{}, {}, {}", cpp_of(model, kernel, extent[0]),
                     cpp_of(model, kernel, extent[1]), cpp_of(model, kernel, extent[2]));
}

std::string problem_struct(const EmitModel& model) {
  const OpSpec& op = model.op();
  std::string text =
      "// The values of a call that expressions read. A choice is the index of its value, from 0.\n"
      "struct Problem {\n";
  for (const DimSpec& dim : op.dims) {
    text += fmt::format("  std::int64_t {} = 0;\n", cpp_name(dim.name));
  }
  for (const ChoiceSpec& choice : op.choices) {
    text += fmt::format("  std::int64_t {} = 0;\n", cpp_name(choice.name));
  }
  return text +
         "  std::int64_t dtype = 0;     // the storage type, as its number in expressions\n"
         "  std::int64_t math = 0;      // the math, as its number in expressions\n"
         "  std::int64_t sizeof_t = 0;  // the size of an element in bytes\n"
         "  std::int64_t align = 16;    // the least alignment of the pointers in bytes, at most "
         "16\n"
         "  std::int64_t reduced = 0;   // 1 if the epilogue ends in a reduction, else 0\n"
         "};\n\n"
         "// The properties of a call that decide which branch runs.\n"
         "struct Query {\n"
         "  Problem problem;\n"
         "  int form = 0;  // the index of the type of arguments\n" +
         fmt::format("  int scalar[{}] = {{}};  // kind_of() of each scalar\n}};\n\n",
                     std::max<std::size_t>(1, op.scalars.size()));
}

std::string read_dims(const EmitModel& model) {
  std::string text;
  for (const DimSpec& dim : model.op().dims) {
    const std::string name = cpp_name(dim.name);
    if (dim.fallback) {
      text += fmt::format(
          "  problem.{0} = args.{0} == -1 ? value_or({1}, -1) : std::int64_t{{args.{0}}};\n", name,
          fmt::format("checked::Value({})", cpp_of(model, *dim.fallback)));
    } else {
      text += fmt::format("  problem.{0} = args.{0};\n", name);
    }
    text += fmt::format(
        "  if (problem.{0} < {1} || problem.{0} > {2}) {{\n    return {3};\n  }}\n", name, dim.min,
        dim.max,
        string_literal(fmt::format("{} must be between {} and {}", dim.name, dim.min, dim.max)));
  }
  return text;
}

std::string read_tensors(const EmitModel& model) {
  std::string text;
  if (has_tensors_by_pointers(model.op())) {
    text +=
        "  if (!is_power_of_two(args.pointers_align)) {\n"
        "    return \"pointers_align must be a power of two\";\n"
        "  }\n";
  }
  for (const TensorSpec& tensor : model.op().tensors) {
    const std::string name = cpp_name(tensor.name);
    const std::string check = fmt::format(
        "if (args.{0} == nullptr) return {1};\n"
        "  problem.align = least_alignment(problem.align, args.{0});\n",
        name, string_literal(tensor.name + " is null"));
    const bool optional = !tensor.scaled_by.empty() && tensor.role == Role::in;
    const std::string checks =
        tensor.by_pointers ? fmt::format(
                                 "  if (checked::holds({})) {{\n"
                                 "    if (args.{} == nullptr) return {};\n"
                                 "    problem.align = least(problem.align, args.pointers_align);\n"
                                 "  }} else {{\n  {}  }}\n",
                                 cpp_of(model, *tensor.by_pointers), pointers_field(tensor),
                                 string_literal(pointers_field(tensor) + " is null"), check)
                           : "  " + check;
    text += optional ? fmt::format("  if (args.{} != 0) {{\n{}  }}\n", cpp_name(tensor.scaled_by),
                                   checks)
                     : checks;
  }
  return text +
         "  if (problem.align < problem.sizeof_t) return \"a tensor is not aligned to its "
         "elements\";\n";
}

// Returns the checks of extents and strides, which are products of dims, as layout_of does them.
std::string check_layouts(const EmitModel& model) {
  std::string text;
  for (const TensorSpec& tensor : model.op().tensors) {
    std::vector<std::string> axes;
    for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
      axes.push_back(fmt::format("{{{}, {}}}", cpp_of(model, tensor.shape[i]),
                                 cpp_of(model, tensor.strides[i])));
    }
    text += fmt::format("  if (!is_tensor({{{}}}, {})) {{\n    return {};\n  }}\n",
                        fmt::join(axes, ", "), max_elements,
                        string_literal(tensor.name + " would have more than 2^40 elements"));
  }
  return text;
}

// Returns the function that turns arguments into a Query, or returns what is wrong with them.
std::string read_function(const EmitModel& model) {
  const OpSpec& op = model.op();
  std::string text =
      "// Fills `query` from the fields that all types of arguments have. The caller has set the\n"
      "// values that depend on the form. Returns what is wrong with the arguments, or null.\n"
      "template <class A>\n"
      "const char* read(const A& args, [[maybe_unused]] const Device& device, Query& query) {\n"
      "  Problem& problem = query.problem;\n";
  for (const ChoiceSpec& choice : op.choices) {
    const std::string name = cpp_name(choice.name);
    text += fmt::format(
        "  problem.{0} = static_cast<std::int64_t>(args.{0});\n"
        "  if (problem.{0} < 0 || problem.{0} >= {1}) return {2};\n",
        name, choice.values.size(), string_literal(choice.name + " is none of its values"));
  }
  text += read_dims(model);
  for (const Constraint& constraint : op.require) {
    text += fmt::format("  if (!checked::holds({})) return {};\n", cpp_of(model, constraint.expr),
                        string_literal(constraint.reason));
  }
  text += check_layouts(model) + read_tensors(model);
  for (std::size_t i = 0; i < op.scalars.size(); ++i) {
    text +=
        fmt::format("  query.scalar[{}] = kind_of(args.{});\n", i, cpp_name(op.scalars[i].name));
  }
  return text + "  return nullptr;\n}\n\n";
}

std::string knobs_struct(const KernelSpec& kernel) {
  std::string text = "struct Knobs {\n";
  for (const Knob& knob : kernel.knobs) {
    text += fmt::format("  std::int64_t {} = 0;", cpp_name(knob.name));
    for (std::size_t i = 0; i < knob.words.size(); ++i) {
      text += comment_safe(fmt::format("{}{} {}", i ? ", " : "  // ", i, knob.words[i]));
    }
    text += "\n";
  }
  return text + "};\n\n";
}

// Returns whether the kernel's sources test for a target with an "a" or "f". If so, only code for
// that target was measured.
bool needs_specific_code(const EmitModel& model, const KernelSpec& kernel) {
  for (const auto& [path, text] : model.request->catalog->sources_of(kernel.source)) {
    for (const char* macro :
         {"__CUDA_ARCH_FEAT_SM", "__CUDA_ARCH_SPECIFIC__", "__CUDA_ARCH_FAMILY_SPECIFIC__"}) {
      if (text.find(macro) != std::string::npos) return true;
    }
  }
  return false;
}

std::string refusal_function(const EmitModel& model, const KernelSpec& kernel) {
  std::string text =
      "// Returns why the kernel does not serve the problem with these knobs, or null.\n"
      "inline const char* refusal([[maybe_unused]] const Knobs& knob,\n"
      "                           [[maybe_unused]] const Problem& problem,\n"
      "                           [[maybe_unused]] const Device& device) {\n";
  const auto add = [&](const Constraint& constraint, const std::string& reason) {
    text += comment(constraint.expr.text(), 2);
    text += fmt::format("  if (!checked::holds({})) {{\n    return {};\n  }}\n",
                        cpp_of(model, kernel, constraint.expr), string_literal(reason));
  };
  if (!kernel.needs.expr.reads().empty()) add(kernel.needs, "needs " + kernel.needs.expr.text());
  if (needs_specific_code(model, kernel)) {
    text +=
        "  if (lacks_specific_code(device)) return \"needs code of a target such as sm_90a\";\n";
  }
  for (const Constraint& constraint : kernel.require) add(constraint, constraint.reason);
  return text + "  return nullptr;\n}\n\n";
}

// Returns the C++ expression of the bytes of an element.
std::string bytes_of_element(const TensorSpec& tensor) {
  std::string text = "problem.sizeof_t";
  for (const auto& [problem, dtype] : tensor.dtypes) {
    if (dtype == problem) continue;
    text = fmt::format("problem.dtype == {} ? {} : {}", static_cast<int>(problem), size_of(dtype),
                       text);
  }
  return text;
}

std::string plan_pass(const EmitModel& model, const KernelSpec& kernel, std::size_t index) {
  const LaunchSpec& launch = kernel.launches[index];
  std::string text = comment(launch.entry, 2) + fmt::format("  if (plan.when({}, {})) {{\n", index,
                                                            cpp_of(model, kernel, launch.when));
  text += fmt::format("    plan.grid({}, {});\n", index, cpp_of(model, kernel, launch.grid));
  text +=
      fmt::format("    plan.block({}, {}, device);\n", index, cpp_of(model, kernel, launch.block));
  text += fmt::format("    plan.cluster({}, {}, device);\n", index,
                      cpp_of(model, kernel, launch.cluster));
  text += fmt::format("    plan.shared({}, {}, device);\n", index,
                      cpp_of(model, kernel, launch.smem_bytes));
  int at = 0;
  for (const ArgSpec& arg : launch.args) {
    for (const Expr& value : arg.integers()) {
      text += fmt::format("    plan.{}({}, {}, {});\n",
                          arg.kind == ArgSpec::Kind::int32 ? "int32" : "int64", index, at++,
                          cpp_of(model, kernel, value));
    }
    if (arg.kind != ArgSpec::Kind::tensor_map) continue;
    if (const TensorSpec& tensor = tensor_of(model.op(), arg); tensor.by_pointers) {
      text += fmt::format("    if (checked::holds({})) plan.valid = false;\n",
                          cpp_of(model, *tensor.by_pointers));
    }
    text += fmt::format("    plan.{}({}, {}, {}{}, {}, problem.align);\n",
                        arg.im2col ? "im2col_map" : "tensor_map", index,
                        at - static_cast<int>(arg.map.size()),
                        arg.im2col ? "" : fmt::format("{}, ", arg.rank()), arg.swizzle,
                        bytes_of_element(tensor_of(model.op(), arg)));
  }
  return text + "  }\n";
}

std::string plan_function(const EmitModel& model, const KernelSpec& kernel) {
  std::string text = fmt::format(
      "using Plan = dispatch::Plan<{}, {}, {}>;\n\n"
      "// Returns the launches with these knobs. The plan is invalid if a launch exceeds a limit\n"
      "// of the device.\n"
      "inline Plan plan_of([[maybe_unused]] const Knobs& knob,\n"
      "                    [[maybe_unused]] const Problem& problem, const Device& device) {{\n"
      "  Plan plan;\n",
      kernel.launches.size(), kernel.workspaces.size(), integer_arguments(kernel));
  for (std::size_t i = 0; i < kernel.workspaces.size(); ++i) {
    text += comment(kernel.workspaces[i].name, 2) +
            fmt::format("  plan.workspace({}, {});\n", i,
                        cpp_of(model, kernel, kernel.workspaces[i].bytes));
  }
  for (std::size_t i = 0; i < kernel.launches.size(); ++i) text += plan_pass(model, kernel, i);
  return text + "  return plan;\n}\n\n";
}

// Returns the knobs of each of the kernel's branches.
std::string knobs_constants(const EmitModel& model, const KernelSpec& kernel) {
  std::string text;
  for (std::size_t i = 0; i < model.branches.size(); ++i) {
    const Branch& branch = model.branches[i];
    if (branch.kernel != &kernel) continue;
    text += fmt::format("constexpr Knobs v{}{{{}}};\n", i, fmt::join(branch.configuration, ", "));
  }
  return text;
}

std::string kernel_section(const EmitModel& model, const KernelSpec& kernel) {
  const std::string name = identifier_of(kernel);
  return comment(fmt::format("{}: {}", kernel.name, kernel.doc)) +
         fmt::format("namespace {} {{\n\n", name) + knobs_struct(kernel) +
         wrapped(refusal_function(model, kernel)) + wrapped(plan_function(model, kernel)) +
         knobs_constants(model, kernel) + fmt::format("\n}}  // namespace {}\n\n", name);
}

std::string serves_function(const EmitModel& model) {
  std::string text =
      "// Returns whether the needs and requirements of the branch hold, and its launches are\n"
      "// valid.\n"
      "inline bool serves(int branch, const Problem& problem, const Device& device) {\n"
      "  switch (branch) {\n";
  for (std::size_t i = 0; i < model.branches.size(); ++i) {
    text += fmt::format(
        "    case {0}:\n"
        "      return {1}::refusal({1}::v{0}, problem, device) == nullptr &&\n"
        "             {1}::plan_of({1}::v{0}, problem, device).launches();\n",
        i, identifier_of(*model.branches[i].kernel));
  }
  return text + "  }\n  return false;\n}\n\n";
}

// Returns the reason that select() gives if the program holds no code of the kernel for the GPU.
std::string passed_over(const EmitModel& model, const KernelSpec& kernel) {
  const int cc = model.device.cc;
  const std::string target = cc == 0 ? "" : architecture_of(cc).substr(3);
  return fmt::format(
      "{} was passed over: the program holds no code of it for this GPU; {}", kernel.name,
      cc == 0 ? std::string("build for this GPU too, in full (90a for H100 and H200)")
              : fmt::format("add -gencode arch=compute_{0},code=sm_{0}", target));
}

std::string problem_literal(const Problem& problem) {
  std::vector<std::int64_t> values(problem.dims);
  values.insert(values.end(), problem.choices.begin(), problem.choices.end());
  for (const std::int64_t value : common_slots(problem)) values.push_back(value);
  return fmt::format("{{{}}}", fmt::join(values, ", "));
}

int kind_of(double scalar) { return scalar == 0 ? 0 : scalar == 1 ? 1 : 2; }

std::string tables(const EmitModel& model) {
  std::string text =
      "struct BranchInfo {\n  const char* kernel;\n  const char* configuration;\n"
      "  const char* passed_over;  // the reason, if the program lacks its code\n};\n"
      "constexpr BranchInfo branches[] = {\n";
  for (const Branch& branch : model.branches) {
    text += fmt::format("    {{{}, {}, {}}},\n", string_literal(branch.kernel->name),
                        string_literal(text_of(branch.kernel->knobs, branch.configuration)),
                        string_literal(passed_over(model, *branch.kernel)));
  }
  text += fmt::format(
      "}};\n\n"
      "// The tuned problems, each with the branch that won.\n"
      "struct Row {{\n  int branch;\n  Query query;\n  double median_ns;\n  const char* "
      "text;\n}};\n"
      "constexpr std::array<Row, {}> rows{{{{\n",
      model.rows.size());
  for (const TunedRow& row : model.rows) {
    std::vector<int> kinds;
    for (const double scalar : row.problem.scalars) kinds.push_back(kind_of(scalar));
    if (kinds.empty()) kinds.push_back(0);
    text += fmt::format("    {{{}, {{{}, {}, {{{}}}}}, {}, {}}},\n", row.branch,
                        problem_literal(row.problem), row.form, fmt::join(kinds, ", "),
                        row.winner.trial.measurement.median_ns(),
                        string_literal(row.problem.key(model.op())));
  }
  text += fmt::format(
      "}}}};\n\n"
      "// The branches for problems that were not tuned, in the order in which they are tried.\n"
      "struct Fallback {{\n  int branch;\n  Query query;  // only its form and choices count\n}};\n"
      "constexpr std::array<Fallback, {}> fallbacks{{{{\n",
      model.fallbacks.size());
  for (const Fallback& fallback : model.fallbacks) {
    const Branch& branch = model.branches[static_cast<std::size_t>(fallback.branch)];
    text += fmt::format("    {{{}, {{{}, {}, {{}}}}}},\n", fallback.branch,
                        problem_literal(branch.problem), fallback.form);
  }
  return text + "}};\n\n";
}

std::string joined(const std::vector<std::string>& parts, const char* between) {
  return parts.empty() ? "true" : fmt::format("{}", fmt::join(parts, between));
}

std::string comparisons(const EmitModel& model) {
  const OpSpec& op = model.op();
  std::vector<std::string> choices{"a.form == b.form"}, dims, ratios{"1.0"}, scalars;
  for (const ChoiceSpec& choice : op.choices) {
    choices.push_back(fmt::format("a.problem.{0} == b.problem.{0}", cpp_name(choice.name)));
  }
  for (const DimSpec& dim : op.dims) {
    dims.push_back(fmt::format("a.problem.{0} == b.problem.{0}", cpp_name(dim.name)));
    ratios.push_back(fmt::format("ratio(a.problem.{0}, b.problem.{0})", cpp_name(dim.name)));
  }
  for (std::size_t i = 0; i < op.scalars.size(); ++i) {
    scalars.push_back(fmt::format("a.scalar[{0}] == b.scalar[{0}]", i));
  }
  const std::string pair =
      "([[maybe_unused]] const Query& a,\n"
      "                                  [[maybe_unused]] const Query& b) {\n";
  const auto function = [&](const char* type, const char* name, const std::string& value) {
    return fmt::format("  static constexpr {} {}{}    return {};\n  }}\n", type, name, pair, value);
  };
  const char* const both = " &&\n           ";
  return "// Compares two calls.\nstruct Compare {\n" +
         function("bool", "same_form", joined(choices, both)) +
         function("bool", "same_dims", joined(dims, both)) +
         function("bool", "same_kind",
                  "a.problem.align == b.problem.align && " + joined(scalars, both)) +
         "  // Returns 2 to the power of the sum over the dims of |log2(a / b)|.\n" +
         function("double", "distance", joined(ratios, " *\n           ")) + "};\n\n";
}

// Returns the definition of nothing_serves, the reason of a call that no branch serves.
std::string nothing_serves(const EmitModel& model) {
  std::string text = "no configuration serves these arguments on this device";
  for (const KernelSpec* kernel : model.kernels) {
    if (kernel->needs.expr.reads().empty()) continue;
    text += fmt::format("; {} needs {}", kernel->name, kernel->needs.expr.text());
  }
  return fmt::format("constexpr const char* nothing_serves =\n    {};\n\n", string_literal(text));
}

std::string choose_function(const EmitModel& model) {
  return nothing_serves(model) +
         fmt::format(
             "// The compute capability times ten and the number of SMs of the tuned GPU.\n"
             "constexpr std::int64_t tuned_cc = {}, tuned_sms = {};\n\n",
             model.device.cc, model.device.sms) +
         R"(// Returns the branch that runs a call. dispatch::choose() defines the rule.
inline Choice choose(const Query& query, const Device& device) {
  return dispatch::choose<Compare>(
      rows, fallbacks, query, device.gpu_cc == tuned_cc, device.sms == tuned_sms,
      [&](int branch) { return serves(branch, query.problem, device); });
}

// Returns the reason if another branch would run the call if the program held all code for the GPU,
// or if no branch serves the call. Otherwise returns an empty string.
inline const char* reason_of(const Query& query, const Device& device, const Choice& choice) {
  const Choice with_all = choose(query, with_all_code(device));
  if (with_all.branch >= 0 && with_all.branch != choice.branch) {
    return branches[with_all.branch].passed_over;
  }
  return choice.branch < 0 ? nothing_serves : "";
}

)";
}

}  // namespace

std::string select_text(const EmitModel& model) {
  std::string text = fmt::format(
      "// Chooses the configuration of {} that serves a call.\n"
      "// This file holds the tuned problems. It also holds the needs, requirements and launches\n"
      "// of the kernels, from the search-space files.\n"
      "#include <array>\n#include <cstddef>\n#include <cstdint>\n\n"
      "#include \"limits.h\"\n\nnamespace {} {{\n\n",
      model.op().name, inner_scope(model));
  for (const char* name :
       {"Choice", "Device", "Match", "is_power_of_two", "is_tensor", "kind_of",
        "lacks_specific_code", "least", "least_alignment", "ratio", "value_or", "with_all_code"}) {
    text += fmt::format("using dispatch::{};\n", name);
  }
  text += "\n" + problem_struct(model) + wrapped(read_function(model));
  for (const KernelSpec* kernel : model.kernels) text += kernel_section(model, *kernel);
  text +=
      serves_function(model) + wrapped(tables(model)) + comparisons(model) + choose_function(model);
  return text + fmt::format("}}  // namespace {}\n", inner_scope(model));
}

}  // namespace tw
