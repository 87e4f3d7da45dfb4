#include "emit/tuning/fallbacks.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "emit/tuning/given_kernel.h"

namespace tw {
namespace {

constexpr std::size_t most_choices = 64;

// Returns whether a check found the kernel's configuration wrong on problems of this form and
// choices.
bool is_rejected(const Tuning& tuning, const KernelSpec& kernel, const Problem& problem,
                 const Configuration& configuration) {
  const auto& all = tuning.request->rejected;
  return std::any_of(all.begin(), all.end(), [&](const Rejected& one) {
    return one.kernel == kernel.name && one.problem.choices == problem.choices &&
           form_of(tuning, one.problem) == form_of(tuning, problem) &&
           one.configuration == text_of(kernel.knobs, configuration);
  });
}

// Returns a large round shape and the op's edge shapes.
std::vector<ShapeValues> shapes_of(const OpSpec& op) {
  ShapeValues round = parse_shape(op, "");
  for (std::size_t i = 0; i < op.dims.size(); ++i) {
    if (!op.dims[i].fallback) round.dims[i] = std::min<std::int64_t>(op.dims[i].max, 1024);
  }
  std::vector<ShapeValues> shapes = edge_shapes_of(op);
  shapes.insert(shapes.begin(), std::move(round));
  return shapes;
}

struct Case {
  Problem problem;
  std::vector<std::int64_t> slots;  // of the kernel's names; the knobs' slots are 0
};

// Returns the cases that the kernel's `needs` admits, for one combination of choices.
std::vector<Case> cases_of(const Tuning& tuning, const Form& form, const KernelSpec& kernel,
                           const std::vector<std::int64_t>& choices) {
  std::vector<DeviceInfo> devices{emulated_device(90), emulated_device(89)};
  if (tuning.device.cc != 0) devices.insert(devices.begin(), tuning.device);
  std::vector<Case> cases;
  for (const DeviceInfo& device : devices) {
    for (const ShapeValues& shape : shapes_of(tuning.op())) {
      for (const int align : {16, least_align(tuning.op(), form.dtype)}) {
        const auto problem = problem_of(tuning, form, shape, choices, align);
        if (!problem) continue;
        Case one{*problem, slots_of(tuning.op(), kernel.names, *problem, device)};
        if (kernel.needs.expr.holds(one.slots)) cases.push_back(std::move(one));
      }
    }
  }
  return cases;
}

// A greedy choice: first the default, then, for each case that is not served, the configuration
// nearest to the default that serves it.
std::vector<Branch> fallbacks_of(const Tuning& tuning, const KernelSpec& kernel,
                                 const std::vector<Case>& cases) {
  Configuration preferred;
  for (const Knob& knob : kernel.knobs) preferred.push_back(knob.values.front());
  std::vector<Branch> branches;
  const auto add = [&](const Case& one, Configuration configuration) {
    if (is_rejected(tuning, kernel, one.problem, configuration)) return;
    branches.push_back({&kernel, one.problem, std::move(configuration)});
  };
  for (const Case& one : cases) {
    if (branches.empty() && serves(kernel, one.slots, preferred)) add(one, preferred);
  }
  for (const Case& one : cases) {
    const bool served = std::any_of(branches.begin(), branches.end(), [&](const Branch& branch) {
      return serves(kernel, one.slots, branch.configuration);
    });
    if (served) continue;
    const auto found = SearchSpace::try_enumerate(kernel, one.slots);
    if (const auto* space = std::get_if<SearchSpace>(&found)) {
      add(one, (*space)[space->default_index()]);
    }
  }
  return branches;
}

}  // namespace

std::vector<ShapeValues> edge_shapes_of(const OpSpec& op) {
  std::vector<ShapeValues> shapes;
  for (const std::string& shape : op.edge_shapes) shapes.push_back(parse_shape(op, shape));
  return shapes;
}

std::optional<Problem> problem_of(const Tuning& tuning, const Form& form, ShapeValues shape,
                                  const std::vector<std::int64_t>& choices, int align) {
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (shape.choices[i].value_or(choices[i]) != choices[i]) return std::nullopt;
    shape.choices[i] = choices[i];
  }
  Problem problem;
  problem.op = tuning.op().name;
  problem.dtype = form.dtype;
  problem.math = form.math;
  problem.epilogue = form.epilogue;
  problem.align = align;
  if (set_shape(tuning.op(), shape, problem)) return std::nullopt;
  return problem;
}

std::vector<std::vector<std::int64_t>> combinations_of(const Tuning& tuning) {
  std::vector<std::vector<std::int64_t>> all{{}};
  for (const ChoiceSpec& choice : tuning.op().choices) {
    std::vector<std::vector<std::int64_t>> longer;
    for (const auto& head : all) {
      for (std::size_t value = 0; value < choice.values.size(); ++value) {
        longer.push_back(head);
        longer.back().push_back(static_cast<std::int64_t>(value));
      }
    }
    all = std::move(longer);
    if (all.size() > most_choices) break;
  }
  if (all.size() <= most_choices) return all;
  all.clear();
  for (const TunedRow& row : tuning.rows) {
    if (std::find(all.begin(), all.end(), row.problem.choices) == all.end()) {
      all.push_back(row.problem.choices);
    }
  }
  return all;
}

std::vector<Branch> fallbacks_of(const Tuning& tuning, int form) {
  std::vector<const KernelSpec*> kernels;
  for (const KernelSpec& kernel : tuning.entry->kernels) {
    const bool serves_any = compiled_dims(*tuning.request->catalog, kernel).empty();
    if (given_fault(kernel).empty() && serves_any) kernels.push_back(&kernel);
  }
  // A kernel that won something is the better guess for untuned problems.
  const auto wins = [&](const KernelSpec* kernel) {
    return std::count_if(tuning.rows.begin(), tuning.rows.end(), [&](const TunedRow& row) {
      return tuning.branches[static_cast<std::size_t>(row.branch)].kernel == kernel;
    });
  };
  std::stable_sort(kernels.begin(), kernels.end(),
                   [&](const KernelSpec* a, const KernelSpec* b) { return wins(a) > wins(b); });
  std::vector<Branch> branches;
  for (const KernelSpec* kernel : kernels) {
    for (const auto& choices : combinations_of(tuning)) {
      const Form& of = tuning.forms[static_cast<std::size_t>(form)];
      for (Branch& branch : fallbacks_of(tuning, *kernel, cases_of(tuning, of, *kernel, choices))) {
        branches.push_back(std::move(branch));
      }
    }
  }
  return branches;
}

}  // namespace tw
