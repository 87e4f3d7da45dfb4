// Hardware counters of a launch.
#pragma once
#include <functional>
#include <map>
#include <string>

namespace tw::gpu {

class Counters {
 public:
  virtual ~Counters() = default;
  // Counts a launch. The hardware counts only a few things at a time, so the work runs repeatedly:
  // before each pass `prepare` runs, then `launch`. The kernels of the launch are counted one after
  // the other and added up. docs/measuring.md lists names, units and metrics. Metrics that this GPU
  // lacks are left out. Throws Error if counting fails, Failure if a launch fails.
  virtual std::map<std::string, double> collect(const std::function<void()>& prepare,
                                                const std::function<void()>& launch) = 0;
};

}  // namespace tw::gpu
