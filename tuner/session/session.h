// Tunes one problem on one device. Known trials are used without measuring them again; the search
// runs; every trial is stored when it ends; the best few are raced.
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
  Measurement measurement;  // for a finalist: pooled over the race's rounds
  double median_ns = 0;
  bool raced = false, tied = false, is_default = false;
  std::optional<Interval> slower;  // how much slower than the race's fastest, as a ratio
};

// The trials with which a kernel's search began: of another problem, or of another device.
struct Learned {
  std::string kernel, problem, device;
  std::size_t trials = 0;
};

struct SessionResult {
  std::vector<Ranked> ranking;  // rows with a time: the winner and its ties first, then by time
  std::int64_t space_size = 0, evaluated = 0, known = 0;
  std::map<Outcome, std::int64_t> outcomes;      // counts of all trials, known ones included
  std::map<Outcome, std::string> notes;          // the first note of each kind of failure
  std::map<std::string, Measurement> baselines;  // by library; only with outcome ok
  bool interrupted = false, exhausted = false;
  // all failed in the race: there is no ranking, and nothing wins
  bool all_finalists_failed = false;
  std::vector<Learned> learned;
  std::optional<Certificate> certificate;  // the certificate of the least sure kernel
  double seconds = 0;
};

// Runs the session. `stopped` returns whether the user wants to end. Throws Error for faults of the
// machine (a full disk, ...); trials that are already stored stay stored.
SessionResult run_session(const SessionRequest& request, Device& device, Store& store,
                          Progress& progress, const std::function<bool()>& stopped);

}  // namespace tw
