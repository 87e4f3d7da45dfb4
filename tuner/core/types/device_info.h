// The facts about a device: the limits that expressions call device.*, and the names that a result
// must state.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tw {

// What measures: a GPU, the emulation, or recorded trials. `unknown` is what a file of another tool
// does not say.
enum class DeviceKind { unknown, cuda, cpu, replay };
std::string_view name_of(DeviceKind kind);  // "cuda", "cpu", "replay"; empty if unknown
// Returns unknown if no kind has this name.
DeviceKind device_kind_of(std::string_view name);

struct DeviceInfo {
  DeviceKind kind = DeviceKind::unknown;
  std::string model;  // "NVIDIA H200"; the cpu device: "cpu emulating sm_90"
  std::string uuid;   // for provenance; empty if there is none
  int cc = 0;         // compute capability times ten
  int sms = 0;
  std::int64_t smem_optin = 0;  // bytes of shared memory a block can opt in to
  std::int64_t smem_per_sm = 0;
  std::int64_t regs_per_sm = 0;
  int threads_per_sm = 0;
  int blocks_per_sm = 0;
  int max_threads = 0;  // per block
  std::int64_t l2_bytes = 0;
  std::int64_t memory_bytes = 0;
  double sm_clock_mhz = 0;      // the highest that the device reports
  double memory_bandwidth = 0;  // bytes/s from the datasheet; 0 if unknown
  double f32_flops = 0;         // FLOP/s of plain fp32 FMA at sm_clock_mhz; 0 if unknown
  double tf32_flops = 0, bf16_flops = 0;
  std::string driver;     // "580.159"
  std::string toolchain;  // "NVRTC 13.0", "g++ 12.2.0"
};

// Returns the architecture that kernels are compiled for: "sm_90a" for cc 90, "sm_80" for 80, ...
std::string architecture_of(int cc);
// The names after "device." and their values, in the same order and of the same length.
const std::vector<std::string>& device_names();
std::vector<std::int64_t> device_values(const DeviceInfo& info);
// Returns the limits that the cpu device emulates. Tests and compile checks use them, too. `cc` is
// one of 80, 89, 90, 120.
DeviceInfo emulated_device(int cc);
// Fills in the bandwidth, and the peaks at sm_clock_mhz, by model name. Leaves unknown models
// unchanged.
void add_datasheet(DeviceInfo& info);

}  // namespace tw
