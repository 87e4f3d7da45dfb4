// A device answers jobs: it compiles, verifies and times. What fails is data in the answer.
#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/plan/job.h"
#include "core/types/device_info.h"

namespace tw {

class Device {
 public:
  virtual ~Device() = default;
  virtual const DeviceInfo& info() const = 0;
  // How many jobs it wants in flight: what keeps its compilers and its GPU both busy.
  virtual int capacity() const = 0;
  virtual void submit(Job job) = 0;
  // Finished jobs in any order; returns when there is at least one, at the deadline, or when a
  // signal interrupts (maybe empty).
  virtual std::vector<Finished> wait(std::chrono::steady_clock::time_point deadline) = 0;
  // Drops what is queued and ends what runs; nothing of it is reported.
  virtual void cancel() = 0;
  // Answers jobs whose purpose is counters, so far as it is permitted here.
  virtual bool has_counters() const { return false; }
  // One line a notice for the user (CUPTI missing: timed by events, ...); each is returned once.
  virtual std::vector<std::string> notices() { return {}; }
};

}  // namespace tw
