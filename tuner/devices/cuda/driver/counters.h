// Hardware counters of what is launched, by CUPTI's range profiler. The hardware counts a few things
// at a time, so the same work runs again and again, once a pass.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "devices/cuda/driver/context.h"

namespace tw::cuda {

class Counters {
 public:
  // One at a time in a process, which must not record activity by CUPTI. `ordinal`: of the device
  // of the current context. Throws Error that says why there are none: not permitted, another
  // profiler, a CUPTI without range profiler.
  explicit Counters(int ordinal);
  Counters(const Counters&) = delete;
  Counters& operator=(const Counters&) = delete;
  ~Counters();

  // Before each pass `prepare` runs, then `launch`, whose kernels are counted, one after the other,
  // and added up. Names, units and CUPTI's metrics: docs/measuring.md. What this GPU does not have is left out. Throws Error
  // if CUPTI refuses, CudaFailure if a launch does.
  std::map<std::string, double> collect(const Context& context,
                                        const std::function<void()>& prepare,
                                        const std::function<void()>& launch);

 private:
  void choose_metrics();
  void configure();
  void plan_passes();
  std::map<std::string, double> evaluate(std::size_t kernel) const;
  std::map<std::string, double> total() const;

  CUpti_Profiler_Host_Object* host_ = nullptr;
  CUpti_RangeProfiler_Object* target_ = nullptr;
  std::vector<std::string> names_;    // ours
  std::vector<const char*> metrics_;  // CUPTI's, one a name
  std::vector<std::uint8_t> config_, data_;
};

}  // namespace tw::cuda
