// Clock, power and temperature of a GPU, and the driver's version, by NVML; nothing where NVML is
// not there.
#pragma once
#include <map>
#include <string>

namespace tw::cuda {

// "580.159.04"; without NVML the CUDA version that the driver supports, "CUDA 13.0".
std::string driver_version();

class Telemetry {
 public:
  explicit Telemetry(const std::string& uuid);  // DeviceInfo::uuid
  // The clock of the SMs in MHz now; 0 if unknown.
  double sm_clock_mhz() const;
  // Held down by heat or by the power supply: what is timed now says nothing about the kernel.
  bool is_throttled() const;
  // Adds power_w and temperature_c.
  void add_metrics(std::map<std::string, double>& metrics) const;

 private:
  void* device_ = nullptr;  // NVML's handle
};

}  // namespace tw::cuda
