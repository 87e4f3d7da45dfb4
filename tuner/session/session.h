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
#include "core/catalog/catalog.h"
#include "core/model/time_model.h"
#include "core/space/space.h"
#include "db/store.h"
#include "devices/device.h"
#include "options/options.h"
#include "search/stopping.h"
#include "session/oracle_choice.h"
#include "session/session_request.h"
#include "ui/progress.h"

namespace tw {

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
