// What a session is asked to do.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/model/time_model.h"
#include "core/plan/job.h"
#include "core/problem/problem.h"
#include "core/space/space.h"
#include "db/store.h"
#include "options/options.h"
#include "session/oracle_choice.h"

namespace tw {

// A kernel that competes for the problem.
struct Competitor {
  const KernelSpec* kernel = nullptr;  // nullptr: the space is a recording's, nothing is compiled
  std::string name;
  SearchSpace space;
  Context context;
  std::string space_digest;
  // SearchTask::least_time, if the kernel's model proves anything.
  std::function<LeastTime(std::span<const std::int64_t>)> least_time = {};
};

struct Contender {
  std::string kernel, configuration;
  bool operator==(const Contender&) const = default;
};

struct SessionRequest {
  const Catalog* catalog = nullptr;  // nullptr: nothing is compiled (replay)
  Problem problem;                   // read only if there is a catalog
  std::string problem_key;
  std::vector<Competitor> competitors;  // at least one
  std::vector<Job> baselines;           // of baseline_job()
  std::optional<OracleChoice> oracle;   // of an op without a reference: choose_oracle()
  double roof_ns = 0;                   // roofline_ns; 0: unknown
  Budget budget;                        // half shared by the competitors, the rest the leader's
  std::string strategy = "auto";
  std::uint64_t seed = 1;
  bool recall_only = false;  // nothing is searched: what is known is raced
  bool fresh = false;        // measure again what is known, and learn nothing from other problems
  SampleLimits limits;
  bool unknown_work = false;    // nothing says how long the cpu device takes
  int finalists = 8;            // 0: no race
  bool counters = true;         // of the finalists, where the device has them
  std::vector<Contender> only;  // not empty: nothing is searched, these are raced
  std::string command, commit, device_json;
};

}  // namespace tw
