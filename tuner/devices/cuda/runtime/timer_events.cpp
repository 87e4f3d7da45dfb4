// The timer that is used if CUPTI is missing or in use.
#include "devices/cuda/runtime/timers.h"

namespace tw::cuda {

CUevent EventTimer::event(std::size_t index) {
  while (events_.size() <= index) {
    CUevent made = nullptr;
    check(driver().cuEventCreate(&made, CU_EVENT_DEFAULT), "creating an event");
    events_.push_back(made);
  }
  return events_[index];
}

void EventTimer::begin() {
  check(driver().cuEventRecord(event(used_++), context_.stream()), "recording an event");
}

void EventTimer::end() {
  check(driver().cuEventRecord(event(used_++), context_.stream()), "recording an event");
}

std::vector<double> EventTimer::collect_ns() {
  std::vector<double> samples;
  for (std::size_t i = 0; i + 1 < used_; i += 2) {
    float milliseconds = 0;
    const CUresult result = driver().cuEventElapsedTime(&milliseconds, events_[i], events_[i + 1]);
    samples.push_back(result == CUDA_SUCCESS ? 1e6 * static_cast<double>(milliseconds) : 0.0);
  }
  used_ = 0;
  return samples;
}

}  // namespace tw::cuda
