#include "emit/tuning/choice.h"

#include <algorithm>

#include "emit/emitted/forecast.h"
#include "emit/tuning/given_kernel.h"
#include "emit/tuning/launches.h"
#include "emit/tuning/residuals.h"

namespace tw {
namespace {

struct Query {
  const Problem* problem = nullptr;
  int form = 0;
};

struct Entry {
  int branch = 0;
  Query query;
};

// The tables of a header for one call, as emitted/selection.h has them.
class Table {
 public:
  Table(const Tuning& tuning, const Problem& problem, const DeviceInfo& device)
      : tuning_(tuning), query_{&problem, form_of(tuning, problem)}, device_(device) {
    for (const TunedRow& row : tuning.rows) rows_.push_back({row.branch, {&row.problem, row.form}});
    for (const Fallback& fallback : tuning.fallbacks) {
      const Branch& branch = tuning.branches[static_cast<std::size_t>(fallback.branch)];
      fallbacks_.push_back({fallback.branch, {&branch.problem, fallback.form}});
    }
  }

  const std::vector<Entry>& rows() const { return rows_; }
  const std::vector<Entry>& fallbacks() const { return fallbacks_; }
  int branches() const { return static_cast<int>(tuning_.branches.size()); }
  bool same_form(const Query& query) const {
    return query_.form == query.form && query_.problem->choices == query.problem->choices;
  }
  bool same_dims(const Query& query) const { return query_.problem->dims == query.problem->dims; }
  bool same_kind(const Query& query) const {
    const std::vector<double>&a = query_.problem->scalars, &b = query.problem->scalars;
    return query_.problem->align == query.problem->align &&
           std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) {
             return dispatch::kind_of(x) == dispatch::kind_of(y);
           });
  }
  double distance(int row) const {
    const Query& query = rows_[static_cast<std::size_t>(row)].query;
    double sum = same_kind(query) ? 0 : 1;
    for (std::size_t i = 0; i < query_.problem->dims.size(); ++i) {
      if (!tuning_.op().dims[i].is_axis()) continue;
      const double away =
          dispatch::octaves(query_.problem->dims[i]) - dispatch::octaves(query.problem->dims[i]);
      sum += away * away;
    }
    return sum;
  }
  double residual(int row, int branch) const {
    return tuning_.residuals[static_cast<std::size_t>(row)][static_cast<std::size_t>(branch)];
  }
  double log_forecast(int branch) const {
    return dispatch::log2_of(forecast_of(tuning_, branch_at(branch), *query_.problem, device_));
  }
  bool serves(int branch) const {
    return can_run(tuning_, branch_at(branch), *query_.problem, device_);
  }

 private:
  const Branch& branch_at(int branch) const {
    return tuning_.branches[static_cast<std::size_t>(branch)];
  }

  const Tuning& tuning_;
  Query query_;
  const DeviceInfo& device_;
  std::vector<Entry> rows_, fallbacks_;
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
  std::vector<double> scores(tuning.branches.size());
  double* const all = scores.data();
  return dispatch::choose(Table(tuning, problem, device), device.cc == tuning.device.cc,
                          device.sms == tuning.device.sms, all);
}

}  // namespace tw
