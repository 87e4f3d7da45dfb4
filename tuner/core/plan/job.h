// The unit of work that a device is given, and what comes back.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/plan/measurement.h"
#include "core/plan/plan.h"

namespace tw {

// `counters`: not timed; what the hardware counts of a launch comes back as metrics.
enum class Purpose { measure, race_round, verify, baseline, counters };

struct SampleLimits {
  int min_samples = 5;
  int max_samples = 50;
  double max_ms = 200;  // of sampling, per job
  double relative_interval =
      0.005;  // stop when the 95 % interval of the median is within this of it
  bool cold_l2 = true;
  double timeout_ms = 10000;  // wall time of verify and timing together; past it: timed_out
};

struct Job {
  std::uint64_t id = 0;
  Purpose purpose = Purpose::measure;
  std::string problem;        // Problem::key
  std::string kernel;         // KernelSpec::name; a baseline: "cublas"
  std::string configuration;  // text_of; empty for a baseline
  Plan plan;
  BaselineSpec baseline;  // Purpose::baseline only; its args are not serialised: see baseline_args
  std::vector<std::pair<std::string, PlanArg>> baseline_args;  // evaluated, by the adaptor's words
  double incumbent_ns = 0;  // 0: none. A job that cannot beat it may stop early (its outcome stays
                            // ok; metrics["stopped_early"] = 1)
  SampleLimits limits;
  std::uint64_t seed = 1;
};

struct Finished {
  std::uint64_t id = 0;
  Measurement measurement;
};

// One versioned serialisation (CBOR), spoken over pipes to workers. parse_* throw Error on anything
// malformed.
std::string serialise(const Job& job);
Job parse_job(const std::string& bytes);
std::string serialise(const Finished& finished);
Finished parse_finished(const std::string& bytes);

// A job that times a library's call. Its plan has the tensors and the reference, so that a worker
// can allocate and verify, and no launches. A baseline whose arguments do not include `epilogue`
// computes without the problem's chain, and its plan is without it too. Throws Error if an argument
// has no value.
Job baseline_job(const Catalog& catalog, const Problem& problem, const DeviceInfo& device,
                 const BaselineSpec& baseline);

}  // namespace tw
