#include "emit/tuning/fallbacks.h"

#include <algorithm>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <variant>

#include "emit/tuning/choice.h"
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

std::vector<DeviceInfo> devices_of(const Tuning& tuning) {
  std::vector<DeviceInfo> devices{emulated_device(90), emulated_device(89)};
  if (tuning.device.cc != 0) devices.insert(devices.begin(), tuning.device);
  return devices;
}

Configuration preferred_of(const KernelSpec& kernel) {
  Configuration preferred;
  for (const Knob& knob : kernel.knobs) preferred.push_back(knob.values.front());
  return preferred;
}

struct Case {
  Problem problem;
  std::vector<std::int64_t> slots;  // of the kernel's names; the knobs' slots are 0
};

// Returns the cases that the kernel's `needs` admits, for one combination of choices.
std::vector<Case> cases_of(const Tuning& tuning, const Form& form, const KernelSpec& kernel,
                           const std::vector<std::int64_t>& choices) {
  std::vector<Case> cases;
  for (const DeviceInfo& device : devices_of(tuning)) {
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
  const Configuration preferred = preferred_of(kernel);
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

// Returns the kernels that can serve problems that were not tuned. A kernel that won something
// comes first, because it is the better guess.
std::vector<const KernelSpec*> kernels_of(const Tuning& tuning) {
  std::vector<const KernelSpec*> kernels;
  for (const KernelSpec& kernel : tuning.entry->kernels) {
    const bool serves_any = compiled_dims(*tuning.request->catalog, kernel).empty();
    if (given_fault(kernel).empty() && serves_any) kernels.push_back(&kernel);
  }
  const auto wins = [&](const KernelSpec* kernel) {
    return std::count_if(tuning.rows.begin(), tuning.rows.end(), [&](const TunedRow& row) {
      return tuning.branches[static_cast<std::size_t>(row.branch)].kernel == kernel;
    });
  };
  std::stable_sort(kernels.begin(), kernels.end(),
                   [&](const KernelSpec* a, const KernelSpec* b) { return wins(a) > wins(b); });
  return kernels;
}

// A call that a header should serve.
struct Call {
  Problem problem;
  DeviceInfo device;
  bool has_specific_code = false;  // The program may hold code of a target such as sm_90a.
};

// Returns whether the program of the call may hold code of the kernel.
bool has_code(const Tuning& tuning, const KernelSpec& kernel, const Call& call) {
  return call.has_specific_code || !tuning.own_targets.contains(&kernel);
}

// Returns whether the branch serves the call.
bool serves(const Tuning& tuning, const Branch& branch, const Call& call) {
  return has_code(tuning, *branch.kernel, call) &&
         can_run(tuning, branch, call.problem, call.device);
}

// Returns whether a winner serves the call.
bool is_served(const Tuning& tuning, int form, const Call& call) {
  if (call.device.cc != tuning.device.cc) return false;
  return std::any_of(tuning.rows.begin(), tuning.rows.end(), [&](const TunedRow& row) {
    return row.form == form && row.problem.choices == call.problem.choices &&
           serves(tuning, tuning.branches[static_cast<std::size_t>(row.branch)], call);
  });
}

// Returns shapes whose dims are drawn between 1 and 1024, evenly by their logarithm. Edge shapes
// alone do not show every limit of a kernel. The same op has the same shapes.
std::vector<ShapeValues> drawn_shapes(const OpSpec& op) {
  constexpr std::uint64_t most_bits = 10;
  std::mt19937_64 random(1);
  std::vector<ShapeValues> shapes;
  for (int i = 0; i < 500; ++i) {
    ShapeValues shape = parse_shape(op, "");
    for (std::size_t dim = 0; dim < op.dims.size(); ++dim) {
      if (op.dims[dim].fallback && random() % 4 != 0) continue;
      const std::uint64_t power = std::uint64_t{1} << random() % most_bits;
      const auto value = static_cast<std::int64_t>(power + random() % power);
      shape.dims[dim] = std::clamp(value, op.dims[dim].min, op.dims[dim].max);
    }
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

// Returns the calls with these choices that no winner serves.
std::vector<Call> unserved_calls(const Tuning& tuning, int form,
                                 const std::vector<std::int64_t>& choices) {
  const Form& of = tuning.forms[static_cast<std::size_t>(form)];
  std::vector<ShapeValues> shapes = shapes_of(tuning.op());
  for (ShapeValues& shape : drawn_shapes(tuning.op())) shapes.push_back(std::move(shape));
  std::vector<Call> calls;
  for (const DeviceInfo& device : devices_of(tuning)) {
    for (const ShapeValues& shape : shapes) {
      for (const int align : {16, least_align(tuning.op(), of.dtype)}) {
        auto problem = problem_of(tuning, of, shape, choices, align);
        if (!problem) continue;
        Call call{std::move(*problem), device, device.kind == DeviceKind::cuda};
        if (!is_served(tuning, form, call)) calls.push_back(std::move(call));
      }
    }
  }
  return calls;
}

// Returns the kernel's default configuration if it serves one of the calls; else the default of one
// of the first calls that the kernel admits.
std::optional<Branch> candidate_of(const Tuning& tuning, const KernelSpec& kernel,
                                   const std::vector<Call>& calls) {
  const auto try_one = [&](const Call& call, Configuration configuration) {
    std::optional<Branch> branch(Branch{&kernel, call.problem, std::move(configuration)});
    const bool good = !is_rejected(tuning, kernel, call.problem, branch->configuration) &&
                      serves(tuning, *branch, call);
    return good ? branch : std::nullopt;
  };
  for (const Call& call : calls) {
    if (auto branch = try_one(call, preferred_of(kernel))) return branch;
  }
  int left = 16;  // enumerating takes time
  for (const Call& call : calls) {
    const std::vector<std::int64_t> slots =
        slots_of(tuning.op(), kernel.names, call.problem, call.device);
    if (!has_code(tuning, kernel, call) || !kernel.needs.expr.holds(slots)) continue;
    if (left-- == 0) break;
    const auto found = SearchSpace::try_enumerate(kernel, slots);
    const auto* space = std::get_if<SearchSpace>(&found);
    if (!space) continue;
    if (auto branch = try_one(call, (*space)[space->default_index()])) return branch;
  }
  return std::nullopt;
}

// Returns the branch that serves the most calls; of equal ones that of the first kernel.
std::optional<Branch> most_general(const Tuning& tuning,
                                   const std::vector<const KernelSpec*>& kernels,
                                   const std::vector<Call>& calls) {
  std::optional<Branch> best;
  std::ptrdiff_t most = 0;
  for (const KernelSpec* kernel : kernels) {
    auto branch = candidate_of(tuning, *kernel, calls);
    if (!branch) continue;
    const auto served = std::count_if(calls.begin(), calls.end(), [&](const Call& call) {
      return serves(tuning, *branch, call);
    });
    if (served <= most) continue;
    most = served;
    best = std::move(branch);
  }
  return best;
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
  std::vector<Branch> branches;
  const Form& of = tuning.forms[static_cast<std::size_t>(form)];
  for (const KernelSpec* kernel : kernels_of(tuning)) {
    for (const auto& choices : combinations_of(tuning)) {
      for (Branch& branch : fallbacks_of(tuning, *kernel, cases_of(tuning, of, *kernel, choices))) {
        branches.push_back(std::move(branch));
      }
    }
  }
  return branches;
}

std::vector<Branch> completion_of(const Tuning& tuning, int form) {
  std::set<std::vector<std::int64_t>> choices;
  for (const TunedRow& row : tuning.rows) {
    if (row.form == form) choices.insert(row.problem.choices);
  }
  const std::vector<const KernelSpec*> kernels = kernels_of(tuning);
  std::vector<Branch> branches;
  for (const auto& one : choices) {
    std::vector<Call> calls = unserved_calls(tuning, form, one);
    while (auto branch = most_general(tuning, kernels, calls)) {
      std::erase_if(calls, [&](const Call& call) { return serves(tuning, *branch, call); });
      branches.push_back(std::move(*branch));
    }
  }
  return branches;
}

}  // namespace tw
