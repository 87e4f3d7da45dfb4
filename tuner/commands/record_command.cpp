// tune record: writes a whole search space, failures included, to a file from which --device replay
// answers.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>

#include "commands/commands.h"
#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "options/problem_options.h"
#include "session/result_report.h"
#include "session/session.h"
#include "session/setup/device_choice.h"
#include "session/setup/device_text.h"
#include "session/setup/session_setup.h"
#include "ui/format.h"
#include "ui/interrupt.h"
#include "ui/output.h"
#include "ui/version.h"

namespace tw {
namespace {

// Returns everything that the database knows of the space, in the form of the file.
Recording recorded_space(const Setup& setup, const DeviceInfo& info, const Store& store,
                         const std::string& path) {
  const Competitor& one = setup.request.competitors.front();
  Recording recording;
  recording.path = path;
  recording.name = recording.kernel = one.name;
  recording.knobs = one.space.knobs();
  recording.device = info;
  recording.op = setup.request.situation.op;
  recording.problem = setup.request.situation.problem;
  recording.source_digest = one.code.source_digest;
  recording.verdict_digest = one.code.verdict_digest;
  recording.space_digest = one.space_digest;
  recording.driver = info.driver;
  recording.toolchain = info.toolchain;
  recording.commit = commit();
  recording.protocol = setup.request.situation.protocol;
  recording.l2 = setup.request.situation.l2;
  for (Trial& trial : store.known(setup.request.context_of(one))) {
    const auto index = one.space.find_text(trial.configuration);
    if (!index) continue;
    const bool ok = trial.measurement.outcome == Outcome::ok;
    const double value_ns = ok ? trial.measurement.median_ns() : 0;
    recording.trials.push_back(
        {one.space[*index], std::move(trial.measurement), value_ns, trial.created});
  }
  std::sort(recording.trials.begin(), recording.trials.end(),
            [](const auto& a, const auto& b) { return a.configuration < b.configuration; });
  return recording;
}

}  // namespace

CommandSpec record_specification() {
  CommandSpec command{
      .name = "record",
      .summary =
          "Measures every valid configuration of one kernel and writes the results to a file; "
          "configurations that the database knows are not measured again.",
      .usage = "tune record --op OP --shape SHAPE --out FILE.t4.json.gz [options]",
      .flags = {{"out", "FILE", "the recording; compressed if the name ends in .gz"}},
      .positional = "",
      .examples = {"tune record --op gemm --shape 4096x4096x4096 --kernel simt --out "
                   "gemm.simt.4096.t4.json.gz"},
  };
  for (const Flag& flag : problem_flags()) {
    if (flag.name != "shapes") command.flags.push_back(flag);
  }
  for (const auto& flags : {device_flags(), measuring_flags()}) {
    command.flags.insert(command.flags.end(), flags.begin(), flags.end());
  }
  return command;
}

int record_command(const Arguments& arguments) {
  const std::string path = arguments.text("out");
  if (path.empty()) throw Error("no --out: name the file, as in --out gemm.simt.t4.json.gz");
  const MeasuringOptions options = measuring_options(arguments);
  const Catalog catalog = catalog_of(arguments);
  DeviceChooser chooser(arguments, catalog.foreign());
  const Asked asked = asked_problems(arguments, catalog).front();
  const std::string kernel = asked_kernel(arguments);
  install_interrupt_handlers();
  const OpSpec& op = asked.entry->op;
  const OpenDevice opened = chooser.open(op.name, asked.problem.key(op), kernel);
  Setup setup = set_up(catalog, asked, kernel, opened, options);
  if (!opened.recordings.empty()) {
    throw Error(fmt::format("{} is a recording already: name a live --device",
                            opened.recordings.front()->path));
  }
  if (setup.request.competitors.size() > 1) {
    std::vector<std::string> names;
    for (const Competitor& one : setup.request.competitors) names.push_back(one.name);
    throw Error(fmt::format("several kernels serve this problem: add --kernel with one of {}",
                            fmt::join(names, ", ")));
  }
  setup.request.strategy = "exhaustive";
  // slow configurations belong to a recording too
  setup.request.competitors.front().least_time = {};
  setup.request.finalists = 0;
  setup.request.command = fmt::format("tune record {}", fmt::join(arguments.words(), " "));
  Store store = Store::open(options.database, Store::Mode::read_write);
  Progress progress = Progress::on_stderr(options.detail);
  choose_oracle(setup.request, *opened.device, progress, interrupted);
  const SessionResult result =
      run_session(setup.request, *opened.device, store, progress, interrupted);
  if (result.interrupted) {
    say(fmt::format(
        "tune: interrupted; {} holds what was measured: run the same command to continue",
        options.database));
    return exit_nothing;
  }
  Recording recording = recorded_space(setup, opened.device->info(), store, path);
  if (!result.baselines.empty()) {
    const auto& [library, measurement] = *result.baselines.begin();
    recording.baseline = {.name = library,
                          .version = measurement.note,
                          .samples_ns = measurement.samples_ns,
                          .energy_mj = measurement.energy_mj,
                          .mean_power_w = measurement.mean_power_w};
  }
  write_recording(recording, path);
  show(fmt::format("wrote {}: {} configurations of {} for {} on {}\n", path,
                   format_count(static_cast<std::int64_t>(recording.trials.size())),
                   recording.kernel, recording.problem, describe(opened.device->info(), {})));
  return result.ranking.empty() ? exit_nothing : exit_found;
}

}  // namespace tw
