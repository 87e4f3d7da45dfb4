// A device made of workers: GPUs of this host, of other hosts, or ranks of MPI. A job goes to the
// worker that has the most room. Races, counters and baselines stay on one worker, so that what is
// compared was measured by one GPU.
#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "devices/device.h"
#include "devices/fleet/messages.h"
#include "devices/fleet/transport.h"

namespace tw::fleet {

// A worker that can be reached.
struct Connection {
  std::string name;    // for people: "cuda:1", "ssh host2 tune worker", "rank 3"
  std::string device;  // the device that it opens; empty: the worker chooses
  int sharers = 1;     // workers of its host that compile at the same time
  std::unique_ptr<Transport> transport;
};

struct FleetOptions {
  std::string build;  // version and commit
  bool cache = true;
  // Jobs under way at the same time; 0: as many as the workers want. A search with one seed is the
  // same for any number of workers if this number is the same.
  int in_flight = 0;
  std::chrono::milliseconds start_limit{90'000};  // for opening all devices
  // A worker that says nothing for longer is lost. Workers say that they are alive each second.
  std::chrono::seconds silence_limit{30};
};

class Fleet : public Device {
 public:
  // Returns the number of workers that answer jobs.
  virtual int size() const = 0;
  // Runs each job on all workers at the same time, and leaves out each worker whose median time
  // deviates in any job: see compare_times(). A difference of two workers is said once. Drops all
  // jobs.
  virtual void calibrate(const std::vector<Job>& jobs, double tolerance) = 0;
  // Runs a job on the only worker of a fleet. Returns its median time; nothing if a signal arrives
  // first. A worker that cannot run the job is left out: then throws Error. Drops all jobs.
  virtual std::optional<double> time_of(const Job& job) = 0;
  // Leaves out the only worker of a fleet. Drops all jobs.
  virtual void leave_out(const std::string& reason) = 0;
  // Returns the name of the only worker, and its host if that is known; empty if there are several.
  virtual std::string worker() const = 0;
  // Returns the differences that were said: Comparison::about.
  virtual const std::set<std::string>& differences() const = 0;
  // Moves each worker into a fleet of its own. Drops all jobs. This fleet then has no workers. Each
  // of the fleets may be used by a thread of its own.
  virtual std::vector<std::unique_ptr<Fleet>> split() = 0;
};

// Opens the devices of all workers. Workers that cannot open theirs are left out, and so are those
// whose device differs from the others in its limits, driver or toolchain: notices() says which
// and why. Throws Error if no worker is left.
std::unique_ptr<Fleet> open_fleet(std::vector<Connection> connections, FleetOptions options);

}  // namespace tw::fleet
