#include "emit/model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/lowering/lowering.h"
#include "core/lowering/program_macros.h"
#include "core/lowering/variant_text.h"
#include "core/spec/compiler_options.h"
#include "emit/emitted/choose.h"
#include "emit/evidence.h"
#include "emit/header/emitted_texts.h"
#include "emit/header/text.h"
#include "emit/model_parts.h"
#include "emit/tuning/choice.h"
#include "emit/tuning/forecast.h"
#include "emit/tuning/given_kernel.h"
#include "emit/tuning/names.h"
#include "emit/tuning/residuals.h"

namespace tw {
namespace {

// Returns whether an expression of the op or of its kernels reads the size of the device's memory.
bool reads_memory(const Tuning& tuning) {
  const auto reads = [](const Names& names, const Expr& expr) {
    return std::any_of(expr.reads().begin(), expr.reads().end(),
                       [&](int slot) { return names.name(slot) == "device.memory_bytes"; });
  };
  for (const KernelSpec* kernel : tuning.kernels) {
    const auto in_kernel = [&](const Expr& expr) { return reads(kernel->names, expr); };
    if (in_kernel(kernel->needs.expr)) return true;
    for (const Constraint& constraint : kernel->require) {
      if (in_kernel(constraint.expr)) return true;
    }
    for (const WorkspaceSpec& workspace : kernel->workspaces) {
      if (in_kernel(workspace.bytes)) return true;
    }
    for (const LaunchSpec& launch : kernel->launches) {
      for (int i = 0; i < 3; ++i) {
        if (in_kernel(launch.grid[i]) || in_kernel(launch.block[i])) return true;
      }
      for (const ArgSpec& arg : launch.args) {
        const std::span<const Expr> integers = arg.integers();
        if (std::any_of(integers.begin(), integers.end(), in_kernel)) return true;
      }
      if (in_kernel(launch.when) || in_kernel(launch.smem_bytes)) return true;
    }
  }
  return std::any_of(
      tuning.op().require.begin(), tuning.op().require.end(),
      [&](const Constraint& constraint) { return reads(tuning.op().names, constraint.expr); });
}

// Returns the reason that select() gives if the program holds no code of the kernel for the GPU.
std::string passed_over(const Tuning& tuning, const KernelSpec& kernel) {
  const int cc = tuning.device.cc;
  const std::string target = cc == 0 ? "" : architecture_of(cc).substr(3);
  return fmt::format(
      "{} was passed over: the program holds no code of it for this GPU; {}", kernel.name,
      cc == 0 ? std::string("build for this GPU too, in full (90a for H100 and H200)")
              : fmt::format("add -gencode arch=compute_{0},code=sm_{0}", target));
}

// Returns the combinations of choices that were tuned: "layout=nt or layout=nn". Returns "" if the
// header has all of them.
std::string tuned_choices(const Tuning& tuning) {
  const bool has_all = tuning.request->defaults || tuning.rows.empty();
  if (has_all || tuning.op().choices.empty()) return "";
  std::set<std::string> combinations;
  for (const TunedRow& row : tuning.rows) {
    combinations.insert(fmt::format("{}", fmt::join(choice_texts(tuning.op(), row.problem), ",")));
  }
  return fmt::format("{}", fmt::join(combinations, " or "));
}

std::string nothing_serves(const Tuning& tuning) {
  std::string text = "no configuration serves these arguments on this device";
  if (const std::string tuned = tuned_choices(tuning); !tuned.empty()) {
    text += fmt::format("; tuned were {} (tune emit --defaults adds the others)", tuned);
  }
  for (const KernelSpec* kernel : tuning.kernels) {
    if (kernel->needs.expr.reads().empty()) continue;
    text += fmt::format("; {} needs {}", kernel->name, kernel->needs.expr.text());
  }
  return text;
}

header::Numbers numbers_of(const Problem& problem) {
  header::Numbers values(problem.dims);
  values.insert(values.end(), problem.choices.begin(), problem.choices.end());
  for (const std::int64_t value : common_slots(problem)) values.push_back(value);
  return values;
}

// Adds the code of a branch of a given kernel, and the values of the dims that it contains, which
// kernel_model makes knobs.
void add_unit(const Tuning& tuning, const Branch& branch, header::Branch& model) {
  const Catalog& catalog = *tuning.request->catalog;
  const GivenCode code = given_code(catalog, *branch.kernel, branch.problem, branch.configuration);
  model.unit.source = branch.kernel->source;
  model.unit.leading = leading_headers(code.program);
  model.unit.defines = code.program.defines;
  model.unit.entries = code.entries;
  for (const ConstantSpec& constant : branch.kernel->constants) {
    model.unit.constants.push_back(constant.symbol);
  }
  for (const std::size_t dim : compiled_dims(catalog, *branch.kernel)) {
    model.knobs.push_back(branch.problem.dims[dim]);
  }
}

header::Branch branch_model(const Tuning& tuning, int index,
                            const std::vector<LeftOutChoice>& left_out) {
  const Branch& branch = tuning.branches[static_cast<std::size_t>(index)];
  const KernelSpec& kernel = *branch.kernel;
  header::Branch model;
  const auto at = std::find(tuning.kernels.begin(), tuning.kernels.end(), branch.kernel);
  model.kernel = static_cast<int>(at - tuning.kernels.begin());
  model.configuration = text_of(kernel.knobs, branch.configuration);
  model.title = kernel.name;
  for (const std::string& choice : choice_texts(tuning.op(), branch.problem)) {
    model.title += ", " + choice;
  }
  model.title += ": " + model.configuration;
  for (const TunedRow& row : tuning.rows) {
    if (row.branch != index) continue;
    for (std::string& line : evidence_of(tuning, row)) model.notes.push_back(std::move(line));
  }
  for (const Fallback& fallback : tuning.fallbacks) {
    if (fallback.branch != index) continue;
    model.notes.push_back(fmt::format("serves {} that were not tuned; {}",
                                      tuning.forms[static_cast<std::size_t>(fallback.form)].type,
                                      check_of(tuning, subject_of(tuning, fallback))));
  }
  if (!tuning.rows.empty()) {
    for (std::string& line : regrets_of(tuning, index, left_out)) {
      model.notes.push_back(std::move(line));
    }
  }
  model.knobs = branch.configuration;
  if (kernel.knobs_are_macros) {
    add_unit(tuning, branch, model);
  } else {
    model.variant = variant_text(tuning.op(), kernel, branch.problem, branch.configuration,
                                 fmt::format("v{}", index));
  }
  model.passed_over = passed_over(tuning, kernel);
  return model;
}

// Returns the branches that calls of a form may take, in ascending order.
std::vector<int> branches_of(const Tuning& tuning, int form) {
  std::set<int> branches;
  for (const TunedRow& row : tuning.rows) {
    if (row.form == form) branches.insert(row.branch);
  }
  for (const Fallback& fallback : tuning.fallbacks) {
    if (fallback.form == form) branches.insert(fallback.branch);
  }
  return {branches.begin(), branches.end()};
}

header::Row row_model(const Tuning& tuning, const TunedRow& row,
                      const std::vector<double>& residuals) {
  header::Row model{row.branch, row.form, numbers_of(row.problem), {}, 0, "", residuals};
  for (const double scalar : row.problem.scalars) {
    model.scalars.push_back(dispatch::kind_of(scalar));
  }
  if (model.scalars.empty()) model.scalars.push_back(0);
  model.median_ns = row.winner.trial.measurement.median_ns();
  model.text = row.problem.key(tuning.op());
  return model;
}

// Returns the members of dispatch::Rates, in their order.
std::vector<double> rates_model(const EmitRequest& request, const Form& form) {
  const dispatch::Rates rates = rates_of(request.device, form.math);
  return {rates.fma,  rates.tensor, rates.instructions, rates.shared,  rates.l2,
          rates.dram, rates.warps,  rates.round_ns,     rates.step_ns, rates.launch_ns};
}

// Returns the root of each qualified entry, such as "tw" of "tw::gemm::simt::kernel". A namespace
// that other headers also declare keeps its name.
std::vector<std::string> roots_of(const Tuning& tuning) {
  static constexpr std::array others{"std",    "cuda", "nv",     "nvcuda",
                                     "thrust", "cub",  "nvcomp", "cooperative_groups"};
  std::vector<std::string> roots{"tw"};
  for (const KernelSpec* kernel : tuning.kernels) {
    if (kernel->knobs_are_macros) continue;
    for (const LaunchSpec& launch : kernel->launches) {
      const auto colons = launch.entry.find("::");
      if (colons == std::string::npos) continue;
      const std::string root = launch.entry.substr(0, colons);
      if (std::find(others.begin(), others.end(), root) != others.end()) continue;
      if (std::find(roots.begin(), roots.end(), root) == roots.end()) roots.push_back(root);
    }
  }
  return roots;
}

bool has_maps(const header::Model& model) {
  for (const header::Kernel& kernel : model.kernels) {
    for (const header::Launch& launch : kernel.launches) {
      for (const header::Argument& argument : launch.arguments) {
        if (argument.kind == header::Argument::Kind::map) return true;
      }
    }
  }
  return false;
}

// Adds copies of a source and of all that it includes.
void add_copies(const Tuning& tuning, const std::string& root,
                std::map<std::string, header::Source, std::less<>>& copies) {
  const Texts& ours = builtin_sources();
  for (const auto& [path, text] : tuning.request->catalog->sources_of(root)) {
    const auto at = ours.find(path);
    const bool is_ours = at != ours.end() && at->second == text;
    copies[path] = {text,
                    fmt::format("{}{}, source digest {}", is_ours ? "Tilewright's kernels/" : "",
                                path, digest(text)),
                    is_ours};
  }
}

// Adds what <op>.cuh includes, and copies of these sources and of all that they include.
void add_sources(const Tuning& tuning, header::Model& model) {
  const bool has_chains =
      std::any_of(tuning.forms.begin(), tuning.forms.end(),
                  [](const Form& form) { return !form.epilogue.steps.empty(); });
  if (has_chains) model.includes.emplace_back(epilogue_source);
  if (!tuning.op().header.empty()) model.includes.push_back(tuning.op().header);
  for (const KernelSpec* kernel : tuning.kernels) {
    if (kernel->knobs_are_macros) {
      add_copies(tuning, kernel->source, model.given);
    } else {
      model.includes.push_back(kernel->source);
    }
    for (const std::string& option : kernel->options) {
      if (standard_of(option) == 20) model.standard = 202002;
    }
  }
  for (const std::string& include : model.includes) add_copies(tuning, include, model.sources);
}

// Adds the shared parts of the dispatch.
void add_parts(header::Model& model) {
  model.parts = header::emitted_parts();
  model.parts.erase("dispatch/loader.h");
  if (!model.has_maps) {
    model.parts.erase("dispatch/tensor_map.cuh");
    model.parts.erase("dispatch/encode_tensor_map.h");
  }
  for (const auto& [path, source] : model.sources) {
    if (!model.parts.count(path) && path != "dispatch/select.h") continue;
    throw Error(
        fmt::format("kernel source {} has a name that emitted headers use: move it to "
                    "another folder",
                    comment_safe(path)));
  }
}

void add_op(const OpSpec& op, header::Model& model) {
  for (std::size_t i = 0; i < op.dims.size(); ++i) {
    model.dims.push_back(dim_model(op, op.dims[i]));
    model.dims.back().is_axis = op.dims[i].is_axis();
  }
  for (const ChoiceSpec& choice : op.choices) model.choices.push_back(choice_model(choice));
  for (const ScalarSpec& scalar : op.scalars) model.scalars.push_back(cpp_name(scalar.name));
  for (const TensorSpec& tensor : op.tensors) {
    model.tensors.push_back(tensor_model(op, tensor));
    model.has_pointers = model.has_pointers || tensor.by_pointers;
  }
  for (const Constraint& one : op.require) model.checks.push_back(Speller(op).check(one));
}

}  // namespace

header::Model model_of(const Tuning& tuning) {
  const EmitRequest& request = *tuning.request;
  const OpSpec& op = tuning.op();
  header::Model model;
  model.op = op.name;
  model.doc = op.doc;
  model.api = header_name(op.name) + ".h";
  model.user_space = request.name_space;
  model.space = fmt::format("{}::{}", request.name_space, namespace_name(op.name));
  model.scope = "dispatch_" + op.name;
  model.guard = "TILEWRIGHT_IN_" + escaped(fmt::format("{}::{}", request.name_space, op.name));
  model.generator = request.generator;
  model.origins = origins_of(tuning);
  model.note = request.source_note;
  add_op(op, model);
  for (int i = 0; i < static_cast<int>(tuning.forms.size()); ++i) {
    model.forms.push_back(form_model(tuning, tuning.forms[static_cast<std::size_t>(i)]));
    model.forms.back().branches = branches_of(tuning, i);
  }
  for (const KernelSpec* kernel : tuning.kernels) {
    model.kernels.push_back(kernel_model(*request.catalog, *kernel));
  }
  const std::vector<LeftOutChoice> left_out = choices_left_out(tuning);
  for (int i = 0; i < static_cast<int>(tuning.branches.size()); ++i) {
    model.branches.push_back(branch_model(tuning, i, left_out));
  }
  for (std::size_t i = 0; i < tuning.rows.size(); ++i) {
    model.rows.push_back(row_model(tuning, tuning.rows[i], tuning.residuals[i]));
  }
  model.has_forecasts = !tuning.rows.empty() && has_forecasts(tuning);
  if (model.has_forecasts) {
    for (const Form& form : tuning.forms) model.rates.push_back(rates_model(request, form));
  }
  for (const Fallback& fallback : tuning.fallbacks) {
    const Branch& branch = tuning.branches[static_cast<std::size_t>(fallback.branch)];
    model.fallbacks.push_back({fallback.branch, fallback.form, numbers_of(branch.problem)});
  }
  model.is_split = request.split;
  model.cc = tuning.device.cc;
  model.sms = tuning.device.sms;
  model.nothing_serves = nothing_serves(tuning);
  model.reads_memory = reads_memory(tuning);
  model.has_maps = has_maps(model);
  model.roots = roots_of(tuning);
  add_sources(tuning, model);
  add_parts(model);
  return model;
}

}  // namespace tw
