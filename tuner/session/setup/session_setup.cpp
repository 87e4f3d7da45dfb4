#include "session/setup/session_setup.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <memory>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/lowering/baseline_job.h"
#include "core/lowering/verdict.h"
#include "core/model/emulated_work.h"
#include "options/filter_options.h"
#include "session/setup/cpu_patience.h"
#include "session/setup/device_text.h"
#include "ui/format.h"
#include "ui/version.h"

namespace tw {
namespace {

// The launches whose energy is measured take at least so long: docs/measuring.md has the reason.
constexpr double energy_ms = 500;
// Beside this time: the warm-up, and the patience with the counter.
constexpr double energy_timeout_ms = 5000;

Situation situation_on(const DeviceInfo& info, const MeasuringOptions& options) {
  Situation situation;
  situation.device_model = info.model;
  situation.device_limits = device_limits_of(info);
  situation.driver = info.driver;
  situation.toolchain = info.toolchain;
  situation.l2 = options.limits.cold_l2 ? L2::cold : L2::warm;
  situation.source = source_of(info);
  return situation;
}

// Returns the bound that a kernel's model proves on a GPU.
std::function<LeastTime(std::span<const std::int64_t>)> least_time_of(const OpSpec& op,
                                                                      const KernelSpec& kernel,
                                                                      const Problem& problem,
                                                                      const DeviceInfo& info) {
  if (!kernel.model || info.kind != DeviceKind::cuda) return {};
  return
      [model = std::make_shared<TimeModel>(op, kernel, problem, info)](
          std::span<const std::int64_t> configuration) { return model->least_time(configuration); };
}

// Throws Error if the objective needs energies and the device measures none.
void check_objective(Objective objective, const OpenDevice& opened) {
  if (objective == Objective::time || opened.device->has_energy()) return;
  const DeviceInfo& info = opened.device->info();
  std::string why;
  if (info.kind == DeviceKind::cpu) {
    why = "the cpu device emulates a GPU and uses no energy of one: use --device cuda";
  } else if (!opened.recordings.empty()) {
    why = fmt::format("{} holds no energies: replay a file of tune record --objective energy",
                      opened.recordings.front()->path);
  } else {
    why = fmt::format(
        "NVML counts no energy of {} (it does from Volta on, for whole GPUs and not for MIG "
        "devices): use another GPU or driver",
        info.model);
  }
  throw Error(fmt::format("--objective {}: {}, or --objective time", name_of(objective), why));
}

std::string default_of(const SearchSpace& space) {
  return text_of(space.knobs(), space[space.default_index()]);
}

// Returns a reporter that says on stderr, every two seconds, how far the enumeration is.
EnumerationProgress enumeration_progress(const KernelSpec& kernel, bool quiet) {
  if (quiet) return {};
  using Clock = std::chrono::steady_clock;
  return
      [name = kernel.name, next = Clock::now() + std::chrono::seconds(2)](double passed) mutable {
        if (Clock::now() < next) return;
        next = Clock::now() + std::chrono::seconds(2);
        fmt::print(stderr, "{}: looking for valid configurations: {:.1f} % of all combinations\n",
                   name, 100 * passed);
      };
}

std::vector<Competitor> compiled_competitors(const Catalog& catalog, const Asked& asked,
                                             const std::vector<const KernelSpec*>& kernels,
                                             const DeviceInfo& info, bool quiet,
                                             std::vector<std::string>& notices) {
  std::vector<Competitor> competitors;
  for (const KernelSpec* kernel : kernels) {
    auto found = SearchSpace::try_enumerate(
        *kernel, slots_of(asked.entry->op, kernel->names, asked.problem, info),
        enumeration_progress(*kernel, quiet));
    if (const auto* none = std::get_if<NoSpace>(&found)) {
      notices.push_back(none->reason);  // the kernel does not serve this problem
      continue;
    }
    Competitor one{.kernel = kernel,
                   .name = kernel->name,
                   .space = std::get<SearchSpace>(std::move(found)),
                   .code = {.kernel = kernel->name,
                            .source_digest = catalog.source_digest(*kernel, asked.problem.epilogue),
                            .verdict_digest = {}},
                   .space_digest = kernel->space_digest,
                   .least_time = least_time_of(asked.entry->op, *kernel, asked.problem, info)};
    one.code.verdict_digest =
        verdict_digest(catalog, *kernel, asked.problem, info, default_of(one.space));
    competitors.push_back(std::move(one));
  }
  if (competitors.empty()) {
    throw Error(fmt::format("no kernel serves {} on {}: {}", asked.problem.key(asked.entry->op),
                            info.model, fmt::join(notices, "; ")));
  }
  return competitors;
}

Competitor recorded_competitor(const Recording& recording) {
  const std::string name = recording.foreign() ? recording.name : recording.kernel;
  return {.kernel = nullptr,
          .name = name,
          .space = space_of(recording),
          .code = {.kernel = name,
                   .source_digest = recording.source_digest,
                   .verdict_digest = recording.verdict_digest},
          .space_digest = recording.space_digest};
}

// Sets what is of the recording instead of this run. All recordings of a run agree in it.
void set_recorded(const Recording& recording, Situation& situation) {
  situation.epilogue.clear();  // the recording does not name the constants
  situation.protocol = recording.protocol;
  situation.l2 = recording.l2;
  if (recording.foreign()) {
    situation.op = recording.name;
    situation.problem = std::filesystem::path(recording.path).filename().string();
  }
}

// A recording's answers are as old as the recording, whatever the kernels are now.
void note_stale(const Catalog& catalog, const Asked& asked, const Recording& recording,
                const DeviceInfo& info, std::vector<std::string>& notices) {
  const OpSpec& op = asked.entry->op;
  for (const KernelSpec& kernel : asked.entry->kernels) {
    if (kernel.name != recording.kernel) continue;
    const auto verdict = [&] {
      return verdict_digest(catalog, kernel, asked.problem, info,
                            default_configuration(op, kernel, asked.problem, info));
    };
    if (catalog.source_digest(kernel, asked.problem.epilogue) != recording.source_digest) {
      notices.push_back(fmt::format(
          "the recording was made with another version of {}'s source than this executable has",
          kernel.name));
    } else if (!recording.verdict_digest.empty() && recording.verdict_digest != verdict()) {
      notices.push_back(
          fmt::format("the recording of {} was judged with other constants, scalars, tolerance or "
                      "reference than the requested ones",
                      kernel.name));
    }
  }
}

// Refuses problems that take too long, and gives the others a suitable time limit.
void allow_emulation(const Asked& asked, const std::string& kernel, const DeviceInfo& info,
                     const MeasuringOptions& options, Setup& setup) {
  SessionRequest& request = setup.request;
  const CpuEstimate estimate =
      cpu_estimate(asked.entry->op, request.competitors, asked.problem, info);
  check_cpu_patience(*asked.entry, asked_kernels(kernel, *asked.entry), asked.problem, info,
                     estimate, options.patience_s);
  request.limits.timeout_ms = emulated_timeout_ms(estimate.longest_s, options.limits.timeout_ms);
  request.unknown_work = setup.flops == 0;
}

}  // namespace

std::vector<Flag> measuring_flags() {
  return {
      {"db", "FILE", "the database of trials (default: tilewright.db here); created if missing"},
      {"seed", "N", "the seed of the search and of the inputs (default 1)"},
      objective_flag("what is minimised: time (default), energy (of a launch, by the GPU's energy "
                     "counter), or "
                     "time*energy. An energy takes half a second a trial more"),
      {"fresh", "", "measure known configurations again, and learn nothing from other problems"},
      {"l2", "cold|warm", "flush L2 before each sample, or not (default cold)"},
      {"no-baseline", "", "do not time the op's baseline"},
      {"no-counters", "", "do not read hardware counters of the finalists (for tune explain)"},
      {"live", "",
       "show the search on several lines of the terminal: the best value over the search, the "
       "outcomes, how busy the compilers and the GPU are"},
      {"quiet", "", "show no progress"},
  };
}

MeasuringOptions measuring_options(const Arguments& arguments) {
  MeasuringOptions options;
  options.database = arguments.text("db", default_database);
  options.objective = objective_of(arguments);
  if (options.objective != Objective::time) {
    options.limits.energy_ms = energy_ms;
    options.limits.timeout_ms += energy_timeout_ms;
  }
  options.limits.cold_l2 = arguments.one_of("l2", "cold", l2_states()) == "cold";
  options.seed = static_cast<std::uint64_t>(
      arguments.integer("seed", 1, 0, std::numeric_limits<std::int64_t>::max()));
  options.fresh = arguments.has("fresh");
  options.baseline = !arguments.has("no-baseline");
  options.counters = !arguments.has("no-counters");
  if (arguments.has("live") && arguments.has("quiet")) {
    throw Error("--live shows what --quiet hides: name one of them");
  }
  if (arguments.has("live")) options.detail = Progress::Detail::view;
  if (arguments.has("quiet")) options.detail = Progress::Detail::none;
  return options;
}

std::string default_configuration(const OpSpec& op, const KernelSpec& kernel,
                                  const Problem& problem, const DeviceInfo& device) {
  if (op.has_oracle()) return "";
  const auto found =
      SearchSpace::try_enumerate(kernel, slots_of(op, kernel.names, problem, device));
  const auto* space = std::get_if<SearchSpace>(&found);
  return space ? default_of(*space) : "";
}

Setup set_up(const Catalog& catalog, const Asked& asked, const std::string& kernel,
             const OpenDevice& opened, const MeasuringOptions& options) {
  check_objective(options.objective, opened);
  const DeviceInfo& info = opened.device->info();
  Setup setup;
  SessionRequest& request = setup.request;
  Situation& situation = request.situation = situation_on(info, options);
  if (asked.entry) {
    const OpSpec& op = asked.entry->op;
    check_memory(op, asked.problem, info);
    situation.op = op.name;
    situation.problem = request.problem_key = asked.problem.key(op);
    situation.epilogue = asked.problem.epilogue.text();
    request.problem = asked.problem;
    setup.has_reference = op.has_oracle();
    setup.compares = std::any_of(
        op.tensors.begin(), op.tensors.end(),
        [](const TensorSpec& tensor) { return tensor.role != Role::in && tensor.is_compared; });
    setup.flops = flops_of(op, asked.problem, info);
    setup.bytes = bytes_of(op, asked.problem, info);
    if (info.kind != DeviceKind::cpu) request.roof_ns = roofline_ns(op, asked.problem, info);
    for (const BaselineSpec& baseline : op.baselines) {
      // No library computes a result of the reduced shape.
      if (options.baseline && info.kind != DeviceKind::cpu && !asked.problem.epilogue.reduced()) {
        request.baselines.push_back(baseline_job(catalog, asked.problem, info, baseline));
      }
    }
  }
  for (const Recording* recording : opened.recordings) {
    request.competitors.push_back(recorded_competitor(*recording));
    set_recorded(*recording, situation);
    request.problem_key = situation.problem;
    if (asked.entry) note_stale(catalog, asked, *recording, info, setup.notices);
  }
  if (opened.recordings.empty()) {
    request.catalog = &catalog;
    request.competitors =
        compiled_competitors(catalog, asked, asked_kernels(kernel, *asked.entry), info,
                             options.detail == Progress::Detail::none, setup.notices);
    request.lowering.emplace(catalog, asked.problem, info);
  }
  const std::vector<std::string>& said = catalog.notices();
  setup.notices.insert(setup.notices.end(), said.begin(), said.end());
  request.objective = options.objective;
  request.seed = options.seed;
  request.fresh = options.fresh;
  request.limits = options.limits;
  if (request.catalog && info.kind == DeviceKind::cpu)
    allow_emulation(asked, kernel, info, options, setup);
  request.counters = options.counters;
  request.commit = commit();
  request.device_json = device_json(info);
  return setup;
}

}  // namespace tw
