// The device time of the kernels between begin() and end(). A batch has many samples, and the host
// does not wait between them.
#pragma once
#include <functional>
#include <string_view>
#include <vector>

namespace tw::gpu {

class Timer {
 public:
  virtual ~Timer() = default;
  virtual std::string_view name() const = 0;   // as in Measurement::timer: "cupti", "events"
  virtual std::string_view title() const = 0;  // in messages: "CUPTI", "events"
  // Tells the timer how to launch the kernel tw_mark. A timer that records all kernels recognises
  // the begin of a sample by this kernel. Called before the first begin().
  virtual void set_mark(const std::function<void()>& /*launch_mark*/) {}
  // Mark the begin and the end of one sample's kernels on the stream. Throw Failure.
  virtual void begin() = 0;
  virtual void end() = 0;
  // Called after waiting for the stream. Returns one time in ns for each begin(), in order; 0 for a
  // sample that was lost. Forgets the samples.
  virtual std::vector<double> collect_ns() = 0;
};

}  // namespace tw::gpu
