#include "emit/tuning/choice.h"

#include "emit/tuning/given_kernel.h"
#include "emit/tuning/launches.h"

namespace tw {
namespace {

struct Query {
  const Problem* problem = nullptr;
  int form = 0;
};

// Compares problems as emitted/selection.h compares calls.
struct Compare {
  static bool same_form(const Query& a, const Query& b) {
    return a.form == b.form && a.problem->choices == b.problem->choices;
  }
  static bool same_dims(const Query& a, const Query& b) {
    return a.problem->dims == b.problem->dims;
  }
  static bool same_kind(const Query& a, const Query& b) {
    bool same = a.problem->align == b.problem->align;
    for (std::size_t i = 0; i < a.problem->scalars.size(); ++i) {
      same = same &&
             dispatch::kind_of(a.problem->scalars[i]) == dispatch::kind_of(b.problem->scalars[i]);
    }
    return same;
  }
  static double distance(const Query& a, const Query& b) {
    double product = 1;
    for (std::size_t i = 0; i < a.problem->dims.size(); ++i) {
      product *= dispatch::ratio(a.problem->dims[i], b.problem->dims[i]);
    }
    return product;
  }
};

struct Entry {
  int branch = 0;
  Query query;
};

}  // namespace

bool has_own_target(const Catalog& catalog, const KernelSpec& kernel) {
  for (const auto& [path, text] : catalog.sources_of(kernel.source)) {
    for (const char* macro :
         {"__CUDA_ARCH_FEAT_SM", "__CUDA_ARCH_SPECIFIC__", "__CUDA_ARCH_FAMILY_SPECIFIC__"}) {
      if (text.find(macro) != std::string::npos) return true;
    }
  }
  return false;
}

bool can_run(const Tuning& tuning, const Branch& branch, const Problem& problem,
             const DeviceInfo& device) {
  const OpSpec& op = tuning.op();
  return has_code_for(*tuning.request->catalog, branch, problem) &&
         serves(*branch.kernel, slots_of(op, branch.kernel->names, problem, device),
                branch.configuration) &&
         can_launch(op, *branch.kernel, problem, device, branch.configuration);
}

dispatch::Choice choice_of(const Tuning& tuning, const Problem& problem, const DeviceInfo& device) {
  std::vector<Entry> rows, fallbacks;
  for (const TunedRow& row : tuning.rows) rows.push_back({row.branch, {&row.problem, row.form}});
  for (const Fallback& fallback : tuning.fallbacks) {
    const Branch& branch = tuning.branches[static_cast<std::size_t>(fallback.branch)];
    fallbacks.push_back({fallback.branch, {&branch.problem, fallback.form}});
  }
  return dispatch::choose<Compare>(
      rows, fallbacks, Query{&problem, form_of(tuning, problem)}, device.cc == tuning.device.cc,
      device.sms == tuning.device.sms, [&](int branch) {
        return can_run(tuning, tuning.branches[static_cast<std::size_t>(branch)], problem, device);
      });
}

}  // namespace tw
