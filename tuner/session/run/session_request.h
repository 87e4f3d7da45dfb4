// The description of a session's work.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "core/model/time_model.h"
#include "core/plan/job.h"
#include "core/plan/objective.h"
#include "core/problem/problem.h"
#include "core/space/space.h"
#include "db/store.h"
#include "devices/event_log.h"
#include "options/options.h"
#include "session/run/oracle_choice.h"

namespace tw {

// A kernel that competes for the problem.
struct Competitor {
  // nullptr: the space comes from a recording, and nothing is compiled
  const KernelSpec* kernel = nullptr;
  std::string name;
  SearchSpace space;
  CodeKey code;
  std::string space_digest;
  // SearchTask::least_time if the kernel's model can prove bounds.
  std::function<LeastTime(std::span<const std::int64_t>)> least_time = {};
};

struct Contender {
  std::string kernel, configuration;
  bool operator==(const Contender&) const = default;
};

struct SessionRequest {
  const Catalog* catalog = nullptr;  // nullptr: nothing is compiled (replay)
  Problem problem;                   // used only if there is a catalog
  std::optional<Lowering> lowering;  // of the problem, if there is a catalog
  std::string problem_key;
  Situation situation;
  std::vector<Competitor> competitors;  // at least one
  std::vector<Job> baselines;           // made by baseline_job()
  std::optional<OracleChoice> oracle;   // for an op without a reference: choose_oracle()
  double roof_ns = 0;                   // roofline_ns; 0 if unknown
  Budget budget;                        // the competitors share half, the fastest one gets the rest
  Objective objective = Objective::time;  // with another one, `limits` must measure energy
  std::string strategy = "auto";
  std::uint64_t seed = 1;
  bool recall_only = false;  // nothing is searched; known configurations are raced
  // measure known configurations again, and learn nothing from other problems
  bool fresh = false;
  SampleLimits limits;
  bool unknown_work = false;    // no estimate of the time on the cpu device exists
  int finalists = 8;            // 0: no race
  bool counters = true;         // count the finalists if the device has counters
  std::vector<Contender> only;  // if not empty, nothing is searched and these are raced
  std::string command, commit, device_json;
  EventLog* log = &EventLog::none();

  Context context_of(const Competitor& competitor) const { return {situation, competitor.code}; }
};

}  // namespace tw
