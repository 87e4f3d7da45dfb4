// Drives one search: asks a strategy for configurations, keeps a device busy, and tells the
// strategy the results. The driver owns no clock, no budget and no database. Its caller says how
// many evaluations may start, and stores what a step returns.
#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "core/lowering/lowering.h"
#include "core/model/time_model.h"
#include "core/plan/objective.h"
#include "devices/job_runner.h"
#include "search/strategies/strategy.h"

namespace tw {

// One search of one kernel.
struct SearchTask {
  const Lowering* lowering = nullptr;  // nullptr: the device needs no plans (replay)
  const KernelSpec* kernel = nullptr;  // nullptr only if `lowering` is
  std::string problem_key;
  std::string kernel_name;
  const SearchSpace* space = nullptr;
  Strategy* strategy = nullptr;
  SampleLimits limits;
  double floor_ns = 0;  // see Measurement::reject_below
  // The lower bound of a configuration's time. A configuration whose bound is longer than the
  // incumbent is not measured; its outcome is `pruned`. Empty: no bounds are known. Bounds and
  // incumbents are times, and are not used with another objective.
  std::function<LeastTime(std::span<const std::int64_t>)> least_time;
  std::uint64_t seed = 1;
  Objective objective = Objective::time;
};

// The driver of one search.
class Driver {
 public:
  struct Result {
    std::size_t index = 0;  // index into the space
    Measurement measurement;
  };

  // The runner and everything that the task points to must outlive the driver.
  Driver(JobRunner& jobs, SearchTask task);

  // Tells the strategy results that are already known. They cost no evaluation. Only before the
  // first step.
  void tell_known(std::span<const Evaluation> known);
  // Offers a bound for early stops that was found elsewhere (the best time of another kernel). 0:
  // none. Does nothing with another objective than the time.
  void offer_incumbent(double time_ns);

  // Starts evaluations, at most `may_start` of them; pruned configurations do not count. Waits
  // until an evaluation has finished or until the deadline. Returns the finished evaluations in the
  // order in which they were asked for. Tells the strategy in that order, and asks for one more
  // configuration after each. So for a given seed and given times, the sequence does not depend on
  // how long anything took.
  std::vector<Result> step(std::int64_t may_start, std::chrono::steady_clock::time_point deadline);

  std::int64_t outstanding() const { return static_cast<std::int64_t>(asked_.size()); }
  // Returns whether nothing is outstanding and the strategy had nothing more to ask for.
  bool exhausted() const { return exhausted_ && asked_.empty(); }
  double incumbent_ns() const { return incumbent_ns_; }  // 0: none

 private:
  struct Asked {
    std::size_t index = 0;  // into the space
    std::optional<Measurement> measurement{};
  };
  // Returns whether the configuration must be waited for.
  bool start(std::size_t index);
  void fill(std::int64_t& may_start);
  void wait(std::chrono::steady_clock::time_point deadline);

  // Returns the configuration as the log and jobs name it.
  std::string name_of_index(std::size_t index) const;
  void log_answer(const Evaluation& evaluation);

  const Device& device_;
  EventLog& log_;
  JobQueue<std::size_t> jobs_;  // by the index into the space
  SearchTask task_;
  std::deque<Asked> asked_;
  double incumbent_ns_ = 0;
  bool exhausted_ = false;
};

}  // namespace tw
