// Facts about devices that no query of the driver gives: datasheet peaks, and the limits that the
// cpu device emulates.
#include "device_info.h"

#include <fmt/format.h>

#include <string_view>

#include "error.h"

namespace tw {
namespace {

// Datasheet peaks: bytes/s, then dense FLOP/s of fp32 FMA, of TF32 and of bf16 with fp32
// accumulation. Where a datasheet gives only the rate with sparsity, this is half of it. `model` is
// what the driver reports, in full: a laptop's or an NVL's part is another one.
struct Datasheet {
  std::string_view model;
  double bandwidth, f32, tf32, bf16;
};
constexpr Datasheet datasheets[] = {
    // NVIDIA H200 Tensor Core GPU datasheet; fp32 = 132 SMs x 128 x 2 x 1.98 GHz.
    {"NVIDIA H200", 4.8e12, 66.9e12, 494.7e12, 989e12},
    {"NVIDIA H200 NVL", 4.8e12, 60e12, 417.5e12, 835.5e12},
    // NVIDIA H100 Tensor Core GPU datasheet.
    {"NVIDIA H100 80GB HBM3", 3.35e12, 66.9e12, 494.7e12, 989e12},
    {"NVIDIA H100 PCIe", 2.0e12, 51.2e12, 378e12, 756e12},
    {"NVIDIA H100 NVL", 3.9e12, 60e12, 417.5e12, 835.5e12},
    // NVIDIA A100 Tensor Core GPU datasheet.
    {"NVIDIA A100-SXM4-40GB", 1.555e12, 19.5e12, 156e12, 312e12},
    {"NVIDIA A100-PCIE-40GB", 1.555e12, 19.5e12, 156e12, 312e12},
    {"NVIDIA A100-SXM4-80GB", 2.039e12, 19.5e12, 156e12, 312e12},
    {"NVIDIA A100 80GB PCIe", 1.935e12, 19.5e12, 156e12, 312e12},
    // NVIDIA HGX B200 datasheet, a GPU of it; TF32 is half of bf16, which the sheet rounds down.
    {"NVIDIA B200", 7.7e12, 75e12, 1125e12, 2250e12},
    // NVIDIA L40S datasheet; bf16 is half of the rate with sparsity, 733.
    {"NVIDIA L40S", 0.864e12, 91.6e12, 183e12, 366.5e12},
    // NVIDIA Ada GPU Architecture whitepaper, appendix A.
    {"NVIDIA GeForce RTX 4090", 1.008e12, 82.6e12, 82.6e12, 165.2e12},
    // NVIDIA Ampere GA102 GPU Architecture whitepaper, appendix A.
    {"NVIDIA GeForce RTX 3090", 0.936e12, 35.6e12, 35.6e12, 71e12},
    // NVIDIA RTX Blackwell GPU Architecture whitepaper, appendix A.
    {"NVIDIA GeForce RTX 5090", 1.792e12, 104.8e12, 104.8e12, 209.5e12},
};

// CUDA C++ Programming Guide, "Technical Specifications per Compute Capability"; SMs and L2 as an
// A100, an RTX 4090, an H200 and an RTX 5090 report them.
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

std::string architecture_of(int cc) {
  // The features of wgmma and its successors exist only in the architecture-specific targets.
  const bool specific = cc == 90 || cc == 100 || cc == 103;
  return fmt::format("sm_{}{}", cc, specific ? "a" : "");
}

const std::vector<std::string>& device_names() {
  static const std::vector<std::string> names{"cc",
                                              "sms",
                                              "smem_optin",
                                              "smem_per_sm",
                                              "regs_per_sm",
                                              "threads_per_sm",
                                              "blocks_per_sm",
                                              "max_threads",
                                              "l2_bytes",
                                              "memory_bytes"};
  return names;
}

std::vector<std::int64_t> device_values(const DeviceInfo& info) {
  return {info.cc,
          info.sms,
          info.smem_optin,
          info.smem_per_sm,
          info.regs_per_sm,
          info.threads_per_sm,
          info.blocks_per_sm,
          info.max_threads,
          info.l2_bytes,
          info.memory_bytes};
}

// memory_bytes stays 0: the memory is the host's.
DeviceInfo emulated_device(int cc) {
  DeviceInfo info;
  info.kind = "cpu";
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
    info.smem_per_sm = one.smem_optin + 1024;  // the system's share of a block
    info.l2_bytes = one.l2_bytes;
    return info;
  }
  throw Error(fmt::format("sm_{} cannot be emulated: use 80, 89, 90 or 120", cc));
}

void add_datasheet(DeviceInfo& info) {
  for (const Datasheet& sheet : datasheets) {
    if (sheet.model != info.model) continue;
    info.memory_bandwidth = sheet.bandwidth;
    info.f32_flops = sheet.f32;
    info.tf32_flops = sheet.tf32;
    info.bf16_flops = sheet.bf16;
  }
}

}  // namespace tw
