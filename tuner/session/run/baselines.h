// The times of the libraries with which a session's kernels are compared.
#pragma once
#include <map>
#include <string>

#include "core/plan/job.h"
#include "core/plan/measurement.h"
#include "session/run/session_run.h"

namespace tw {

// The baselines of one session. Only measurements with outcome ok are kept.
class Baselines {
 public:
  // The run must outlive the baselines.
  explicit Baselines(const SessionRun& run) : run_(run) {}

  // Takes the library's time from the database, or else measures and stores it. If the library
  // fails, a note of the progress says why, and there is no baseline.
  void find(Job job);
  // Stores a measurement, and replaces an earlier one of the same library.
  void accept(const Job& job, Measurement measurement);

  bool contains(const std::string& library) const { return measurements_.contains(library); }
  const std::map<std::string, Measurement>& measurements() const { return measurements_; }

 private:
  bool recall(const Context& context);
  Context context_of(const Job& job) const;

  const SessionRun& run_;
  std::map<std::string, Measurement> measurements_;  // by library
};

}  // namespace tw
