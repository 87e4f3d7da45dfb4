// A libnvidia-ml.so.1 for tests of the cuda device's processes. Each launch of the fake driver uses
// 5 mJ, which the energy counter shows every 20 ms. With TW_FAKE_NO_ENERGY in the environment it
// has no counter, like that of a MIG device.
#include <dlfcn.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace {

using Clock = std::chrono::steady_clock;

constexpr int success = 0, not_supported = 3;
int handle = 0;  // its address names the only device

// Returns the launches of the fake driver in this process.
unsigned long long launches() {
  void* const driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
  if (!driver) return 0;
  void* const count = dlsym(driver, "tw_fake_launches");
  return count ? *static_cast<const unsigned long long*>(count) : 0;
}

}  // namespace

extern "C" {

int nvmlInit_v2() { return success; }
int nvmlSystemGetDriverVersion(char* text, unsigned length) {
  std::snprintf(text, length, "580.1");
  return success;
}
int nvmlDeviceGetHandleByUUID(const char*, void** device) {
  *device = &handle;
  return success;
}
int nvmlDeviceGetClockInfo(void*, int, unsigned* mhz) {
  *mhz = 1980;
  return success;
}
int nvmlDeviceGetPowerUsage(void*, unsigned* milliwatts) {
  *milliwatts = 400'000;
  return success;
}
int nvmlDeviceGetTemperature(void*, int, unsigned* celsius) {
  *celsius = 40;
  return success;
}
int nvmlDeviceGetCurrentClocksThrottleReasons(void*, unsigned long long* reasons) {
  *reasons = 0;
  return success;
}
int nvmlDeviceGetTotalEnergyConsumption(void* device, unsigned long long* millijoules) {
  static Clock::time_point updated;
  static unsigned long long shown = 0;
  if (device != &handle || std::getenv("TW_FAKE_NO_ENERGY")) return not_supported;
  if (const auto now = Clock::now(); now - updated >= std::chrono::milliseconds(20)) {
    updated = now;
    shown = 5 * launches();
  }
  *millijoules = shown;
  return success;
}

}  // extern "C"
