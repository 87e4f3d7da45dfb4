// The state that the parts of a session share.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "core/plan/measurement.h"
#include "db/store.h"
#include "devices/job_runner.h"
#include "session/run/session_request.h"
#include "session/run/timings.h"
#include "session/run/trials.h"
#include "ui/progress/progress.h"

namespace tw {

// A session that is under way: its request, what runs its jobs, and what takes its results.
struct SessionRun {
  using Clock = std::chrono::steady_clock;

  const SessionRequest& request;
  JobRunner& jobs;
  Store& store;
  Progress& progress;
  const std::function<bool()>& stopped;  // returns whether the user wants to end
  Timings& timings;
  std::int64_t id = 0;  // of Store::begin_run
  Clock::time_point began = Clock::now();

  double elapsed_s() const;
  // Returns until when a part may wait before it calls `stopped` again.
  Clock::time_point next_look() const;
  // Returns the time below which a measurement must be wrong; 0: there is none. The roofline's
  // slack allows for the error of timers.
  double floor_ns() const;

  // Shows the status with the device's activity, after the notices of the device.
  void show(Status status) const;
  // Adds the best known configuration and the outcomes to the status.
  void show(Status status, const Trials& trials) const;
  // Notes that the timer missed work, if the measurement says so. `whose` begins the note.
  void note_missed_work(const std::string& whose, const Measurement& measurement) const;
};

}  // namespace tw
