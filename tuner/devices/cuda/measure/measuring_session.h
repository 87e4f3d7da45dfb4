// Runs jobs on the device, in the measuring worker: verifies, then times. It keeps what consecutive
// jobs share: the context, the buffers of the problem with the oracle's results, the timer.
#pragma once
#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "devices/cuda/baselines/baseline.h"
#include "devices/cuda/driver/counters.h"
#include "devices/cuda/driver/telemetry.h"
#include "devices/cuda/measure/buffers.h"
#include "devices/cuda/measure/sampling.h"
#include "devices/cuda/measure/timer.h"
#include "devices/cuda/measure/variant.h"
#include "devices/cuda/protocol/messages.h"

namespace tw::cuda {

class MeasuringSession {
 public:
  // Zones that are made around every buffer show what is written there. Without them, a tool that
  // watches allocations sees all that is read or written out of bounds.
  static constexpr std::int64_t usual_guard_bytes = 4096;
  // CUPTI records times, or it counts: a process that does one cannot do the other.
  enum class Use { time, count };
  // Throws Error if there is no such device.
  explicit MeasuringSession(int ordinal, Use use = Use::time,
                            std::int64_t guard_bytes = usual_guard_bytes);
  const DeviceInfo& info() const { return context_.info(); }
  // Each is returned once.
  std::vector<std::string> take_notices();

  // Buffers and oracle of the job's problem. Throws Error if the machine or the reference is at
  // fault: no variant is.
  void prepare(const MeasureRequest& request);
  // After prepare. A fault of the variant is in the answer; `lost` is set if it took the context
  // along.
  Measurement run(const MeasureRequest& request, bool& lost);

 private:
  // What is launched and checked in one job.
  struct Subject {
    std::function<void()> launch;
    std::function<std::string()> damage;  // beyond the problem's own buffers; empty text: none
  };
  // A problem's buffers, with the key of what they hold.
  struct Kept {
    std::string key;
    Buffers buffers;
  };
  Buffers& buffers_for(const Plan& plan, std::uint64_t seed, const Module& oracle);
  void prepare_plain(const MeasureRequest& request);
  void run_variant(const MeasureRequest& request, Measurement& measurement);
  // The configuration without its chain, where that is verified too.
  void verify_plain(const MeasureRequest& request, Measurement& measurement);
  void run_baseline(const MeasureRequest& request, Measurement& measurement);
  // The algorithms of the baseline, fastest first. Throws Error if none runs.
  std::vector<int> by_time(const Job& job, Baseline& baseline, const Subject& subject);
  void judge_subject(const Job& job, const Subject& subject, Measurement& measurement);
  // Poisons, launches as one cold sample on a set of inputs and compares. Returns the sample; 0 if
  // its record was lost.
  double verify(const Plan& plan, bool cold_l2, Inputs inputs, const Subject& subject,
                Measurement& measurement);
  void compare(const Plan& plan, Measurement& measurement);
  void note_unwritten(const Plan& plan, Measurement& measurement);
  void sample(const Job& job, const Subject& subject, double first_ns, Measurement& measurement);
  void note_throttled(const Sampling& sampling, Measurement& measurement);
  void check_wall_time(const Subject& subject, Measurement& measurement);
  void count(const Job& job, const Subject& subject, Measurement& measurement);
  std::vector<double> take_batch(int count, bool cold_l2, const Subject& subject);
  void put_sample(bool cold_l2, const Subject& subject);
  bool settle();
  void wake_clocks();
  void distrust_cupti();

  int ordinal_;
  std::int64_t guard_bytes_;
  std::vector<std::string> notices_;
  std::unique_ptr<CuptiTimer> cupti_timer_;  // made before the context; may leave a notice
  Context context_;
  EventTimer event_timer_;
  Timer* timer_;
  Telemetry telemetry_;
  std::unique_ptr<VerifyKernels> kernels_;
  std::list<Kept> kept_;        // the last used first
  Buffers* buffers_ = nullptr;  // of the job that runs
  Buffers* plain_ = nullptr;    // of its Plan::plain; nullptr if that is not verified
  bool said_plain_ = false;
  std::optional<Counters> counters_;
  std::map<std::string, int> algorithms_;  // of baselines, by library and problem
  int lost_batches_ = 0;
  bool said_throttled_ = false;
  std::chrono::steady_clock::time_point last_work_{};
};

}  // namespace tw::cuda
