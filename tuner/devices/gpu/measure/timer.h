// The device time of the kernels between begin() and end(). A batch has many samples, and the host
// does not wait between them.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "devices/gpu/measure/verify_kernels.h"

namespace tw::cuda {

class Timer {
 public:
  virtual ~Timer() = default;
  virtual std::string_view name() const = 0;  // "cupti" or "events"
  // Mark the begin and the end of one sample's kernels on the context's stream.
  virtual void begin() = 0;
  virtual void end() = 0;
  // Called after waiting for the stream. Returns one time for each begin(), in order; 0 for a
  // sample that was lost. Forgets the samples.
  virtual std::vector<double> collect_ns() = 0;
};

// A timer that uses CUPTI's activity records: a sample lasts from the start of the first kernel to
// the end of the last one. A process can have one such timer, which must be made before the
// context. Throws Error if CUPTI is missing or refuses (another subscriber: ncu, nsys, a debugger).
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

// A timer that uses events. Its times include what lies between the event and the kernel, some
// microseconds.
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
