// Finds the bottleneck of a kernel from its hardware counters.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tw {

enum class Bound {
  dram,
  l2,
  l1,              // loads and stores through L1 and shared memory
  bank_conflicts,  // shared memory, where bank conflicts serialise its accesses
  tensor,
  fma,
  alu,  // integers, comparisons, logic
  xu,   // special functions and conversions
  fp64,
  issue,     // instructions of any kind
  idle_sms,  // SMs without a block: too few blocks, or a last wave that is nearly empty
  latency,   // nothing is busy: warps wait
};
std::string_view name_of(Bound bound);  // "DRAM", "bank conflicts in shared memory", ...

// How busy a part of the GPU was over the whole time, in percent of its peak rate.
struct Use {
  Bound bound{};
  double percent = 0;
};

// The bottleneck of a kernel, and the numbers that show it.
struct Bottleneck {
  Bound bound{};
  std::string text;       // one line, with the numbers
  std::vector<Use> uses;  // the counted parts, busiest first
};

// Computes the bottleneck from a row's metrics (docs/measuring.md, "Counters"). Returns nothing if
// the row has no counters. A part that is busy for 60 % of its peak is the bottleneck. Otherwise
// SMs without work are, if they are idle for a third of the time. Otherwise latency is, with the
// most frequent reason for which warps wait.
std::optional<Bottleneck> bottleneck(const std::map<std::string, double>& metrics);

}  // namespace tw
