// Facts about devices that the driver does not report: the memory bandwidth, the rates of the
// units, and the limits that the cpu device emulates.
#include "core/types/device_info.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "core/base/error.h"
#include "core/types/device_info_fields.h"

namespace tw {
namespace {

// In the order of DeviceKind.
constexpr std::string_view kind_names[] = {"", "cuda", "cpu", "replay"};

// The memory bandwidth in bytes/s from the datasheet, and the FLOPs that an SM does in a clock:
// fp32 FMA, dense TF32, and dense bf16 with fp32 accumulation. A datasheet's peak is this rate at a
// boost clock that the datasheet chooses, and this clock differs from unit to unit (an H100's 989
// TFLOP/s of bf16 are at 1.83 GHz, its 66.9 of fp32 at 1.98 GHz). So the peaks are computed at the
// highest clock that the device itself reports. `model` is the full name that the driver reports: a
// laptop's or an NVL's part is a different one.
struct Datasheet {
  std::string_view model;
  double bandwidth, f32, tf32, bf16;
};
constexpr Datasheet datasheets[] = {
    // NVIDIA H200 and H100 Tensor Core GPU datasheets; NVIDIA H100 Tensor Core GPU Architecture
    // whitepaper, table 2: 4096 FLOPs of dense bf16 a clock and SM.
    {"NVIDIA H200", 4.8e12, 256, 2048, 4096},
    {"NVIDIA H200 NVL", 4.8e12, 256, 2048, 4096},
    {"NVIDIA H100 80GB HBM3", 3.35e12, 256, 2048, 4096},
    {"NVIDIA H100 PCIe", 2.0e12, 256, 2048, 4096},
    {"NVIDIA H100 NVL", 3.9e12, 256, 2048, 4096},
    // NVIDIA A100 Tensor Core GPU datasheet and Architecture whitepaper: 312 TFLOP/s of bf16 at
    // 1.41 GHz on 108 SMs.
    {"NVIDIA A100-SXM4-40GB", 1.555e12, 128, 1024, 2048},
    {"NVIDIA A100-PCIE-40GB", 1.555e12, 128, 1024, 2048},
    {"NVIDIA A100-SXM4-80GB", 2.039e12, 128, 1024, 2048},
    {"NVIDIA A100 80GB PCIe", 1.935e12, 128, 1024, 2048},
    // NVIDIA HGX B200 datasheet, for one GPU: 2.25 PFLOP/s of bf16 at 1.86 GHz on 148 SMs.
    {"NVIDIA B200", 7.7e12, 256, 4096, 8192},
    // NVIDIA L40S datasheet: 366 TFLOP/s of bf16 at 2.52 GHz on 142 SMs.
    {"NVIDIA L40S", 0.864e12, 256, 512, 1024},
    // NVIDIA Ada GPU Architecture whitepaper, appendix A: 165.2 TFLOP/s at 2.52 GHz on 128 SMs.
    {"NVIDIA GeForce RTX 4090", 1.008e12, 256, 256, 512},
    // NVIDIA Ampere GA102 GPU Architecture whitepaper, appendix A: 71 TFLOP/s at 1.695 GHz on 82
    // SMs.
    {"NVIDIA GeForce RTX 3090", 0.936e12, 256, 256, 512},
    // NVIDIA RTX Blackwell GPU Architecture whitepaper, appendix A: 209.5 TFLOP/s at 2.407 GHz on
    // 170 SMs.
    {"NVIDIA GeForce RTX 5090", 1.792e12, 256, 256, 512},
};

// CUDA C++ Programming Guide, "Technical Specifications per Compute Capability". SMs and L2 are
// what an A100, an RTX 4090, an H200 and an RTX 5090 report.
struct Emulated {
  int cc, sms, threads_per_sm, blocks_per_sm;
  std::int64_t smem_optin, l2_bytes;
};
constexpr Emulated emulated[] = {
    {80, 108, 2048, 32, 166912, 41943040},
    {89, 128, 1536, 24, 101376, 75497472},
    {90, 132, 2048, 32, 232448, 62914560},
    {120, 170, 1536, 24, 101376, 100663296},
};

}  // namespace

std::string_view name_of(DeviceKind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

DeviceKind device_kind_of(std::string_view name) {
  const auto* const found = std::find(std::begin(kind_names), std::end(kind_names), name);
  return found == std::end(kind_names)
             ? DeviceKind::unknown
             : static_cast<DeviceKind>(std::distance(std::begin(kind_names), found));
}

std::string architecture_of(int cc) {
  // wgmma and its successors exist only in the architecture-specific targets.
  const bool specific = cc == 90 || cc == 100 || cc == 103;
  return fmt::format("sm_{}{}", cc, specific ? "a" : "");
}

const std::vector<std::string>& device_names() {
  constexpr auto fields = names_of(device_limit_fields);
  static const std::vector<std::string> names(fields.begin(), fields.end());
  return names;
}

std::vector<std::int64_t> device_values(const DeviceInfo& info) {
  std::vector<std::int64_t> values;
  each_field(device_limit_fields, [&](const auto& field) { values.push_back(field.of(info)); });
  return values;
}

// memory_bytes stays 0, because the memory is that of the host.
DeviceInfo emulated_device(int cc) {
  DeviceInfo info;
  info.kind = DeviceKind::cpu;
  info.model = fmt::format("cpu emulating sm_{}", cc);
  info.cc = cc;
  info.regs_per_sm = 65536;
  info.max_threads = 1024;
  for (const Emulated& one : emulated) {
    if (one.cc != cc) continue;
    info.sms = one.sms;
    info.threads_per_sm = one.threads_per_sm;
    info.blocks_per_sm = one.blocks_per_sm;
    info.smem_optin = one.smem_optin;
    info.smem_per_sm = one.smem_optin + 1024;  // the system's share of each block
    info.l2_bytes = one.l2_bytes;
    return info;
  }
  throw Error(fmt::format("sm_{} cannot be emulated: use 80, 89, 90 or 120", cc));
}

void add_datasheet(DeviceInfo& info) {
  for (const Datasheet& sheet : datasheets) {
    if (sheet.model != info.model) continue;
    info.memory_bandwidth = sheet.bandwidth;
    const double clocks = info.sms * info.sm_clock_mhz * 1e6;  // per second, of all SMs together
    if (clocks <= 0) continue;  // a recording without clocks keeps its peaks
    info.f32_flops = sheet.f32 * clocks;
    info.tf32_flops = sheet.tf32 * clocks;
    info.bf16_flops = sheet.bf16 * clocks;
  }
}

}  // namespace tw
