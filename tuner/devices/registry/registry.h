// The devices of this executable that run kernels. Only this room knows whether the executable was
// built with the cuda device.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan/gpu_code.h"
#include "core/types/device_info.h"
#include "devices/device.h"
#include "devices/process.h"

namespace tw {

// A device that runs kernels, in contrast to a recording.
struct LiveDevice {
  enum class Kind { cuda, cpu } kind = Kind::cpu;
  int ordinal = 0;       // cuda
  bool cache = true;     // cuda: use kernels that were compiled before
  int sharers = 1;       // devices of this host that compile at the same time
  int emulated_cc = 90;  // cpu: one of 80, 89, 90, 120
};
// Opens the device. Throws Error if it cannot be used or is not built in; the error says what to
// do.
std::unique_ptr<Device> open_live(const LiveDevice& device);

// Returns the version of the CUDA toolkit with whose headers this executable was built: "13.0".
// Empty if it has no cuda device.
std::string cuda_toolkit_of_build();

// Returns the number of GPUs of this machine that this executable can use.
int gpu_count();
inline bool has_gpu() { return gpu_count() > 0; }

// A thing that a device needs, for `tune doctor`.
struct DeviceFinding {
  std::string what;
  std::string found;                   // its version; empty if it is missing
  std::string note;                    // what it is needed for, or what to do
  std::optional<DeviceInfo> device{};  // if the thing is a device: it is found
};
struct DeviceReport {
  bool works = false;  // whether open_live would succeed
  std::vector<DeviceFinding> findings;
};
DeviceReport examine(LiveDevice::Kind kind);

// Compiles programs for GPUs that need not be there. See CompileForGpus.
std::vector<GpuCode> compile_for_gpus(const std::vector<GpuProgram>& programs);

// Returns the body of the worker processes of a role, `tune __worker ROLE`; nullptr if there is no
// such role. A body returns the exit code.
using WorkerBody = int (*)(WorkerChannel&);
WorkerBody find_worker(std::string_view role);

}  // namespace tw
