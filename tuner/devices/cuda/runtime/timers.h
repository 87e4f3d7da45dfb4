// The timers of the cuda device.
#pragma once
#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

#include "devices/cuda/driver/context.h"
#include "devices/gpu/runtime/timer.h"

namespace tw::cuda {

// A timer that uses CUPTI's activity records: a sample lasts from the start of the first kernel to
// the end of the last one. A process can have one such timer, which must be made before the
// context. Throws Error if CUPTI is missing or refuses (another subscriber: ncu, nsys, a debugger).
class CuptiTimer final : public gpu::Timer {
 public:
  CuptiTimer();
  CuptiTimer(const CuptiTimer&) = delete;
  CuptiTimer& operator=(const CuptiTimer&) = delete;
  ~CuptiTimer() override;
  std::string_view name() const override { return "cupti"; }
  std::string_view title() const override { return "CUPTI"; }
  void set_mark(const std::function<void()>& launch_mark) override { mark_ = launch_mark; }
  void begin() override;
  void end() override {}
  std::vector<double> collect_ns() override;

 private:
  std::function<void()> mark_;
  std::size_t begun_ = 0;
};

// A timer that uses events. Its times include what lies between the event and the kernel, some
// microseconds.
class EventTimer final : public gpu::Timer {
 public:
  explicit EventTimer(const Context& context) : context_(context) {}
  std::string_view name() const override { return "events"; }
  std::string_view title() const override { return "events"; }
  void begin() override;
  void end() override;
  std::vector<double> collect_ns() override;

 private:
  CUevent event(std::size_t index);
  const Context& context_;
  std::vector<CUevent> events_;  // in pairs; kept for the next batch
  std::size_t used_ = 0;
};

}  // namespace tw::cuda
