// Runs jobs on the device, in the measuring worker: verifies, then times. It keeps what consecutive
// jobs share: the buffers of the problem with the oracle's results, and the timer.
#pragma once
#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "devices/gpu/measure/buffers.h"
#include "devices/gpu/measure/host_clock.h"
#include "devices/gpu/measure/sampling.h"
#include "devices/gpu/measure/variant.h"
#include "devices/gpu/protocol/messages.h"
#include "devices/gpu/runtime/runtime.h"

namespace tw::gpu {

class MeasuringSession {
 public:
  // The guard zones around every buffer reveal writes into them. Without guard zones, a tool that
  // watches allocations sees all reads and writes out of bounds.
  static constexpr std::int64_t usual_guard_bytes = 4096;
  // The runtime must outlive the session.
  explicit MeasuringSession(Runtime& runtime, std::int64_t guard_bytes = usual_guard_bytes,
                            HostClock clock = {});
  const DeviceInfo& info() const { return runtime_.info(); }
  // Returns the notices; each is returned once.
  std::vector<std::string> take_notices();

  // Prepares the buffers and the oracle of the job's problem. Throws Error if the machine or the
  // reference is at fault, not a variant.
  void prepare(const MeasureRequest& request);
  // Runs the job after prepare(). A fault of the variant is in the answer; `lost` is set if the
  // fault destroyed the context.
  Measurement run(const MeasureRequest& request, bool& lost);

 private:
  // The functions that a job launches and checks.
  struct Subject {
    std::function<void()> inputs_changed;  // called after a set of inputs is selected
    std::function<void()> launch;
    // damage beyond the problem's own buffers; empty text if none
    std::function<std::string()> damage;
  };
  // A problem's buffers, and the key of their content.
  struct Kept {
    std::string key;
    Buffers buffers;
  };
  Buffers& buffers_for(const std::shared_ptr<const ProblemPlan>& problem, std::uint64_t seed,
                       const Module& oracle);
  void prepare_plain(const MeasureRequest& request);
  void run_variant(const MeasureRequest& request, Measurement& measurement);
  // Verifies the configuration without its chain if this is required.
  void verify_plain(const MeasureRequest& request, Measurement& measurement);
  void run_baseline(const MeasureRequest& request, Measurement& measurement);
  // Returns the algorithms of the baseline, fastest first. Throws Error if none runs.
  std::vector<int> by_time(const Job& job, Baseline& baseline, const Subject& subject);
  void judge_subject(const Job& job, const Subject& subject, Measurement& measurement);
  // Poisons the outputs, launches once on a set of inputs like a cold sample, and compares. Returns
  // the sample in ns; 0 if its record was lost.
  double verify(const ProblemPlan& plan, bool cold_l2, Inputs inputs, const Subject& subject,
                Measurement& measurement);
  void compare(const ProblemPlan& plan, Measurement& measurement);
  void note_unwritten(const ProblemPlan& plan, Measurement& measurement);
  void sample(const Job& job, const Subject& subject, double first_ns, Measurement& measurement);
  void note_throttled(const Sampling& sampling, Measurement& measurement);
  void check_wall_time(const Subject& subject, Measurement& measurement);
  // Throws Error if the counter stands still.
  void measure_energy(const Job& job, const Subject& subject, Measurement& measurement);
  void count(const Job& job, const Subject& subject, Measurement& measurement);
  std::vector<double> take_batch(int count, bool cold_l2, const Subject& subject);
  void put_sample(bool cold_l2, const Subject& subject);
  bool settle();
  void wake_clocks();
  void distrust_timer();

  Runtime& runtime_;
  std::int64_t guard_bytes_;
  HostClock clock_;
  std::vector<std::string> notices_;
  Timer* timer_;
  std::unique_ptr<VerifyKernels> kernels_;
  std::list<Kept> kept_;        // most recently used first
  Buffers* buffers_ = nullptr;  // of the running job
  Buffers* plain_ = nullptr;    // of the job's Plan::plain; nullptr if it is not verified
  bool said_plain_ = false;
  std::map<std::string, int> algorithms_;  // chosen algorithms of baselines, by library and problem
  int lost_batches_ = 0;
  bool said_throttled_ = false;
  std::chrono::steady_clock::time_point last_work_{};
};

}  // namespace tw::gpu
