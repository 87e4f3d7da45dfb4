// What became of one configuration: an outcome with its reason, and the samples.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tw {

enum class Outcome { ok, compile_failed, launch_failed, faulted, wrong_result, timed_out, pruned };
std::string_view name_of(Outcome outcome);  // "ok", "compile_failed", ...
std::optional<Outcome> parse_outcome(std::string_view text);

struct Measurement {
  Outcome outcome = Outcome::ok;
  std::string note;  // the reason of an outcome other than ok: one line
  std::vector<double>
      samples_ns;  // in the order of measurement; empty unless ok or pruned after some samples
  double compile_ms = 0;
  // Of several launches the most, and the least occupancy.
  int registers = 0;             // a thread
  std::int64_t spill_bytes = 0;  // local memory a thread
  std::int64_t smem_bytes = 0;   // static and dynamic, a block
  int blocks_per_sm = 0;         // occupancy
  double error_ulps =
      -1;  // the largest error against the oracle, in units roundoff of what is expected or, where
           // that is larger, of fp32 in the magnitude (kernels/common/judge.cuh); -1: not verified
  std::string timer;  // "cupti", "events", "cpu", "replay"
  std::map<std::string, double> metrics;

  double median_ns() const;  // of samples_ns; 0 if there are none
  // Makes a median below `floor_ns` (0: no bound) a wrong_result: nothing right is that fast.
  void reject_below(double floor_ns);
};

// The measurement protocol's version: rows of different versions are never compared.
inline constexpr int protocol_version = 1;

}  // namespace tw
