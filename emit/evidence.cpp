#include "emit/evidence.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "core/base/statistics.h"

namespace tw {
namespace {

std::string duration(double ns) {
  if (ns >= 1e6) return fmt::format("{:.4g} ms", ns / 1e6);
  return ns >= 1e3 ? fmt::format("{:.4g} us", ns / 1e3) : fmt::format("{:.4g} ns", ns);
}

std::string rate_of(const Tuning& tuning, const TunedRow& row, double ns) {
  const double flops = flops_of(tuning.op(), row.problem, tuning.device);
  if (flops > 0) return fmt::format(", {:.4g} TFLOP/s", flops / ns / 1e3);
  const double bytes = bytes_of(tuning.op(), row.problem, tuning.device);
  return bytes > 0 ? fmt::format(", {:.4g} TB/s", bytes / ns / 1e3) : "";
}

std::string time_of(const Tuning& tuning, const TunedRow& row) {
  const Measurement& measured = row.winner.trial.measurement;
  const double ns = measured.median_ns();
  if (!(ns > 0)) return "no time";
  std::string text = "median " + duration(ns);
  if (measured.samples_ns.size() > 1) {
    const Interval interval = median_interval(measured.samples_ns);
    text += fmt::format(" ({} to {}, {} samples)", duration(interval.low), duration(interval.high),
                        measured.samples_ns.size());
  }
  text += rate_of(tuning, row, ns);
  if (measured.energy_mj > 0) {
    text += fmt::format(", {:.4g} mJ at {:.4g} W", measured.energy_mj, measured.mean_power_w);
  }
  if (row.winner.baseline_ns && *row.winner.baseline_ns > 0) {
    text += fmt::format(", {:.3g} x {}", *row.winner.baseline_ns / ns, row.winner.baseline);
  }
  return text;
}

std::string rank_of(const Tuning& tuning, const Winner& winner) {
  const auto slower = tuning.request->slower.find(winner.trial.context.situation.problem);
  if (slower != tuning.request->slower.end()) {
    return fmt::format("measured {:.3g} % slower than the fastest ({})",
                       100 * (slower->second.slowdown - 1), slower->second.fastest);
  }
  if (!winner.raced) return "best of a search, not raced";
  return winner.tied.empty() ? "won a race"
                             : fmt::format("won a race, tied with {} others", winner.tied.size());
}

// Returns "mean 1.2 %, worst 3 % on 4 tuned problems".
std::string aggregate(const std::vector<double>& slowdowns) {
  const auto percent = [](double slowdown) {
    const double loss = 100 * (slowdown - 1);
    return loss < 100 ? fmt::format("{:.3g} %", loss) : fmt::format("{:.0f} %", loss);
  };
  const double sum = std::accumulate(slowdowns.begin(), slowdowns.end(), 0.0);
  return fmt::format("mean {}, worst {} on {} tuned problem{}",
                     percent(sum / static_cast<double>(slowdowns.size())),
                     percent(*std::max_element(slowdowns.begin(), slowdowns.end())),
                     slowdowns.size(), slowdowns.size() == 1 ? "" : "s");
}

// Returns the slowdown of a row's branch, which is 1 if no faster configuration was measured.
double slowdown_of(const Tuning& tuning, const TunedRow& row) {
  const auto slower = tuning.request->slower.find(row.winner.trial.context.situation.problem);
  return slower == tuning.request->slower.end() ? 1 : slower->second.slowdown;
}

std::string device_line(const Tuning& tuning) {
  if (tuning.rows.empty()) return "Nothing was tuned: there are only default configurations.";
  std::set<std::string> drivers, toolchains, protocols;
  for (const TunedRow& row : tuning.rows) {
    const Context& context = row.winner.trial.context;
    drivers.insert(context.situation.driver);
    toolchains.insert(context.situation.toolchain);
    protocols.insert(fmt::format("{}", context.situation.protocol));
  }
  const auto said = [](const char* what, const std::set<std::string>& values) {
    const std::string text = fmt::format("{}", fmt::join(values, " and "));
    return text.empty() ? "" : fmt::format(", {}{}", what, text);
  };
  return fmt::format("Tuned on {} (cc {}, {} SMs){}{}{}.", tuning.device.model, tuning.device.cc,
                     tuning.device.sms, said("driver ", drivers), said("", toolchains),
                     said("measurement protocol ", protocols));
}

}  // namespace

std::vector<std::string> origins_of(const Tuning& tuning) {
  const EmitRequest& request = *tuning.request;
  std::vector<std::string> lines{device_line(tuning)};
  for (const KernelSpec* kernel : tuning.kernels) {
    lines.push_back(fmt::format("Kernel {}: {}, source digest {}.", kernel->name, kernel->source,
                                kernel->source_digest));
  }
  if (!request.portfolio.empty()) lines.push_back(request.portfolio + ".");
  if (request.objective != Objective::time) {
    lines.push_back(fmt::format(
        "The winners have the least {}, not the least time. What was measured of this "
        "also decides for calls that were not tuned; no forecast does.",
        request.objective == Objective::energy ? "energy a launch"
                                               : "product of time and energy a launch"));
  }
  lines.push_back(request.checked_on.empty()
                      ? "Not checked before it was written (tune emit --check)."
                      : fmt::format("Checked on {} before it was written. The .cuh says beside "
                                    "each configuration what was checked.",
                                    request.checked_on));
  return lines;
}

std::string check_of(const Tuning& tuning, const std::string& subject) {
  const EmitRequest& request = *tuning.request;
  const auto checked = request.checked.find(subject);
  if (request.checked_on.empty() || checked == request.checked.end()) return "not checked";
  const bool judged = tuning.op().has_oracle();
  return fmt::format("checked on {}, {} shape{}{}", request.checked_on, checked->second,
                     checked->second == 1 ? "" : "s",
                     judged ? "" : ", only for damaged memory: the op has no reference");
}

std::vector<std::string> evidence_of(const Tuning& tuning, const TunedRow& row) {
  const Trial& trial = row.winner.trial;
  const Measurement& measured = trial.measurement;
  std::vector<std::string> lines{row.problem.key(tuning.op()), "  " + time_of(tuning, row)};
  lines.push_back(fmt::format("  {} registers, {} bytes spilled, {} bytes of shared memory",
                              measured.registers, measured.spill_bytes, measured.smem_bytes));
  lines.push_back(fmt::format("  {} ({}); {}, trial {}, {} L2, timer {}",
                              rank_of(tuning, row.winner), name_of(trial.context.situation.source),
                              trial.created, trial.id, name_of(trial.context.situation.l2),
                              measured.timer));
  lines.push_back("  " + check_of(tuning, subject_of(tuning, row)));
  const Branch& branch = tuning.branches[static_cast<std::size_t>(row.branch)];
  if (trial.context.code.source_digest !=
      tuning.request->catalog->source_digest(*branch.kernel, row.problem.epilogue)) {
    lines.push_back(fmt::format("  NOTE: measured with other kernel sources (digest {})",
                                trial.context.code.source_digest));
  }
  return lines;
}

std::vector<std::string> regrets_of(const Tuning& tuning, int branch,
                                    const std::vector<LeftOutChoice>& left_out) {
  std::vector<double> measured, predicted;
  for (const TunedRow& row : tuning.rows) {
    if (row.branch == branch) measured.push_back(slowdown_of(tuning, row));
  }
  std::size_t unknown = 0;
  for (const LeftOutChoice& one : left_out) {
    if (one.branch != branch) continue;
    if (one.slowdown) predicted.push_back(*one.slowdown);
    if (!one.slowdown) ++unknown;
  }
  std::vector<std::string> lines;
  if (!measured.empty()) lines.push_back("measured regret: " + aggregate(measured));
  std::string text = "predicted regret on problems that were not tuned: ";
  if (!predicted.empty()) {
    text += aggregate(predicted) + ", each left out in turn";
    if (unknown > 0) text += fmt::format("; not measured on {} more", unknown);
  } else {
    text += unknown > 0 ? fmt::format(
                              "not known: it would serve {} tuned problem{}, each left out in "
                              "turn, and was not measured there",
                              unknown, unknown == 1 ? "" : "s")
                        : "not known: it would serve no tuned problem that is left out";
  }
  lines.push_back(std::move(text));
  return lines;
}

}  // namespace tw
