#include "core/model/bottleneck.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tw {
namespace {

constexpr double busy_percent = 60, idle_percent = 67;
constexpr double conflict_share = 0.25, pipe_of_issue = 0.8;

struct Part {
  Bound bound;
  const char* metric;
  const char* name;
};
constexpr Part parts[] = {
    {Bound::dram, "dram_percent", "DRAM"},
    {Bound::l2, "l2_percent", "L2"},
    {Bound::l1, "l1_percent", "L1 and shared memory"},
    {Bound::tensor, "tensor_percent", "tensor cores"},
    {Bound::fma, "fma_percent", "FMA pipe"},
    {Bound::alu, "alu_percent", "integer and logic pipe"},
    {Bound::xu, "xu_percent", "special functions"},
    {Bound::fp64, "fp64_percent", "FP64 pipe"},
    {Bound::issue, "issue_percent", "instruction issue"},
};

// The reasons why a warp waits: the name of the counter, and the words for messages.
constexpr std::pair<const char*, const char*> stalls[] = {
    {"stall_long_scoreboard_percent", "loads from global or local memory"},
    {"stall_short_scoreboard_percent", "shared memory or special functions"},
    {"stall_barrier_percent", "other warps at a barrier"},
    {"stall_gmma_percent", "wgmma"},
    {"stall_math_pipe_throttle_percent", "a busy arithmetic pipe"},
    {"stall_mio_throttle_percent", "the queue to shared memory and special functions"},
    {"stall_lg_throttle_percent", "the queue of loads and stores"},
    {"stall_no_instruction_percent", "instructions to be fetched"},
    {"stall_wait_percent", "results of fixed latency"},
};

double value(const std::map<std::string, double>& metrics, const char* name) {
  const auto found = metrics.find(name);
  return found == metrics.end() ? 0 : found->second;
}

std::vector<Use> uses_of(const std::map<std::string, double>& metrics) {
  std::vector<Use> uses;
  for (const Part& part : parts) {
    const auto found = metrics.find(part.metric);
    if (found != metrics.end()) uses.push_back({part.bound, found->second});
  }
  std::stable_sort(uses.begin(), uses.end(),
                   [](const Use& a, const Use& b) { return a.percent > b.percent; });
  return uses;
}

// Returns what bounds the kernel. A busy pipe also uses many of the cycles that issue instructions.
// If the pipe is nearly as busy (pipe_of_issue), the pipe is the reason.
Use busiest(const std::vector<Use>& uses) {
  if (uses.front().bound != Bound::issue) return uses.front();
  const auto pipe = std::find_if(uses.begin(), uses.end(), [](const Use& use) {
    return use.bound != Bound::issue && use.bound != Bound::dram && use.bound != Bound::l2;
  });
  const bool is_reason =
      pipe != uses.end() && pipe->percent >= pipe_of_issue * uses.front().percent;
  return is_reason ? *pipe : uses.front();
}

// Returns the share of shared memory's wavefronts that bank conflicts add.
double share_of_conflicts(const std::map<std::string, double>& metrics) {
  const double wavefronts = value(metrics, "shared_wavefronts");
  return wavefronts > 0 ? value(metrics, "bank_conflicts") / wavefronts : 0;
}

Bottleneck busy(const Use& top, const std::map<std::string, double>& metrics) {
  const double conflicts = share_of_conflicts(metrics);
  if (top.bound == Bound::l1 && conflicts >= conflict_share) {
    return {Bound::bank_conflicts,
            fmt::format("bank conflicts in shared memory: L1 and shared memory are at {:.0f} % of "
                        "their peak, and {:.0f} % of shared memory's wavefronts are conflicts",
                        top.percent, 100 * conflicts),
            {}};
  }
  return {top.bound,
          fmt::format("{}: at {:.0f} % of {} peak over the whole time", name_of(top.bound),
                      top.percent, top.bound == Bound::tensor ? "their" : "its"),
          {}};
}

Bottleneck waiting(const Use& top, const std::map<std::string, double>& metrics) {
  const char* reason = "nothing in particular";
  double most = 0;
  for (const auto& [name, words] : stalls) {
    if (value(metrics, name) <= most) continue;
    most = value(metrics, name);
    reason = words;
  }
  return {Bound::latency,
          fmt::format("latency: nothing is busier than {} at {:.0f} %; of the time of its warps "
                      "{:.0f} % is waiting for {}, with {:.0f} % of the warps that an SM can hold",
                      name_of(top.bound), top.percent, most, reason,
                      value(metrics, "occupancy_percent")),
          {}};
}

}  // namespace

std::string_view name_of(Bound bound) {
  for (const Part& part : parts) {
    if (part.bound == bound) return part.name;
  }
  switch (bound) {
    case Bound::bank_conflicts:
      return "bank conflicts in shared memory";
    case Bound::idle_sms:
      return "idle SMs";
    default:
      return "latency";
  }
}

std::optional<Bottleneck> bottleneck(const std::map<std::string, double>& metrics) {
  std::vector<Use> uses = uses_of(metrics);
  if (uses.empty()) return std::nullopt;
  const Use top = busiest(uses);
  const auto active = metrics.find("sm_active_percent");
  Bottleneck found;
  if (top.percent >= busy_percent) {
    found = busy(top, metrics);
  } else if (active != metrics.end() && active->second < idle_percent) {
    found = {Bound::idle_sms,
             fmt::format("idle SMs: they have a block for {:.0f} % of the time; more or smaller "
                         "blocks would spread the work",
                         active->second),
             {}};
  } else {
    found = waiting(top, metrics);
  }
  found.uses = std::move(uses);
  return found;
}

}  // namespace tw
