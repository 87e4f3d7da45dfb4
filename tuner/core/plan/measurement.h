// The result of one configuration: an outcome with its reason, and the samples.
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

// The result of one measurement.
struct Measurement {
  Outcome outcome = Outcome::ok;
  std::string note;  // one line: the reason of an outcome other than ok
  // In the order of measurement; empty unless ok, or pruned after some samples.
  std::vector<double> samples_ns;
  double compile_ms = 0;
  // If there are several launches: the largest value, and the smallest occupancy.
  int registers = 0;             // per thread
  std::int64_t spill_bytes = 0;  // local memory per thread
  std::int64_t smem_bytes = 0;   // static and dynamic, per block
  int blocks_per_sm = 0;         // occupancy
  // The largest error against the oracle, in units roundoff of the expected value or, where that is
  // larger, of fp32 in the magnitude (kernels/common/judge.cuh). -1: not verified.
  double error_ulps = -1;
  std::string timer;  // "cupti", "events", "cpu", "replay"
  // The energy of a launch among many in a row, by the counter of the whole device; 0: not
  // measured.
  double energy_mj = 0;     // of one launch
  double mean_power_w = 0;  // while they ran
  std::map<std::string, double> metrics;

  double median_ns() const;  // of samples_ns; 0 if there are none
  // Makes a median below `floor_ns` a wrong_result, because nothing correct is that fast. 0: no
  // bound.
  void reject_below(double floor_ns);
};

// The version of the measurement protocol. Rows of different versions are never compared.
inline constexpr int protocol_version = 1;

}  // namespace tw
