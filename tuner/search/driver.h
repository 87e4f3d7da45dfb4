// Drives one search: asks a strategy, keeps a device busy, tells the strategy what came back.
// It owns no clock, no budget and no database: its caller says how much may be started, and stores
// what a step returns.
#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/model/time_model.h"
#include "devices/device.h"
#include "search/strategies/strategy.h"

namespace tw {

struct SearchTask {
  const Catalog* catalog = nullptr;    // nullptr: the device needs no plans (replay)
  const KernelSpec* kernel = nullptr;  // nullptr only if catalog is
  Problem problem;
  std::string problem_key;
  const OraclePlan* oracle = nullptr;  // nullptr: the op's reference, if it has one
  std::string kernel_name;
  const SearchSpace* space = nullptr;
  Strategy* strategy = nullptr;
  SampleLimits limits;
  double floor_ns = 0;  // Measurement::reject_below
  // Of a configuration: one that takes longer than the incumbent at the very least is not measured;
  // its outcome is `pruned`. Empty: nothing is known.
  std::function<LeastTime(std::span<const std::int64_t>)> least_time;
  std::uint64_t seed = 1;
};

class Driver {
 public:
  struct Result {
    std::size_t index = 0;  // into the space
    Measurement measurement;
  };

  // Everything that the task points to must outlive the driver.
  Driver(Device& device, SearchTask task);

  // What is known already; it costs no evaluation. Only before the first step.
  void tell_known(std::span<const Evaluation> known);
  // A bound for early stops that was found elsewhere (another kernel's best); 0: none.
  void offer_incumbent(double time_ns);

  // Starts evaluations, at most `may_start` of them (what is pruned does not count), waits until one has finished or the deadline,
  // and returns those that finished, in the order in which they were asked for. The strategy is
  // told in that order, and asked for one more for each that it was told: for a given seed and
  // given times, the sequence does not depend on how long anything took.
  std::vector<Result> step(std::int64_t may_start, std::chrono::steady_clock::time_point deadline);

  std::int64_t outstanding() const { return static_cast<std::int64_t>(asked_.size()); }
  // Nothing outstanding, and the strategy had nothing more to ask for.
  bool exhausted() const { return exhausted_ && asked_.empty(); }
  double incumbent_ns() const { return incumbent_ns_; }  // 0: none

 private:
  struct Asked {
    std::size_t index = 0;
    std::uint64_t id = 0;
    std::optional<Measurement> measurement;
  };
  // Whether it has to be waited for.
  bool start(std::size_t index);
  void fill(std::int64_t& may_start);
  void take(std::vector<Finished> finished);

  Device& device_;
  SearchTask task_;
  DeviceInfo info_;
  std::deque<Asked> asked_;
  std::uint64_t next_id_ = 1;
  double incumbent_ns_ = 0;
  bool exhausted_ = false;
};

}  // namespace tw
