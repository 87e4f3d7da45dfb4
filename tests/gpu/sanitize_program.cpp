// Runs every kernel once for compute-sanitizer (scripts/sanitize), with the measuring worker's
// MeasuringSession in this process. The process ends normally, so that the tool watches one process
// and its report is complete. Buffers have no guard zones here, so that an access beyond a tensor
// is an access beyond an allocation.
//
//     sanitize_program --list      the kernels, one a line
//     sanitize_program gemm/mma    runs one: 0 right, 1 wrong, 2 the machine is at fault
//     sanitize_program gemm/mma 3/8     the third eighth of its problems
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/catalog/catalog.h"
#include "core/lowering/lowering.h"
#include "core/space/space.h"
#include "devices/cuda/cuda.h"
#include "devices/cuda/runtime/cuda_runtime.h"
#include "devices/gpu/compile/compile_pool.h"
#include "devices/gpu/compile/verify_program.h"
#include "devices/gpu/measure/measuring_session.h"
#include "unit/conformance/sample.h"

namespace tw::gpu {
namespace {

// Modules by program; each program is compiled once.
class Modules {
 public:
  Modules(int cc, CompilePool& pool) : architecture_(architecture_of(cc)), pool_(pool) {}
  const Module& of(const Program& program) {
    std::string key = program.text;
    for (const std::string& entry : program.entries) key += "\n" + entry;
    const auto [at, is_new] = modules_.try_emplace(key);
    if (is_new) at->second = compiled(program);
    return at->second;
  }

