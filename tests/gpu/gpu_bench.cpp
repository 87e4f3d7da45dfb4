#include "gpu_bench.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"

namespace tw::test {
namespace {

// Prints for a person who runs the tests by hand.
void print(const Job& job, const Measurement& measurement) {
  fmt::print(
      "  {} {} {} ({}): {} {}\n    median {:.0f} ns of {} by {}, compiled in {:.0f} ms, {} "
      "registers, {} "
      "bytes local, {} bytes shared, {} blocks an SM, {:.3g} ulps\n   ",
      job.kernel, job.configuration, job.problem, job.id, name_of(measurement.outcome),
      measurement.note, measurement.median_ns(), measurement.samples_ns.size(), measurement.timer,
      measurement.compile_ms, measurement.registers, measurement.spill_bytes,
      measurement.smem_bytes, measurement.blocks_per_sm, measurement.error_ulps);
  for (const auto& [name, value] : measurement.metrics) fmt::print(" {}={:g}", name, value);
  fmt::print("\n");
}

}  // namespace

Device* gpu(std::string& why) {
  static std::string reason;
  static const std::unique_ptr<Device> device = []() -> std::unique_ptr<Device> {
    try {
      CudaOptions options;
      options.cache = false;
      options.compile_timeout_ms = 40000;
      return open_cuda(options);
    } catch (const Error& error) {
      reason = error.what();
      return nullptr;
    }
  }();
  why = reason;
  return device.get();
}

Job job_for(const Catalog& catalog, const std::string& op, const std::string& kernel,
            const ProblemText& problem, const std::string& configuration, const Device& device) {
  const OpEntry& entry = catalog.at(op);
  const Problem parsed = parse_problem(entry.op, problem);
  for (const KernelSpec& spec : entry.kernels) {
    if (spec.name != kernel) continue;
    Configuration values;
    if (configuration.empty()) {
      for (const Knob& knob : spec.knobs) values.push_back(knob.values.front());
    } else {
      values = configuration_from(spec.knobs, configuration);
    }
    const LoweredPlan lowered = lower(catalog, spec, parsed, device.info(), values);
    EXPECT_EQ(lowered.invalid, "");
    Job job;
    job.problem = parsed.key(entry.op);
    job.kernel = kernel;
    job.configuration = text_of(spec.knobs, values);
    job.plan = lowered.plan;
    return job;
  }
  throw Error("no kernel " + kernel);
}

std::vector<Measurement> run_all(Device& device, const std::vector<Job>& jobs) {
  static std::uint64_t next_id = 1;
  const std::uint64_t first_id = next_id;
  next_id += jobs.size();
  std::vector<Measurement> measurements(jobs.size());
  constexpr auto patience = std::chrono::minutes(3);  // without an answer
  auto deadline = std::chrono::steady_clock::now() + patience;
  std::size_t submitted = 0, answered = 0;
  while (answered < jobs.size()) {
    while (submitted < jobs.size() &&
           submitted - answered < static_cast<std::size_t>(device.capacity())) {
      Job job = jobs[submitted];
      job.id = first_id + submitted++;
      device.submit(std::move(job));
    }
    for (Finished& finished : device.wait(deadline)) {
      deadline = std::chrono::steady_clock::now() + patience;
      if (finished.id < first_id) continue;
      const std::size_t at = finished.id - first_id;
      if (std::getenv("TILEWRIGHT_TEST_VERBOSE")) print(jobs[at], finished.measurement);
      measurements[at] = std::move(finished.measurement);
      ++answered;
    }
    if (std::chrono::steady_clock::now() > deadline) {
      throw Error("the device did not answer in three minutes");
    }
  }
  return measurements;
}

Measurement run(Device& device, Job job) { return run_all(device, {std::move(job)}).front(); }

}  // namespace tw::test
