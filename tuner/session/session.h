// One problem tuned on one device: what is known is told for free, the search runs, every trial is
// stored as it ends, the best few are raced.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/statistics.h"
#include "core/model/time_model.h"
#include "core/space/space.h"
#include "db/store.h"
#include "devices/device.h"
#include "options/options.h"
#include "search/stopping.h"
#include "session/oracle_choice.h"
#include "ui/progress.h"

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

struct Ranked {
  std::string kernel, configuration;
  Measurement measurement;  // a finalist's: pooled over the race's rounds
  double median_ns = 0;
  bool raced = false, tied = false, is_default = false;
  std::optional<Interval> slower;  // than the fastest of the race, as a ratio
};

// What a kernel's search began with: the trials of another problem, or of another device.
struct Learned {
  std::string kernel, problem, device;
  std::size_t trials = 0;
};

struct SessionResult {
  std::vector<Ranked> ranking;  // those with a time: the winner and its ties first, then by time
  std::int64_t space_size = 0, evaluated = 0, known = 0;
  std::map<Outcome, std::int64_t> outcomes;      // of all, known ones included
  std::map<Outcome, std::string> notes;          // the first of each that failed
  std::map<std::string, Measurement> baselines;  // by library; outcome ok
  bool interrupted = false, exhausted = false;
  bool all_finalists_failed = false;  // in the race: there is no ranking, nothing wins
  std::vector<Learned> learned;
  std::optional<Certificate> certificate;  // the least sure kernel's
  double seconds = 0;
};

// `stopped` says whether the user wants an end. Throws Error for faults of the machine (a full
// disk, ...); trials stored before stay stored.
SessionResult run_session(const SessionRequest& request, Device& device, Store& store,
                          Progress& progress, const std::function<bool()>& stopped);

}  // namespace tw
