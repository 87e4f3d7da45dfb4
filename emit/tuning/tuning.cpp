// Decides what a header contains.
#include "emit/tuning/tuning.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <tuple>

#include "core/base/error.h"
#include "emit/header/text.h"
#include "emit/tuning/choice.h"
#include "emit/tuning/fallbacks.h"
#include "emit/tuning/forms.h"
#include "emit/tuning/given_kernel.h"
#include "emit/tuning/names.h"
#include "emit/tuning/residuals.h"

namespace tw {
namespace {

DeviceInfo device_of(const Context& context) {
  DeviceInfo device;
  device.kind = DeviceKind::cuda;
  device.model = context.situation.device_model;
  device.driver = context.situation.driver;
  device.toolchain = context.situation.toolchain;
  set_limits(device, context.situation.device_limits);
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

const KernelSpec& kernel_of(const OpEntry& entry, const std::string& name) {
  std::vector<std::string> known;
  for (const KernelSpec& kernel : entry.kernels) {
    if (kernel.name == name) {
      return kernel;
    }
    known.push_back(kernel.name);
  }
  throw Error(
      fmt::format("the database has a winner of kernel '{}', which op {} does not have "
                  "here (it has {}): tune again",
                  comment_safe(name), entry.op.name, fmt::join(known, ", ")));
}

int branch_of(Tuning& tuning, Branch branch) {
  for (std::size_t i = 0; i < tuning.branches.size(); ++i) {
    const Branch& known = tuning.branches[i];
    if (known.kernel == branch.kernel && known.problem.choices == branch.problem.choices &&
        known.configuration == branch.configuration &&
        has_code_for(*tuning.request->catalog, known, branch.problem)) {
      return static_cast<int>(i);
    }
  }
  tuning.branches.push_back(std::move(branch));
  return static_cast<int>(tuning.branches.size()) - 1;
}

// Sorts the winners, so that the order in which they came does not matter. Aligned problems come
// first.
std::vector<Winner> sorted(const OpSpec& op, std::vector<Winner> winners) {
  const auto key = [&op](const Winner& winner) {
    const Problem p = problem_from_key(op, winner.trial.context.situation.problem);
    return std::tuple(p.dtype, p.math, p.epilogue.structure(), p.choices, p.dims, -p.align,
                      winner.trial.context.situation.problem);
  };
  std::stable_sort(winners.begin(), winners.end(),
                   [&](const Winner& a, const Winner& b) { return key(a) < key(b); });
  return winners;
}

void add_rows(Tuning& tuning) {
  const Situation& first = tuning.request->winners.front().trial.context.situation;
  for (const Winner& winner : sorted(tuning.op(), tuning.request->winners)) {
    const Context& context = winner.trial.context;
    if (context.situation.op != tuning.op().name) {
      throw Error(fmt::format("a winner of op {} cannot stand in a header of {}",
                              comment_safe(context.situation.op), tuning.op().name));
    }
    if (context.situation.device_model != first.device_model ||
        context.situation.device_limits != first.device_limits) {
      throw Error(fmt::format("the winners are of two devices ({} and {}): name one of them",
                              comment_safe(first.device_model),
                              comment_safe(context.situation.device_model)));
    }
    const KernelSpec& kernel = kernel_of(*tuning.entry, context.code.kernel);
    TunedRow row{0, 0, winner, problem_from_key(tuning.op(), context.situation.problem)};
    read_constants(row);
    row.form = add_form(tuning, row.problem.dtype, row.problem.math, row.problem.epilogue);
    row.branch = branch_of(tuning, {&kernel, row.problem,
                                    configuration_from(kernel.knobs, winner.trial.configuration)});
    tuning.rows.push_back(std::move(row));
  }
  settle_constants(tuning);
}

}  // namespace

Tuning tuning_of(const EmitRequest& request) {
  check_name_space(request.name_space);
  Tuning tuning;
  tuning.request = &request;
  tuning.entry = &request.catalog->at(request.op);
  if (!request.winners.empty()) tuning.device = device_of(request.winners.front().trial.context);
  for (const KernelSpec& kernel : tuning.entry->kernels) {
    if (has_own_target(*request.catalog, kernel)) tuning.own_targets.insert(&kernel);
  }
  const bool has_defaults = request.defaults || request.winners.empty();
  if (has_defaults) {
    const DType dtype = tuning.op().dtypes.front();
    add_form(tuning, dtype, std::string(name_of(dtype)), {});
  }
  if (!request.winners.empty()) add_rows(tuning);
  for (int form = 0; form < static_cast<int>(tuning.forms.size()); ++form) {
    for (Branch& branch : has_defaults ? fallbacks_of(tuning, form) : completion_of(tuning, form)) {
      tuning.fallbacks.push_back({form, branch_of(tuning, std::move(branch))});
    }
  }
  for (const Branch& branch : tuning.branches) {
    const auto known = std::find(tuning.kernels.begin(), tuning.kernels.end(), branch.kernel);
    if (known == tuning.kernels.end()) tuning.kernels.push_back(branch.kernel);
  }
  tuning.residuals = residuals_of(tuning);
  return tuning;
}

void check_header_names(const Tuning& tuning) {
  std::vector<std::string> types;
  for (const Form& form : tuning.forms) types.push_back(form.type);
  check_names(tuning.op(), types, tuning.kernels);
}

std::string subject_of(const Tuning& tuning, const TunedRow& row) {
  return row.problem.key(tuning.op());
}

std::string subject_of(const Tuning& tuning, const Fallback& fallback) {
  const Branch& branch = tuning.branches[static_cast<std::size_t>(fallback.branch)];
  std::string text = tuning.forms[static_cast<std::size_t>(fallback.form)].type;
  for (const std::string& choice : choice_texts(tuning.op(), branch.problem)) text += " " + choice;
  return fmt::format("{}: {} {}", text, branch.kernel->name,
                     text_of(branch.kernel->knobs, branch.configuration));
}

}  // namespace tw
