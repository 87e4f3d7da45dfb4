// Hardware counters of a launch, read with CUPTI's range profiler.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "devices/cuda/driver/context.h"
#include "devices/gpu/runtime/counters.h"

namespace tw::cuda {

class RangeCounters final : public gpu::Counters {
 public:
  // A process may have one such object at a time, and must not record activity with CUPTI.
  // `ordinal` is the device of `context`, which is current. Throws Error that says why there are no
  // counters: not permitted, another profiler, or a CUPTI without range profiler.
  RangeCounters(int ordinal, const Context& context);
  RangeCounters(const RangeCounters&) = delete;
  RangeCounters& operator=(const RangeCounters&) = delete;
  ~RangeCounters() override;

  std::map<std::string, double> collect(const std::function<void()>& prepare,
                                        const std::function<void()>& launch) override;

 private:
  void choose_metrics();
  void configure();
  void plan_passes();
  std::map<std::string, double> evaluate(std::size_t kernel) const;
  std::map<std::string, double> total() const;

  const Context& context_;
  CUpti_Profiler_Host_Object* host_ = nullptr;
  CUpti_RangeProfiler_Object* target_ = nullptr;
  std::vector<std::string> names_;    // our names
  std::vector<const char*> metrics_;  // CUPTI's metrics, one for each name
  std::vector<std::uint8_t> config_, data_;
};

}  // namespace tw::cuda
