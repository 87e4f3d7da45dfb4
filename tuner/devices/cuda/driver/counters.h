// Hardware counters of a launch, read with CUPTI's range profiler. The hardware counts only a few
// things at a time, so the same work runs repeatedly, once for each pass.
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
  // A process may have one such object at a time, and must not record activity with CUPTI.
  // `ordinal` is the device of the current context. Throws Error that says why there are no
  // counters: not permitted, another profiler, or a CUPTI without range profiler.
  explicit Counters(int ordinal);
  Counters(const Counters&) = delete;
  Counters& operator=(const Counters&) = delete;
  ~Counters();

  // Counts a launch. Before each pass `prepare` runs, then `launch`. The kernels of the launch are
  // counted one after the other and added up. docs/measuring.md lists names, units and CUPTI's
  // metrics. Metrics that this GPU lacks are left out. Throws Error if CUPTI fails, CudaFailure if
  // a launch fails.
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
  std::vector<std::string> names_;    // our names
  std::vector<const char*> metrics_;  // CUPTI's metrics, one for each name
  std::vector<std::uint8_t> config_, data_;
};

}  // namespace tw::cuda
