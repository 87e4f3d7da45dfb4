// The clock of the host, which tests replace.
#pragma once
#include <chrono>
#include <functional>
#include <thread>

namespace tw::gpu {

struct HostClock {
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
  std::function<void(std::chrono::milliseconds)> sleep = [](std::chrono::milliseconds duration) {
    std::this_thread::sleep_for(duration);
  };

  double ms_since(std::chrono::steady_clock::time_point start) const {
    return std::chrono::duration<double, std::milli>(now() - start).count();
  }
};

}  // namespace tw::gpu
