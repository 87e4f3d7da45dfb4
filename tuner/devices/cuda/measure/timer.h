// How long the kernels between begin() and end() took on the device, many samples a batch, with no
// wait of the host between them.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "devices/cuda/measure/verify_kernels.h"

namespace tw::cuda {

class Timer {
 public:
  virtual ~Timer() = default;
  virtual std::string_view name() const = 0;  // "cupti" or "events"
  // Around the kernels of one sample, on the context's stream.
  virtual void begin() = 0;
  virtual void end() = 0;
  // After the stream has been waited for: one time a begin(), in order; 0 for one that was lost.
  // Forgets them.
  virtual std::vector<double> collect_ns() = 0;
};

// From CUPTI's activity records: from the start of the first kernel to the end of the last. There
// can be one in a process, made before its context. Throws Error if CUPTI is missing or refuses
// (another subscriber: ncu, nsys, a debugger).
class CuptiTimer final : public Timer {
 public:
  CuptiTimer();
  CuptiTimer(const CuptiTimer&) = delete;
  CuptiTimer& operator=(const CuptiTimer&) = delete;
  ~CuptiTimer() override;
  void attach(const VerifyKernels& kernels) { kernels_ = &kernels; }
  std::string_view name() const override { return "cupti"; }
  void begin() override;
  void end() override {}
  std::vector<double> collect_ns() override;

 private:
  const VerifyKernels* kernels_ = nullptr;
  std::size_t begun_ = 0;
};

// From events: includes what lies between the event and the kernel, some microseconds.
class EventTimer final : public Timer {
 public:
  explicit EventTimer(const Context& context) : context_(context) {}
  std::string_view name() const override { return "events"; }
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
