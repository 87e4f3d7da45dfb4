#include "session/run/oracle_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/lowering/lowering.h"
#include "core/lowering/verdict.h"
#include "devices/comparison.h"
#include "session/run/session_request.h"

namespace tw {
namespace {

// Returns the default, the first configurations of the space, and some that are spread over it.
std::vector<std::size_t> candidates_of(const SearchSpace& space) {
  constexpr std::size_t in_order = 32, spread = 96;
  std::vector<std::size_t> indices{space.default_index()};
  const auto add = [&](std::size_t index) {
    if (std::find(indices.begin(), indices.end(), index) == indices.end()) indices.push_back(index);
  };
  for (std::size_t i = 0; i < std::min(in_order, space.size()); ++i) add(i);
  for (std::size_t i = 1; i <= spread; ++i) add((space.size() - 1) * i / spread);
  return indices;
}

class Finding {
 public:
  Finding(const OracleTrial& trial, JobRunner& jobs, const std::function<bool()>& stopped)
      : trial_(trial), jobs_(jobs), stopped_(stopped) {}

  std::optional<OracleChoice> run(std::span<const OracleKernel> kernels) {
    for (const OracleKernel& one : kernels) {
      for (const std::size_t index : candidates_of(*one.space)) {
        if (stopped_()) return std::nullopt;
        if (takes_forever() || is_enough()) return std::move(best_);
        attempt(one, index);
      }
    }
    return std::move(best_);
  }

 private:
  // If the first few candidates do not end in the emulation, others will not end either.
  bool takes_forever() const {
    return jobs_.device().info().kind == DeviceKind::cpu && timed_out_ >= 3;
  }

  // A configuration that leaves elements unwritten may be wrong: a few more are tried.
  bool is_enough() const {
    constexpr int further = 16;
    return best_ && (least_unwritten_ == 0 || tries_ >= further);
  }

  void attempt(const OracleKernel& one, std::size_t index) {
    const Configuration values = (*one.space)[index];
    LoweredPlan lowered = trial_.lowering.lower(*one.kernel, values);
    OracleChoice choice{.kernel = one.kernel->name,
                        .configuration = text_of(one.space->knobs(), values),
                        .is_default = !std::exchange(tried_, true),
                        .default_fault = default_fault_,
                        .remark = "",
                        .plan = oracle_of(lowered.plan)};
    Measurement measurement;
    if (lowered.invalid.empty()) {
      measurement = verified(choice, std::move(lowered.plan));
    } else {
      measurement.outcome = Outcome::launch_failed;
      measurement.note = lowered.invalid;
    }
    if (measurement.outcome == Outcome::timed_out) ++timed_out_;
    if (choice.is_default) {
      default_fault_ = measurement.outcome == Outcome::ok
                           ? measurement.note
                           : fmt::format("{}: {}", name_of(measurement.outcome), measurement.note);
    }
    if (measurement.outcome != Outcome::ok) return;
    if (best_) ++tries_;
    const double unwritten = measurement.metrics[std::string(unwritten_elements)];
    if (best_ && unwritten >= least_unwritten_) return;
    least_unwritten_ = unwritten;
    choice.remark = measurement.note;
    best_ = std::move(choice);
  }

  Measurement verified(const OracleChoice& choice, Plan plan) {
    Job job;
    job.purpose = Purpose::verify;
    job.problem = trial_.problem_key;
    job.kernel = choice.kernel;
    job.configuration = choice.configuration;
    job.limits = trial_.limits;
    job.seed = trial_.seed;
    job.plan = std::move(plan);
    if (auto measurement = jobs_.run(std::move(job), stopped_)) return std::move(*measurement);
    Measurement none;
    none.outcome = Outcome::timed_out;
    return none;
  }

  const OracleTrial& trial_;
  JobRunner& jobs_;
  const std::function<bool()>& stopped_;
  bool tried_ = false;
  int timed_out_ = 0;
  std::string default_fault_;
  std::optional<OracleChoice> best_;  // the first of those that work and write the most
  double least_unwritten_ = 0;        // elements that best_ leaves unwritten
  int tries_ = 0;                     // working configurations that were tried after the first
};

}  // namespace

std::optional<OracleChoice> find_oracle(const OracleTrial& trial,
                                        std::span<const OracleKernel> kernels, JobRunner& jobs,
                                        const std::function<bool()>& stopped) {
  return Finding(trial, jobs, stopped).run(kernels);
}

TimeSpent choose_oracle(SessionRequest& request, Device& device, Progress& progress,
                        const std::function<bool()>& stopped) {
  if (!request.lowering) return {};
  const OpSpec& op = request.catalog->at(request.problem.op).op;
  if (op.has_oracle()) return {};
  std::vector<OracleKernel> kernels;
  for (const Competitor& one : request.competitors) kernels.push_back({one.kernel, &one.space});
  JobRunner jobs(device, *request.log);
  request.oracle =
      find_oracle({*request.lowering, request.problem_key, request.limits, request.seed}, kernels,
                  jobs, stopped);
  const TimeSpent spent = jobs.time_spent();
  if (stopped()) return spent;
  if (!request.oracle) {
    progress.note("no configuration that was tried works: results are compared with nothing");
    return spent;
  }
  const OracleChoice& oracle = *request.oracle;
  request.lowering->set_oracle(oracle.plan);
  if (!oracle.is_default) {
    progress.note(
        fmt::format("the default configuration does not work ({}): results are compared "
                    "with those of {}",
                    oracle.default_fault, oracle.name()));
  }
  if (!oracle.remark.empty()) {
    progress.note(fmt::format("the oracle, {}: {}", oracle.name(), oracle.remark));
  }
  const auto judge = std::find_if(request.competitors.begin(), request.competitors.end(),
                                  [&](const Competitor& one) { return one.name == oracle.kernel; });
  const std::string source = judge->code.source_digest;
  for (std::size_t i = 0; i < request.competitors.size(); ++i) {
    if (i == 0 && oracle.is_default) continue;  // its verdict digest covers the default already
    Competitor& one = request.competitors[i];
    one.code.verdict_digest =
        verdict_digest(*request.catalog, *one.kernel, request.problem, device.info(),
                       fmt::format("{} {}", source, oracle.name()));
  }
  return spent;
}

}  // namespace tw
