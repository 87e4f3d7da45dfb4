// What bounds a kernel, as its hardware counters tell.
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
  bank_conflicts,  // of these, shared memory's one after the other for conflicts of banks
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

// How busy a part was over the whole time, in percent of its peak rate.
struct Use {
  Bound bound{};
  double percent = 0;
};

struct Bottleneck {
  Bound bound{};
  std::string text;       // one line, with the numbers that say so
  std::vector<Use> uses;  // the parts that were counted, the busiest first
};

// From a row's metrics (docs/measuring.md, "Counters"); nothing if it was not counted. A part that
// is busy for 60 % of its peak bounds; else SMs without work do, if they are idle for a third of
// the time; else latency, for the reason that warps wait for most.
std::optional<Bottleneck> bottleneck(const std::map<std::string, double>& metrics);

}  // namespace tw
