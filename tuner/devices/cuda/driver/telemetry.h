// Clock, power, temperature and energy of a GPU, and the driver's version, read with NVML. Without
// NVML there are no values.
#pragma once
#include <map>
#include <optional>
#include <string>

namespace tw::cuda {

// Returns "580.159.04". Without NVML it returns the CUDA version that the driver supports, "CUDA
// 13.0".
std::string driver_version();

class Telemetry {
 public:
  explicit Telemetry(const std::string& uuid);  // DeviceInfo::uuid
  // Returns the current clock of the SMs in MHz; 0 if unknown.
  double sm_clock_mhz() const;
  // Returns whether heat or the power supply holds the clock down, so that a time measured now says
  // nothing about the kernel.
  bool is_throttled() const;
  // Adds power_w and temperature_c.
  void add_metrics(std::map<std::string, double>& metrics) const;
  // Returns the energy in mJ since the driver was loaded. Returns nothing before Volta, for a MIG
  // device, and if the driver does not count.
  std::optional<double> energy_mj() const;

 private:
  void* device_ = nullptr;  // NVML's handle
};

}  // namespace tw::cuda
