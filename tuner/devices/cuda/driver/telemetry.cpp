#include "devices/cuda/driver/telemetry.h"

#include <fmt/format.h>

#include "devices/cuda/driver/libraries.h"

namespace tw::cuda {
namespace {

// The toolkit's compiler packages lack nvml.h. So this file declares the few functions that it
// uses, after NVML's reference manual. 0 means success for all of them.
struct Nvml {
  int (*init)() = nullptr;
  int (*driver_version)(char* text, unsigned length) = nullptr;
  int (*device_by_uuid)(const char* uuid, void** device) = nullptr;
  int (*clock)(void* device, int domain, unsigned* mhz) = nullptr;
  int (*power)(void* device, unsigned* milliwatts) = nullptr;
  int (*temperature)(void* device, int sensor, unsigned* celsius) = nullptr;
  int (*throttle_reasons)(void* device, unsigned long long* reasons) = nullptr;
  int (*energy)(void* device, unsigned long long* millijoules) = nullptr;  // older NVMLs lack it
};
constexpr int sm_domain = 1, gpu_sensor = 0;
// Hardware slowdown, software and hardware thermal slowdown, hardware power brake. The software
// power cap does not count: a GPU normally runs a heavy kernel at the power cap.
constexpr unsigned long long throttled = 0x8 | 0x20 | 0x40 | 0x80;

template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(find_symbol(library, name));
  return function != nullptr;
}

// Returns nullptr if NVML is missing or fails.
const Nvml* nvml() {
  static const Nvml* const loaded = []() -> const Nvml* {
    static Nvml table;
    const char* const names[] = {"libnvidia-ml.so.1"};
    std::string tried;
    void* library = open_library(names, tried);
    const bool complete =
        library && find(library, "nvmlInit_v2", table.init) &&
        find(library, "nvmlSystemGetDriverVersion", table.driver_version) &&
        find(library, "nvmlDeviceGetHandleByUUID", table.device_by_uuid) &&
        find(library, "nvmlDeviceGetClockInfo", table.clock) &&
        find(library, "nvmlDeviceGetPowerUsage", table.power) &&
        find(library, "nvmlDeviceGetTemperature", table.temperature) &&
        find(library, "nvmlDeviceGetCurrentClocksThrottleReasons", table.throttle_reasons);
    if (complete) find(library, "nvmlDeviceGetTotalEnergyConsumption", table.energy);
    return complete && table.init() == 0 ? &table : nullptr;
  }();
  return loaded;
}

}  // namespace

std::string driver_version() {
  char text[96] = "";
  if (nvml() && nvml()->driver_version(text, sizeof text) == 0) return text;
  int version = 0;
  driver().cuDriverGetVersion(&version);
  return fmt::format("CUDA {}.{}", version / 1000, version % 1000 / 10);
}

Telemetry::Telemetry(const std::string& uuid) {
  if (nvml() && nvml()->device_by_uuid(uuid.c_str(), &device_) != 0) device_ = nullptr;
}

double Telemetry::sm_clock_mhz() const {
  unsigned mhz = 0;
  return device_ && nvml()->clock(device_, sm_domain, &mhz) == 0 ? mhz : 0;
}

bool Telemetry::is_throttled() const {
  unsigned long long reasons = 0;
  return device_ && nvml()->throttle_reasons(device_, &reasons) == 0 && (reasons & throttled) != 0;
}

void Telemetry::add_metrics(std::map<std::string, double>& metrics) const {
  if (!device_) return;
  unsigned milliwatts = 0, celsius = 0;
  if (nvml()->power(device_, &milliwatts) == 0) metrics["power_w"] = milliwatts / 1000.0;
  if (nvml()->temperature(device_, gpu_sensor, &celsius) == 0) metrics["temperature_c"] = celsius;
}

std::optional<double> Telemetry::energy_mj() const {
  unsigned long long millijoules = 0;
  if (!device_ || !nvml()->energy || nvml()->energy(device_, &millijoules) != 0) {
    return std::nullopt;
  }
  return static_cast<double>(millijoules);
}

}  // namespace tw::cuda