 private:
  Module compiled(const Program& program) {
    pool_.submit(1, {program, architecture_, {}});
    while (true) {
      for (CompilePool::Result& result : pool_.advance()) {
        if (!result.compiled.ok) throw Error("it does not compile: " + result.compiled.log);
        return {std::move(result.compiled.cubin), std::move(result.compiled.names)};
      }
      std::vector<int> descriptors;
      pool_.add_descriptors(descriptors);
      wait_any(descriptors, pool_.next_deadline());
    }
  }
  std::string architecture_;
  CompilePool& pool_;
  std::map<std::string, Module> modules_;
};

// Returns a job with the first configuration that serves the problem; nothing if none does.
std::optional<Job> job_of(const Catalog& catalog, const OpSpec& op, const KernelSpec& kernel,
                          const std::vector<Configuration>& sample, const Problem& problem,
                          const DeviceInfo& device) {
  const auto slots = slots_of(op, kernel.names, problem, device);
  const auto configuration =
      std::find_if(sample.begin(), sample.end(),
                   [&](const Configuration& each) { return serves(kernel, slots, each); });
  if (configuration == sample.end()) return std::nullopt;
  LoweredPlan lowered = lower(catalog, kernel, problem, device, *configuration);
  if (!lowered.invalid.empty()) throw Error(lowered.invalid);
  Job job;
  job.problem = problem.key(op);
  job.kernel = kernel.name;
  job.configuration = text_of(kernel.knobs, *configuration);
  job.purpose = Purpose::verify;
  job.limits.cold_l2 = false;
  job.plan = std::move(lowered.plan);
  return job;
}

// Returns, for each of the op's choices, the edge shapes in one dtype and math, which alternate.
// Each has the chain of all steps; every other one has a reduction if the kernel reduces.
std::vector<Job> jobs_of(const Catalog& catalog, const OpEntry& entry, const KernelSpec& kernel,
                         const DeviceInfo& device) {
  std::vector<Job> jobs;
  std::vector<Epilogue> chains = conformance::reductions_of(entry.op, kernel);
  chains.resize(std::min<std::size_t>(1, chains.size()));
  chains.push_back(conformance::epilogues_of(entry.op).back());
  const std::vector<Configuration> sample = conformance::sample_of(entry.op, kernel);
  std::size_t turn = 0;
  for (const std::string& choices : conformance::choice_texts(entry.op)) {
    std::map<std::string, std::vector<Job>> by_math;
    for (const Problem& edge : conformance::edge_problems(entry.op, choices)) {
      std::vector<Job>& in_math = by_math[std::string(name_of(edge.dtype)) + edge.math];
      auto problem =
          conformance::with_chain(entry.op, edge, chains[in_math.size() % chains.size()]);
      if (!problem) problem = conformance::with_chain(entry.op, edge, chains.back());
      auto job = job_of(catalog, entry.op, kernel, sample, *problem, device);
      if (job) in_math.push_back(std::move(*job));
    }
    std::erase_if(by_math, [](const auto& one) { return one.second.empty(); });
    if (by_math.empty()) continue;
    auto chosen = by_math.begin();
    std::advance(chosen, turn++ % by_math.size());
    for (Job& job : chosen->second) jobs.push_back(std::move(job));
  }
  return jobs;
}

// The problems whose index modulo `of` is `index`.
struct Part {
  std::size_t index = 0, of = 1;
};

Part parse_part(const std::string& text) {
  const std::size_t slash = text.find('/');
  const int index = std::atoi(text.c_str());
  const int of = slash == std::string::npos ? 0 : std::atoi(text.c_str() + slash + 1);
  if (index < 1 || index > of) throw Error("part '" + text + "': say 1/8 to 8/8");
  return {static_cast<std::size_t>(index - 1), static_cast<std::size_t>(of)};
}

// Returns the exit code.
int run_kernel(const Catalog& catalog, const OpEntry& entry, const KernelSpec& kernel, Part part) {
  ::setenv("TILEWRIGHT_TIMER", "events", 1);  // CUPTI can have only one user at a time
  const auto runtime = cuda::open_runtime(0, Use::time);
  MeasuringSession session(*runtime, 0);
  CompilePool pool(cuda::platform(), 1, std::chrono::minutes(5));
  Modules modules(session.info().cc, pool);
  std::vector<Job> jobs;
  std::size_t place = 0;
  for (Job& job : jobs_of(catalog, entry, kernel, session.info())) {
    if (place++ % part.of == part.index) jobs.push_back(std::move(job));
  }
  int wrong = 0;
  for (const Job& job : jobs) {
    MeasureRequest request{job, modules.of(job.plan.program),
                           modules.of(job.plan.problem->oracle.program),
                           modules.of(verify_program())};
    if (!job.plan.plain.empty()) {
      request.plain = modules.of(job.plan.plain.front().program);
      request.plain_oracle = modules.of(job.plan.plain.front().problem->oracle.program);
    }
    session.prepare(request);
    bool lost = false;
    const Measurement measurement = session.run(request, lost);
    if (measurement.outcome == Outcome::ok) continue;
    ++wrong;
    fmt::print("{}: {}: {}: {}\n", job.problem, job.configuration, name_of(measurement.outcome),
               measurement.note);
    if (lost) break;
  }
  fmt::print("ran {} problems, {} went wrong\n", jobs.size(), wrong);
  return wrong == 0 && !jobs.empty() ? 0 : 1;
}

int list(const Catalog& catalog) {
  for (const OpEntry& entry : catalog.ops()) {
    for (const KernelSpec& kernel : entry.kernels)
      fmt::print("{}/{}\n", entry.op.name, kernel.name);
  }
  return 0;
}

int run(const std::string& asked, const std::string& part) {
  const Catalog catalog = Catalog::load(builtin_spaces(), builtin_sources());
  if (asked == "--list") return list(catalog);
  for (const OpEntry& entry : catalog.ops()) {
    for (const KernelSpec& kernel : entry.kernels) {
      if (asked == entry.op.name + "/" + kernel.name) {
        return run_kernel(catalog, entry, kernel, part.empty() ? Part{} : parse_part(part));
      }
    }
  }
  throw Error("no kernel '" + asked + "': see --list");
}

}  // namespace
}  // namespace tw::gpu

int main(int argc, char** argv) {
  if (argc == 3 && argv[1] == std::string_view("__worker")) {
    tw::WorkerChannel channel;
    return argv[2] == tw::cuda_compile_role ? tw::cuda_compile_worker(channel) : 2;
  }
  try {
    return tw::gpu::run(argc > 1 ? argv[1] : "", argc > 2 ? argv[2] : "");
  } catch (const tw::Error& error) {
    fmt::print(stderr, "sanitize_program: {}\n", error.what());
  } catch (const tw::gpu::Failure& failure) {
    fmt::print(stderr, "sanitize_program: {}\n", failure.text);
  }
  return 2;
}
