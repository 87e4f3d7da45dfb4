// Makes the model of a header.
// Longer than 400 lines: its parts are made in one pass over the winners.
#include "emit/tuning/tuning.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <tuple>

#include "core/base/error.h"
#include "emit/tuning/fallbacks.h"

namespace tw {
namespace {

DeviceInfo device_of(const Context& context) {
  DeviceInfo device;
  device.kind = "cuda";
  device.model = context.device_model;
  device.driver = context.driver;
  device.toolchain = context.toolchain;
  set_limits(device, context.device_limits);
  return device;
}

void check_name_space(const std::string& text) {
  bool good = !text.empty();
  for (std::size_t begin = 0; good && begin <= text.size();) {
    const auto end = std::min(text.find("::", begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    good = is_identifier(part) && namespace_name(part) == part;
    begin = end + 2;
  }
  if (!good) {
    throw Error(
        fmt::format("--namespace '{}' is no C++ namespace: write a name such as 'tuned' or "
                    "'my::kernels'",
                    comment_safe(text)));
  }
}

// Returns the field names that the op's words already take.
std::vector<std::string> names_of(const OpSpec& op) {
  std::vector<std::string> names;
  for (const DimSpec& dim : op.dims) names.push_back(cpp_name(dim.name));
  for (const ChoiceSpec& choice : op.choices) names.push_back(cpp_name(choice.name));
  for (const ScalarSpec& scalar : op.scalars) names.push_back(cpp_name(scalar.name));
  for (const TensorSpec& tensor : op.tensors) {
    names.push_back(cpp_name(tensor.name));
    if (tensor.by_pointers) names.push_back(pointers_field(tensor));
  }
  if (has_tensors_by_pointers(op)) names.emplace_back("pointers_align");
  return names;
}

// Throws Error if two of the names are equal after words of C++ have got their underscore.
void check_apart(const std::string& of, const std::vector<std::string>& names, const char* what,
                 const char* file) {
  std::set<std::string> taken;
  for (const std::string& name : names) {
    if (taken.insert(name).second) continue;
    throw Error(fmt::format("{}: '{}' would be two names in a header, of {}: rename one in {}", of,
                            name, what, file));
  }
}

// Throws Error if a field has the name of another field, or of a type beside it.
void check_names(const EmitModel& model) {
  const OpSpec& op = model.op();
  const std::string of = "op " + op.name;
  std::vector<std::string> names;
  for (const Form& form : model.forms) names.push_back(form.type);
  for (const ChoiceSpec& choice : op.choices) names.push_back(enum_of(choice));
  for (const std::string& name : names_of(op)) names.push_back(name);
  check_apart(of, names, "a field and of another field or a type", "op.toml");
  const auto cpp_names = [](const std::vector<std::string>& words) {
    std::vector<std::string> result;
    for (const std::string& word : words) result.push_back(cpp_name(word));
    return result;
  };
  for (const ChoiceSpec& choice : op.choices) {
    check_apart(of, cpp_names(choice.values), "two values of a choice", "op.toml");
  }
  for (const KernelSpec* kernel : model.kernels) {
    std::vector<std::string> knobs;
    for (const Knob& knob : kernel->knobs) knobs.push_back(cpp_name(knob.name));
    check_apart("kernel " + kernel->name, knobs, "two knobs", "its TOML file");
  }
}

std::vector<EpilogueField> fields_of(const OpSpec& op, const Epilogue& epilogue) {
  std::vector<EpilogueField> fields;
  const std::vector<std::string> names = names_of(op);
  std::set<std::string> taken(names.begin(), names.end());
  std::map<std::string_view, int> seen;
  const auto add = [&](std::string name, std::string doc, bool is_tensor) {
    while (!taken.insert(name).second) name += '_';
    fields.push_back({name, std::move(doc), is_tensor});
  };
  for (const EpilogueStep& step : epilogue.steps) {
    const EpilogueWord& word = *step.word;
    const int nth = ++seen[word.name];
    const std::string name =
        std::string(word.name) + (nth > 1 ? fmt::format("{}", nth) : std::string());
    if (word.takes_tensor) {
      const auto extent = op.epilogue_extents.find(std::string(word.name));
      add(name,
          extent == op.epilogue_extents.end()
              ? std::string(word.doc)
              : fmt::format("{}: device memory, {} elements", word.doc, extent->second.text()),
          true);
    }
    for (const std::string_view parameter : word.parameters) {
      add(fmt::format("{}_{}", name, parameter), fmt::format("{} of {}", parameter, word.doc),
          false);
    }
  }
  return fields;
}

// Returns the form with this storage, math and chain; -1 if there is none.
int find_form(const EmitModel& model, DType dtype, const std::string& math,
              const std::string& structure) {
  for (std::size_t i = 0; i < model.forms.size(); ++i) {
    const Form& form = model.forms[i];
    if (form.dtype == dtype && form.math == math && form.epilogue.structure() == structure) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

// Returns the form with this storage, math and chain. Adds it, and the form that it extends, if
// they are new.
int add_form(EmitModel& model, DType dtype, const std::string& math, const Epilogue& epilogue) {
  const std::string structure = epilogue.structure();
  if (const int known = find_form(model, dtype, math, structure); known >= 0) return known;
  Form form{dtype, math, Epilogue::from_structure(structure), "Args", "", {}};
  if (dtype != model.op().dtypes.front()) form.type += pascal_case(name_of(dtype));
  if (math != name_of(dtype)) form.type += pascal_case(math);
  if (!form.epilogue.steps.empty()) {
    form.base = model.forms[static_cast<std::size_t>(add_form(model, dtype, math, {}))].type;
    for (const EpilogueStep& step : epilogue.steps) form.type += step.word->cpp_type;
    form.fields = fields_of(model.op(), form.epilogue);
  }
  model.forms.push_back(std::move(form));
  return static_cast<int>(model.forms.size()) - 1;
}

const KernelSpec& kernel_of(const OpEntry& entry, const std::string& name) {
  std::vector<std::string> known;
  for (const KernelSpec& kernel : entry.kernels) {
    if (kernel.name == name) {
      if (kernel.knobs_are_macros) {
        throw Error(
            fmt::format("kernel {} of op {} takes its knobs as macros, so two of its "
                        "configurations cannot stand in one header: give it "
                        "knobs = \"type\"",
                        name, entry.op.name));
      }
      return kernel;
    }
    known.push_back(kernel.name);
  }
  throw Error(
      fmt::format("the database has a winner of kernel '{}', which op {} does not have "
                  "here (it has {}): tune again",
                  comment_safe(name), entry.op.name, fmt::join(known, ", ")));
}

int branch_of(EmitModel& model, Branch branch) {
  for (std::size_t i = 0; i < model.branches.size(); ++i) {
    const Branch& known = model.branches[i];
    if (known.kernel == branch.kernel && known.problem.choices == branch.problem.choices &&
        known.configuration == branch.configuration) {
      return static_cast<int>(i);
    }
  }
  model.branches.push_back(std::move(branch));
  return static_cast<int>(model.branches.size()) - 1;
}

// Sorts the winners, so that the order in which they came does not matter. Aligned problems come
// first.
std::vector<Winner> sorted(const OpSpec& op, std::vector<Winner> winners) {
  const auto key = [&op](const Winner& winner) {
    const Problem p = problem_from_key(op, winner.trial.context.problem);
    return std::tuple(p.dtype, p.math, p.epilogue.structure(), p.choices, p.dims, -p.align,
                      winner.trial.context.problem);
  };
  std::stable_sort(winners.begin(), winners.end(),
                   [&](const Winner& a, const Winner& b) { return key(a) < key(b); });
  return winners;
}

// Reads the constants of the row's chain, if the database knows them.
void read_constants(TunedRow& row) {
  const std::string& text = row.winner.trial.context.epilogue;
  if (text.empty()) return;
  const Epilogue tuned = Epilogue::parse(text);
  if (tuned.structure() != row.problem.epilogue.structure()) return;
  row.problem.epilogue = tuned;
  row.has_constants = true;
}

std::vector<float> constants_of(const Epilogue& epilogue) {
  std::vector<float> all;
  for (const EpilogueStep& step : epilogue.steps) {
    all.insert(all.end(), step.arguments.begin(), step.arguments.end());
  }
  return all;
}

// Sets the constants of each form to those on which its winners agree. The form's chain, which is
// for the check, gets the first winner's constants.
void settle_constants(EmitModel& model) {
  for (std::size_t i = 0; i < model.forms.size(); ++i) {
    Form& form = model.forms[i];
    std::vector<std::optional<float>> tuned;
    bool is_first = true;
    for (const TunedRow& row : model.rows) {
      if (row.form != static_cast<int>(i)) continue;
      const std::vector<float> its = constants_of(row.problem.epilogue);
      if (is_first) {
        tuned.assign(its.begin(), its.end());
        form.epilogue = row.problem.epilogue;
      }
      for (std::size_t at = 0; at < its.size(); ++at) {
        const bool agrees =
            row.has_constants && tuned[at] && std::equal_to<>()(*tuned[at], its[at]);
        if (!agrees) tuned[at].reset();
      }
      is_first = false;
    }
    std::size_t at = 0;
    for (EpilogueField& field : form.fields) {
      if (!field.is_tensor && at < tuned.size()) field.tuned = tuned[at++];
    }
  }
}

void add_rows(EmitModel& model) {
  const Context& first = model.request->winners.front().trial.context;
  for (const Winner& winner : sorted(model.op(), model.request->winners)) {
    const Context& context = winner.trial.context;
    if (context.op != model.op().name) {
      throw Error(fmt::format("a winner of op {} cannot stand in a header of {}",
                              comment_safe(context.op), model.op().name));
    }
    if (context.device_model != first.device_model ||
        context.device_limits != first.device_limits) {
      throw Error(fmt::format("the winners are of two devices ({} and {}): name one of them",
                              comment_safe(first.device_model),
                              comment_safe(context.device_model)));
    }
    const KernelSpec& kernel = kernel_of(*model.entry, context.kernel);
    TunedRow row{0, 0, winner, problem_from_key(model.op(), context.problem)};
    read_constants(row);
    row.form = add_form(model, row.problem.dtype, row.problem.math, row.problem.epilogue);
    row.branch = branch_of(model, {&kernel, row.problem,
                                   configuration_from(kernel.knobs, winner.trial.configuration)});
    model.rows.push_back(std::move(row));
  }
  settle_constants(model);
}

// Adds the root of each qualified entry, such as "tw" of "tw::gemm::simt::kernel". A namespace that
// other headers also declare keeps its name.
void add_roots(EmitModel& model) {
  for (const KernelSpec* kernel : model.kernels) {
    for (const LaunchSpec& launch : kernel->launches) {
      const auto colons = launch.entry.find("::");
      if (colons == std::string::npos) continue;
      const std::string root = launch.entry.substr(0, colons);
      static constexpr std::array others{"std",    "cuda", "nv",     "nvcuda",
                                         "thrust", "cub",  "nvcomp", "cooperative_groups"};
      if (std::find(others.begin(), others.end(), root) != others.end()) continue;
      auto& roots = model.renaming.roots;
      if (std::find(roots.begin(), roots.end(), root) == roots.end()) roots.push_back(root);
    }
  }
}

}  // namespace

EmitModel model_of(const EmitRequest& request) {
  check_name_space(request.name_space);
  EmitModel model;
  model.request = &request;
  model.entry = &request.catalog->at(request.op);
  model.name_space = request.name_space;
  model.renaming.roots = {"tw"};
  if (!request.winners.empty()) model.device = device_of(request.winners.front().trial.context);
  const DType dtype = model.op().dtypes.front();
  add_form(model, dtype, std::string(name_of(dtype)), {});
  if (!request.winners.empty()) add_rows(model);
  for (int form = 0; form < static_cast<int>(model.forms.size()); ++form) {
    for (Branch& branch : fallbacks_of(model, form)) {
      model.fallbacks.push_back({form, branch_of(model, std::move(branch))});
    }
  }
  for (const Branch& branch : model.branches) {
    const auto known = std::find(model.kernels.begin(), model.kernels.end(), branch.kernel);
    if (known == model.kernels.end()) model.kernels.push_back(branch.kernel);
  }
  for (const KernelSpec* kernel : model.kernels) {
    model.sources.merge(request.catalog->sources_of(kernel->source));
  }
  if (has_chains(model)) model.sources.merge(request.catalog->sources_of(epilogue_source));
  if (!model.op().header.empty()) {
    model.sources.merge(request.catalog->sources_of(model.op().header));
  }
  check_names(model);
  add_roots(model);
  return model;
}

int form_of(const EmitModel& model, const Problem& problem) {
  return find_form(model, problem.dtype, problem.math, problem.epilogue.structure());
}

std::string subject_of(const EmitModel& model, const TunedRow& row) {
  return row.problem.key(model.op());
}

std::string subject_of(const EmitModel& model, const Fallback& fallback) {
  const Branch& branch = model.branches[static_cast<std::size_t>(fallback.branch)];
  std::string text = model.forms[static_cast<std::size_t>(fallback.form)].type;
  for (std::size_t i = 0; i < branch.problem.choices.size(); ++i) {
    const ChoiceSpec& choice = model.op().choices[i];
    text += fmt::format(" {}={}", choice.name,
                        choice.values[static_cast<std::size_t>(branch.problem.choices[i])]);
  }
  return fmt::format("{}: {} {}", text, branch.kernel->name,
                     text_of(branch.kernel->knobs, branch.configuration));
}

bool has_chains(const EmitModel& model) {
  return std::any_of(model.forms.begin(), model.forms.end(),
                     [](const Form& form) { return !form.epilogue.steps.empty(); });
}

std::string public_namespace(const EmitModel& model) {
  return fmt::format("{}::{}", model.name_space, namespace_name(model.op().name));
}

std::string inner_namespace(const EmitModel& model) { return "dispatch_" + model.op().name; }

std::string inner_scope(const EmitModel& model) {
  return fmt::format("tw_{}::{}", model.renaming.digest, inner_namespace(model));
}

std::string header_of(const EmitModel& model) { return header_name(model.op().name) + ".h"; }

std::vector<int> branches_of(const EmitModel& model, int form) {
  std::set<int> branches;
  for (const TunedRow& row : model.rows) {
    if (row.form == form) branches.insert(row.branch);
  }
  for (const Fallback& fallback : model.fallbacks) {
    if (fallback.form == form) branches.insert(fallback.branch);
  }
  return {branches.begin(), branches.end()};
}

std::string enum_of(const ChoiceSpec& choice) {
  const std::string name = pascal_case(choice.name);
  const bool taken = name == "Args" || name == "Match" || name == "Selection" ||
                     name == choice.name || cpp_name(name) != name;
  return name + (taken ? "_" : "");
}

std::string spelled(const EmitModel& model, const Names& names, int first_knob, int slot) {
  const std::string& name = names.name(slot);
  if (name.find('.') != std::string::npos) return name;  // device.sms
  const bool knob = first_knob >= 0 && slot >= first_knob;
  const bool of_op = slot < model.op().names.size();
  if (!knob && !of_op) throw Error(fmt::format("name '{}' has no meaning in a header", name));
  return (knob ? "knob." : "problem.") + cpp_name(name);
}

std::string identifier_of(const KernelSpec& kernel) {
  const bool plain = is_identifier("_" + kernel.name);
  return plain ? "kernel_" + kernel.name : "kernelx_" + escaped(kernel.name);
}

std::string runner_of(const KernelSpec& kernel) {
  return "run" + identifier_of(kernel).substr(std::string_view("kernel").size());
}

bool uses_tensor_maps(const EmitModel& model) {
  for (const KernelSpec* kernel : model.kernels) {
    for (const LaunchSpec& launch : kernel->launches) {
      for (const ArgSpec& arg : launch.args) {
        if (arg.kind == ArgSpec::Kind::tensor_map) return true;
      }
    }
  }
  return false;
}

std::string pointers_field(const TensorSpec& tensor) { return cpp_name(tensor.name + "_pointers"); }

bool has_tensors_by_pointers(const OpSpec& op) {
  return std::any_of(op.tensors.begin(), op.tensors.end(),
                     [](const TensorSpec& tensor) { return tensor.by_pointers.has_value(); });
}

const TensorSpec& tensor_of(const OpSpec& op, const ArgSpec& arg) {
  return *std::find_if(op.tensors.begin(), op.tensors.end(),
                       [&](const TensorSpec& tensor) { return tensor.name == arg.name; });
}

int integer_arguments(const KernelSpec& kernel) {
  int most = 0;
  for (const LaunchSpec& launch : kernel.launches) {
    std::size_t integers = 0;
    for (const ArgSpec& arg : launch.args) integers += arg.integers().size();
    most = std::max(most, static_cast<int>(integers));
  }
  return most;
}

}  // namespace tw
