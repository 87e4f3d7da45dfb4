// A device answers jobs: it compiles, verifies and times. A failure is data in the answer.
#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/plan/activity.h"
#include "core/plan/job.h"
#include "core/types/device_info.h"

namespace tw {

class Device {
 public:
  virtual ~Device() = default;
  virtual const DeviceInfo& info() const = 0;
  // Returns how many jobs the device wants in flight, so that its compilers and its GPU are both
  // busy.
  virtual int capacity() const = 0;
  virtual void submit(Job job) = 0;
  // Returns finished jobs in any order. Waits until there is at least one, until the deadline, or
  // until a signal interrupts; so the result may be empty.
  virtual std::vector<Finished> wait(std::chrono::steady_clock::time_point deadline) = 0;
  // Drops the queued jobs and ends the running ones. They are not reported.
  virtual void cancel() = 0;
  // Returns whether the device answers jobs whose purpose is counters, if the machine permits it.
  virtual bool has_counters() const { return false; }
  // Returns whether the device measures the energy of launches.
  virtual bool has_energy() const { return false; }
  // Returns how busy compilers and GPUs are at this moment, as far as the device knows.
  virtual Activity activity() const { return {}; }
  // Returns notices for the user, one line each (CUPTI missing: timed by events, ...). Each notice
  // is returned once.
  virtual std::vector<std::string> notices() { return {}; }
};

}  // namespace tw
