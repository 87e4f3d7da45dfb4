#include "devices/registry/registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "core/base/error.h"
#include "devices/cpu/cpu.h"
#ifdef TILEWRIGHT_HAS_CUDA
#include "devices/cuda/cuda.h"
#endif

namespace tw {
namespace {

#ifdef TILEWRIGHT_HAS_CUDA

std::unique_ptr<Device> open_gpu(const LiveDevice& device) {
  CudaOptions options;
  options.ordinal = device.ordinal;
  options.cache = device.cache;
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  options.compile_workers = std::max(1, cores / std::max(1, device.sharers));
  return open_cuda(options);
}

int count_gpus() { return count_cuda(); }

std::string toolkit_here() { return TILEWRIGHT_CUDA_VERSION; }

std::vector<GpuCode> compile_here(const std::vector<GpuProgram>& programs) {
  return compile_with_nvrtc(programs);
}

DeviceReport examine_gpus() {
  const CudaProbe probe = probe_cuda();
  DeviceReport report;
  std::vector<DeviceFinding>& findings = report.findings;
  findings.push_back({"driver", probe.driver, "needed by --device cuda"});
  for (std::size_t i = 0; i < probe.devices.size(); ++i) {
    findings.push_back({fmt::format("cuda:{}", i), "", "", probe.devices[i]});
  }
  if (probe.devices.empty()) findings.push_back({"GPU", "", "needed by --device cuda"});
  findings.push_back({"NVRTC", probe.nvrtc, "compiles kernels for --device cuda"});
  findings.push_back(
      {"CUPTI", probe.cupti, "times kernels; without it, CUDA events do, less exactly"});
  findings.push_back({"cuBLAS", probe.cublas, "a baseline; without it there are no ratios to it"});
  findings.push_back({"cuDNN", probe.cudnn, "a baseline; without it there are no ratios to it"});
  for (const std::string& message : probe.messages) findings.push_back({"", "", message});
  report.works = !probe.driver.empty() && !probe.devices.empty() && !probe.nvrtc.empty();
  return report;
}

WorkerBody find_gpu_worker(std::string_view role) {
  if (role == cuda_compile_role) return cuda_compile_worker;
  if (role == cuda_measure_role) return cuda_measure_worker;
  return nullptr;
}

#else

std::unique_ptr<Device> open_gpu(const LiveDevice&) {
  throw Error(
      "--device cuda: this executable was built without the CUDA toolkit; install the toolkit and "
      "build again, or use --device cpu or replay:FILE");
}

int count_gpus() { return 0; }

std::string toolkit_here() { return ""; }

std::vector<GpuCode> compile_here(const std::vector<GpuProgram>&) {
  throw Error(
      "this executable was built without the CUDA toolkit, so that it cannot compile for GPUs: "
      "install the toolkit and build again");
}

DeviceReport examine_gpus() {
  return {.works = false,
          .findings = {
              {"cuda device", "", "built without the CUDA toolkit: install it and build again"}}};
}

WorkerBody find_gpu_worker(std::string_view) { return nullptr; }

#endif

DeviceReport examine_cpu() {
  DeviceReport report;
  DeviceFinding& compiler = report.findings.emplace_back();
  compiler.what = "host compiler";
  try {
    compiler.found = open_cpu()->info().toolchain;
    compiler.note = "compiles kernels for --device cpu";
    report.works = true;
  } catch (const Error& error) {
    compiler.note = error.what();
  }
  return report;
}

}  // namespace

std::unique_ptr<Device> open_live(const LiveDevice& device) {
  return device.kind == LiveDevice::Kind::cuda ? open_gpu(device) : open_cpu(device.emulated_cc);
}

int gpu_count() { return count_gpus(); }

std::string cuda_toolkit_of_build() { return toolkit_here(); }

DeviceReport examine(LiveDevice::Kind kind) {
  return kind == LiveDevice::Kind::cuda ? examine_gpus() : examine_cpu();
}

std::vector<GpuCode> compile_for_gpus(const std::vector<GpuProgram>& programs) {
  return compile_here(programs);
}

WorkerBody find_worker(std::string_view role) {
  return role == "cpu" ? cpu_worker : find_gpu_worker(role);
}

}  // namespace tw
