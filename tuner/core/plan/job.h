// The unit of work that a device gets, and its result.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/plan/measurement.h"
#include "core/plan/parts.h"
#include "core/plan/plan.h"

namespace tw {

// The purpose of a job. A job for `counters` is not timed; the hardware counters of one launch come
// back as metrics.
enum class Purpose { measure, race_round, verify, baseline, counters };

// The limits of the sampling of one job.
struct SampleLimits {
  int min_samples = 5;
  int max_samples = 50;
  double max_ms = 200;  // time for sampling, per job
  // Sampling stops when the 95 % interval of the median is within this fraction of the median.
  double relative_interval = 0.005;
  bool cold_l2 = true;
  double timeout_ms = 10000;  // wall time of verify and timing together; after it: timed_out
  // The least time of the launches whose energy is measured, beside the samples; 0: none is.
  double energy_ms = 0;
};

// A request to a device.
struct Job {
  std::uint64_t id = 0;
  Purpose purpose = Purpose::measure;
  std::string problem;        // Problem::key
  std::string kernel;         // KernelSpec::name; for a baseline "cublas"
  std::string configuration;  // text_of; empty for a baseline
  Plan plan;
  // Only for Purpose::baseline. Its args are not serialised: see baseline_args.
  BaselineSpec baseline;
  std::vector<std::pair<std::string, PlanArg>> baseline_args;  // evaluated, by the adaptor's words
  std::string math;                                            // Problem::math, for a baseline
  bool without_epilogue = false;  // the baseline does not compute the problem's chain
  // The time to beat; 0: none. A job that cannot beat it may stop early. Then its outcome stays ok,
  // and metrics["stopped_early"] is 1.
  double incumbent_ns = 0;
  SampleLimits limits;
  std::uint64_t seed = 1;
};

// The result of a job.
struct Finished {
  std::uint64_t id = 0;
  Measurement measurement;
};

// The versioned serialisation (CBOR) for the pipes to workers. parse_* throw Error on anything
// malformed. `parts` is what the worker has already; without it, the message holds everything.
std::string serialise(const Job& job, PartsSent& parts);
std::string serialise(const Job& job);
Job parse_job(const std::string& bytes, PartsReceived& parts);
Job parse_job(const std::string& bytes);
std::string serialise(const Finished& finished);
Finished parse_finished(const std::string& bytes);

}  // namespace tw
