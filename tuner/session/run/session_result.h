// The result of a session.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/statistics.h"
#include "core/plan/measurement.h"
#include "search/stopping.h"
#include "session/run/timings.h"

namespace tw {

// A configuration with its time.
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
  std::vector<PhaseTime> timings;
  Activity workers;  // how many compilers and GPUs the device has
};

}  // namespace tw
