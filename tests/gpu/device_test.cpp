// The whole path on a real GPU: device properties, verification, timing, the baseline.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <string>

#include "core/catalog/catalog.h"
#include "core/lowering/baseline_job.h"
#include "core/lowering/lowering.h"
#include "gpu_bench.h"
#include "unit/conformance/sample.h"
#include "unit/support/own_problem.h"
#include "unit/support/paths.h"

namespace tw::test {
namespace {

const Catalog& catalog() {
  static const Catalog loaded = Catalog::load(builtin_spaces(), builtin_sources());
  return loaded;
}

Job faultless(const Device& device, const std::string& shape) {
  static const Catalog loaded = Catalog::load_file(test_data("faults/op.toml"), builtin_sources());
  return job_for(loaded, "faults", "double", {.shape = shape}, "behaviour=good", device);
}

Job gemm(const Device& device, const std::string& shape, const std::string& epilogue = "") {
  return job_for(catalog(), "gemm", "simt", {.shape = shape, .epilogue = epilogue}, "", device);
}

TEST(Device, DescribesItself) {
  TW_NEEDS_GPU(device);
  const DeviceInfo& info = device->info();
  EXPECT_EQ(info.kind, DeviceKind::cuda);
  EXPECT_THAT(info.model, testing::HasSubstr("NVIDIA"));
  EXPECT_THAT(info.uuid, testing::MatchesRegex("GPU-[0-9a-f]{8}-[0-9a-f]{4}-.*"));
  EXPECT_THAT(info.toolchain, testing::StartsWith("NVRTC "));
  EXPECT_FALSE(info.driver.empty());
  EXPECT_GE(info.cc, 70);
  EXPECT_GT(info.sms, 0);
  EXPECT_GE(info.smem_optin, 48 << 10);
  EXPECT_GT(info.l2_bytes, 1 << 20);
  EXPECT_GT(info.memory_bytes, std::int64_t{1} << 30);
  EXPECT_GT(info.sm_clock_mhz, 100);
}

TEST(Device, IsSeenByTheProbe) {
  TW_NEEDS_GPU(device);
  const CudaProbe probe = probe_cuda();
  ASSERT_FALSE(probe.devices.empty());
  EXPECT_EQ(probe.devices.front().uuid, device->info().uuid);
  EXPECT_EQ("NVRTC " + probe.nvrtc, device->info().toolchain);
  EXPECT_GT(count_cuda(), 0);
}

TEST(Gemm, DefaultIsVerifiedAndTimedAtEdgeShapes) {
  TW_NEEDS_GPU(device);
  const OpEntry& entry = catalog().at("gemm");
  const auto simt = std::find_if(entry.kernels.begin(), entry.kernels.end(),
                                 [](const KernelSpec& kernel) { return kernel.name == "simt"; });
  ASSERT_NE(simt, entry.kernels.end());
  for (const std::string& shape : entry.op.edge_shapes) {
    const Problem problem = parse_problem(entry.op, {.shape = shape});
    if (!simt->needs.expr.holds(slots_of(entry.op, simt->names, problem, device->info()))) continue;
    const Measurement measurement = run(*device, gemm(*device, shape));
    EXPECT_EQ(measurement.outcome, Outcome::ok) << shape << ": " << measurement.note;
    EXPECT_GE(measurement.error_ulps, 0) << shape;
    EXPECT_GT(measurement.median_ns(), 500) << shape;
    EXPECT_GT(measurement.registers, 0);
    EXPECT_GT(measurement.blocks_per_sm, 0);
  }
}

TEST(Gemm, EpilogueAndLayoutsAreVerified) {
  TW_NEEDS_GPU(device);
  for (const char* layout : {"nn", "nt", "tn", "tt"}) {
    const Measurement measurement =
        run(*device, gemm(*device, std::string("m=129,n=130,k=67,beta=0.5,layout=") + layout,
                          "bias_column,relu,scale(2)"));
    EXPECT_EQ(measurement.outcome, Outcome::ok) << layout << ": " << measurement.note;
  }
}

TEST(Gemm, ReducedRowsAreVerifiedAndTimed) {
  TW_NEEDS_GPU(device);
  const OpEntry& entry = catalog().at("gemm");
  for (const KernelSpec& kernel : entry.kernels) {
    if (!kernel.reduces) continue;
    for (const std::string& reduction : entry.op.epilogue_reductions) {
      for (const char* dtype : {"f32", "f16", "bf16"}) {
        const ProblemText text{.shape = "m=1000,n=1001,k=256,layout=nt",
                               .dtype = dtype,
                               .math = std::string_view(dtype) == "f32" ? "tf32" : "",
                               .epilogue = "bias_column," + reduction};
        const Problem problem = parse_problem(entry.op, text);
        const auto slots = slots_of(entry.op, kernel.names, problem, device->info());
        if (!kernel.needs.expr.holds(slots)) continue;
        const std::string name = kernel.name + " " + problem.key(entry.op);
        const Measurement measurement =
            run(*device, job_for(catalog(), "gemm", kernel.name, text, "", *device));
        EXPECT_EQ(measurement.outcome, Outcome::ok) << name << ": " << measurement.note;
        EXPECT_GT(measurement.median_ns(), 500) << name;
      }
    }
  }
}

// Returns jobs for the cpu device's conformance sample: every value of every knob, on every edge
// shape that the configuration serves, even if it is not worth a search. Every other configuration
// also runs with a reduction.
std::vector<Job> conformance_jobs(const OpEntry& entry, const KernelSpec& kernel,
                                  const DeviceInfo& device) {
  std::vector<Job> jobs;
  const std::vector<Epilogue> chains = conformance::epilogues_of(entry.op);
  const std::vector<Epilogue> reductions = conformance::reductions_of(entry.op, kernel);
  const std::vector<Configuration> sample = conformance::sample_of(entry.op, kernel);
  const std::vector<std::string> choices = conformance::choice_texts(entry.op);
  const auto add = [&](const Problem& edge, const Configuration& one, const Epilogue& chain) {
    const auto problem = conformance::with_chain(entry.op, edge, chain);
    // A kernel's requirements may exclude chains.
    if (!problem || !serves(kernel, slots_of(entry.op, kernel.names, *problem, device), one))
      return;
    LoweredPlan lowered = lower(catalog(), kernel, *problem, device, one);
    ASSERT_EQ(lowered.invalid, "") << problem->key(entry.op);
    Job& job = jobs.emplace_back();
    job.problem = problem->key(entry.op);
    job.kernel = kernel.name;
    job.configuration = text_of(kernel.knobs, one);
    job.purpose = Purpose::verify;
    job.plan = std::move(lowered.plan);
  };
  for (std::size_t choice = 0; choice < choices.size(); ++choice) {
    for (const Problem& edge : conformance::edge_problems(entry.op, choices[choice])) {
      const auto slots = slots_of(entry.op, kernel.names, edge, device);
      for (std::size_t i = 0; i < sample.size(); ++i) {
        if (!serves(kernel, slots, sample[i])) continue;
        add(edge, sample[i], conformance::chain_of(chains, i, choice));
        if (reductions.empty() || (i + choice) % 2 != 0) continue;
        add(edge, sample[i], conformance::chain_of(reductions, i, choice));
      }
    }
  }
  return jobs;
}

TEST(Conformance, EveryKernelAgreesWithTheReference) {
  TW_NEEDS_GPU(device);
  std::vector<Job> jobs;
  for (const OpEntry& entry : catalog().ops()) {
    for (const KernelSpec& kernel : entry.kernels) {
      for (Job& job : conformance_jobs(entry, kernel, device->info())) {
        jobs.push_back(std::move(job));
      }
    }
  }
  EXPECT_GT(jobs.size(), 100U);
  const std::vector<Measurement> measurements = run_all(*device, jobs);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    EXPECT_EQ(measurements[i].outcome, Outcome::ok)
        << jobs[i].problem << ": " << jobs[i].configuration << ": " << measurements[i].note;
    if (measurements[i].outcome != Outcome::ok) continue;
    // A tolerance leaves room for orders of addition that no kernel here uses.
    EXPECT_LE(measurements[i].metrics.at("tolerance_used"), 0.5)
        << jobs[i].problem << ": " << jobs[i].kernel << ": " << jobs[i].configuration;
  }
}

// Two passes, workspaces that are cleared once and each time, and clusters if the GPU has them.
TEST(Plan, PassesWorkspacesAndClustersAreVerifiedAndTimed) {
  TW_NEEDS_GPU(device);
  const Catalog blend = Catalog::load_file(test_data("emit/op.toml"), builtin_sources());
  for (const char* shape : {"rows=64,columns=4096", "rows=3,columns=300,pitch=304",
                            "rows=1,columns=256", "rows=130,columns=257,weight=0.5"}) {
    for (const char* configuration : {"threads=128 kilobytes=64", "threads=256 kilobytes=8"}) {
      const Measurement measurement =
          run(*device, job_for(blend, "blend", "passes", {.shape = shape}, configuration, *device));
      EXPECT_EQ(measurement.outcome, Outcome::ok) << shape << ": " << measurement.note;
      EXPECT_GT(measurement.median_ns(), 500) << shape;
    }
  }
}

// A configuration needs the maximum of what its launches need, whatever their order.
TEST(Plan, ResourcesAreTheMostOfAnyPass) {
  TW_NEEDS_GPU(device);
  const Catalog blend = Catalog::load_file(test_data("emit/op.toml"), builtin_sources());
  Job job = job_for(blend, "blend", "passes", {.shape = "rows=64,columns=4096"},
                    "threads=128 kilobytes=64", *device);
  ASSERT_EQ(job.plan.launches.size(), 2U);
  const Measurement forwards = run(*device, job);
  EXPECT_EQ(forwards.outcome, Outcome::ok) << forwards.note;
  EXPECT_EQ(forwards.smem_bytes, 64 * 1024);
  EXPECT_EQ(forwards.blocks_per_sm, device->info().smem_per_sm / (65 * 1024));
  std::swap(job.plan.launches[0], job.plan.launches[1]);
  const Measurement backwards = run(*device, job);
  EXPECT_EQ(backwards.outcome, Outcome::wrong_result);
  EXPECT_GT(backwards.registers, 0);
  EXPECT_EQ(backwards.registers, forwards.registers);
  EXPECT_EQ(backwards.smem_bytes, forwards.smem_bytes);
  EXPECT_EQ(backwards.blocks_per_sm, forwards.blocks_per_sm);
}

TEST(Gemm, WrongToleranceIsFoundWrong) {
  TW_NEEDS_GPU(device);
  Job job = gemm(*device, "m=256,n=256,k=256");
  test::own_problem(job.plan).tolerance = 1e-16;
  const Measurement measurement = run(*device, std::move(job));
  EXPECT_EQ(measurement.outcome, Outcome::wrong_result);
  EXPECT_THAT(measurement.note, testing::HasSubstr("% of the elements wrong"));
}

TEST(Baseline, CublasIsVerifiedAndTimed) {
  TW_NEEDS_GPU(device);
  if (probe_cuda().cublas.empty()) GTEST_SKIP() << "libcublas is not installed";
  const OpEntry& entry = catalog().at("gemm");
  for (const char* shape : {"m=512,n=256,k=128", "m=130,n=68,k=36,beta=0.5,alpha=-1.5,layout=nt",
                            "m=130,n=68,k=36,layout=tn,ldc=80", "m=64,n=96,k=33,layout=tt"}) {
    const Problem problem = parse_problem(entry.op, {.shape = shape});
    const Measurement measurement =
        run(*device, baseline_job(catalog(), problem, device->info(), entry.op.baselines.front()));
    EXPECT_EQ(measurement.outcome, Outcome::ok) << shape << ": " << measurement.note;
    EXPECT_THAT(measurement.note, testing::StartsWith("cuBLAS "));
    EXPECT_GE(measurement.error_ulps, 0);
    EXPECT_GT(measurement.median_ns(), 500);
  }
}

// A library may refuse a problem, but its results must be those of the reference.
TEST(Baseline, EveryOpsAgreesWithItsReference) {
  TW_NEEDS_GPU(device);
  for (const OpEntry& entry : catalog().ops()) {
    std::map<std::string, int> agreed;
    for (const BaselineSpec& baseline : entry.op.baselines) {
      for (const std::string& choices : conformance::choice_texts(entry.op)) {
        for (const Problem& problem : conformance::edge_problems(entry.op, choices)) {
          if (problem.align < 16) continue;
          const Measurement measurement =
              run(*device, baseline_job(catalog(), problem, device->info(), baseline));
          const std::string name = problem.key(entry.op) + ": " + measurement.note;
          if (measurement.note.find("is not installed") != std::string::npos) GTEST_SKIP() << name;
          EXPECT_NE(measurement.outcome, Outcome::wrong_result) << name;
          EXPECT_NE(measurement.outcome, Outcome::faulted) << name;
          agreed[std::string(name_of(problem.dtype)) + " " + problem.math] +=
              measurement.outcome == Outcome::ok;
        }
      }
    }
    for (const auto& [math, count] : agreed) EXPECT_GT(count, 0) << entry.op.name << " " << math;
  }
}

// A streaming kernel with known traffic: a time outside of these bounds is wrong. 512 MiB read and
// 512 MiB written take 0.2 ms at 5 TB/s.
TEST(Timing, AgreesWithTheMemoryTraffic) {
  TW_NEEDS_GPU(device);
  const double bandwidth = device->info().memory_bandwidth;
  if (bandwidth == 0) GTEST_SKIP() << "the bandwidth of this device is not known";
  const Measurement measurement = run(*device, faultless(*device, "rows=16384,cols=8192"));
  ASSERT_EQ(measurement.outcome, Outcome::ok) << measurement.note;
  const double floor_ns = 2.0 * 4 * 16384 * 8192 / bandwidth * 1e9;
  EXPECT_GT(measurement.median_ns(), floor_ns);
  EXPECT_LT(measurement.median_ns(), 4 * floor_ns);
}

TEST(Timing, OfAColdCacheIsLongerThanOfAWarmOne) {
  TW_NEEDS_GPU(device);
  Job job = faultless(*device, "rows=1024,cols=1024");
  const double cold_ns = run(*device, job).median_ns();
  job.limits.cold_l2 = false;
  const double warm_ns = run(*device, job).median_ns();
  EXPECT_GT(cold_ns, warm_ns);
}

TEST(Timing, RepeatsWithinAFewPercent) {
  TW_NEEDS_GPU(device);
  const Job job = gemm(*device, "m=1024,n=1024,k=1024");
  const double first_ns = run(*device, job).median_ns();
  const double second_ns = run(*device, job).median_ns();
  EXPECT_NEAR(second_ns / first_ns, 1, 0.05);
}

// Samples are queued without waiting for each one: 400 samples of a kernel of some microseconds,
// each after a flush of L2 (0.1 ms or less), take a fraction of a second.
TEST(Timing, ASampleCostsLittleMoreThanItsFlush) {
  TW_NEEDS_GPU(device);
  Job job = faultless(*device, "rows=64,cols=64");
  job.limits.min_samples = job.limits.max_samples = 400;
  job.limits.max_ms = 10000;
  run(*device, job);  // compiles the programs and allocates the buffers
  const auto start = std::chrono::steady_clock::now();
  const Measurement measurement = run(*device, job);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(measurement.samples_ns.size(), 400u);
  EXPECT_LT(seconds.count(), 0.4);
  RecordProperty("seconds", std::to_string(seconds.count()));
}

TEST(Timing, EventsAgreeWithCuptiBesideTheLaunch) {
  TW_NEEDS_GPU(device);
  Job job = faultless(*device, "rows=16384,cols=4096");
  const Measurement by_cupti = run(*device, job);
  if (by_cupti.timer != "cupti") GTEST_SKIP() << "CUPTI is not to be had here";
  ::setenv("TILEWRIGHT_TIMER", "events", 1);
  CudaOptions options;
  options.cache = false;
  const auto other = open_cuda(options);
  ::unsetenv("TILEWRIGHT_TIMER");
  const Measurement by_events = run(*other, job);
  EXPECT_EQ(by_events.timer, "events");
  EXPECT_GE(by_events.median_ns(), 0.98 * by_cupti.median_ns());
  EXPECT_LE(by_events.median_ns(), by_cupti.median_ns() + 20000);
  EXPECT_FALSE(other->notices().empty());
}

TEST(EarlyStop, SparesSamplesOfWhatCannotWin) {
  TW_NEEDS_GPU(device);
  Job job = gemm(*device, "m=1024,n=1024,k=1024");
  job.limits.relative_interval = 1e-9;
  const Measurement whole = run(*device, job);
  job.incumbent_ns = whole.median_ns() / 2;
  const Measurement stopped = run(*device, job);
  EXPECT_EQ(whole.metrics.count("stopped_early"), 0u);
  EXPECT_EQ(stopped.metrics.at("stopped_early"), 1);
  EXPECT_LE(stopped.samples_ns.size(), 3u);
  EXPECT_GT(whole.samples_ns.size(), 10u);
}

TEST(Ordinal, OfNoDeviceIsAClearError) {
  TW_NEEDS_GPU(device);
  CudaOptions options;
  options.ordinal = 99;
  try {
    open_cuda(options);
    FAIL() << "cuda:99 was opened";
  } catch (const std::exception& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("no device cuda:99"));
  }
}

}  // namespace
}  // namespace tw::test
