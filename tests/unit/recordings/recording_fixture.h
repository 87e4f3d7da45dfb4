// Shared by the tests of recordings: sample files, one recording of ours, and the messages of
// refusals.
#pragma once
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "core/base/error.h"
#include "core/formats/recording.h"
#include "unit/support/paths.h"

namespace tw {

inline std::string data(const std::string& name) { return test_data("recordings/" + name); }

inline std::string text_of_file(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// Returns the message of the error without the name of the file; empty if the text is accepted. The
// message has the place in the text: "1:17: results[1] = 3: is not an object".
inline std::string refusal_at(const std::string& text) {
  try {
    parse_recording(text, "x.json");
  } catch (const Error& error) {
    const std::string what = error.what();
    EXPECT_EQ(what.find("x.json:"), 0u) << what;
    EXPECT_EQ(what.find('\n'), what.npos) << what;
    return what.substr(what[7] == ' ' ? 8 : 7);
  }
  return "";
}
// Returns the message without the line and the column.
inline std::string refusal(const std::string& text) {
  const std::string said = refusal_at(text);
  const std::size_t begin = said.find_first_not_of("0123456789:");
  return begin == said.npos ? "" : said.substr(begin + (said[begin] == ' ' ? 1 : 0));
}

inline Recording ours() {
  Recording r;
  r.name = "gemm/simt";
  r.op = "gemm";
  r.problem = "gemm f32 m=64,n=64,k=64";
  r.kernel = "simt";
  r.source_digest = "d1";
  r.verdict_digest = "v1";
  r.space_digest = "s1";
  r.driver = "580.159";
  r.toolchain = "NVRTC 13.0";
  r.commit = "abc";
  r.protocol = 3;
  r.l2 = L2::warm;
  r.device = emulated_device(90);
  r.device.kind = DeviceKind::cuda;
  r.device.model = "NVIDIA H200";
  r.device.memory_bandwidth = 4.8e12;
  r.device.sm_clock_mhz = 1980.5;
  r.knobs = {{Knob::Kind::integer, "block_m", "rows", {128, 64, 32}, {}},
             {Knob::Kind::boolean, "swizzle", "", {1, 0}, {}},
             {Knob::Kind::word, "raster", "", {0, 1}, {"along_m", "along_n"}}};
  RecordedTrial good;
  good.configuration = {64, 1, 1};
  good.measurement.samples_ns = {5657844, 5657843.5, 1.0 / 3, 5657843.999999999, 1e-9, 1e12 / 7};
  good.measurement.compile_ms = 1.0 / 7;
  good.measurement.registers = 128;
  good.measurement.spill_bytes = 16;
  good.measurement.smem_bytes = 65536;
  good.measurement.blocks_per_sm = 2;
  good.measurement.error_ulps = 0.3;
  good.measurement.timer = "cupti";
  good.measurement.energy_mj = 100.0 / 3;
  good.measurement.mean_power_w = 412.5;
  good.measurement.metrics = {{"stopped_early", 1}};
  good.value_ns = 17.0 / 3;
  good.timestamp = "2025-01-01T00:00:00.000Z";
  RecordedTrial bad;
  bad.configuration = {128, 0, 0};
  bad.measurement.outcome = Outcome::faulted;
  bad.measurement.note = "an illegal \"address\"";
  RecordedTrial pruned;
  pruned.configuration = {32, 0, 0};
  pruned.measurement.outcome = Outcome::pruned;
  pruned.measurement.samples_ns = {9};
  r.trials = {good, bad, pruned};
  r.baseline = {"cublas", "13.0.2", {1.0 / 3, 5e6}, 41.5, 600};
  return r;
}

}  // namespace tw
