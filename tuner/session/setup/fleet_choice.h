// The workers of a run that has several: GPUs of this host, commands of --workers, ranks of MPI.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "devices/fleet/fleet.h"
#include "options/options.h"

namespace tw {

std::vector<Flag> fleet_flags();

// The other processes that were started together with this one. Set once, by the program.
using RankConnector = std::function<std::vector<fleet::Connection>()>;
void set_rank_connector(RankConnector connector);

// Returns the device that each rank of MPI opens if --device has these names. "cuda" is the GPU of
// the rank's number on its host. Throws Error if the names make no sense there.
std::string device_of_ranks(const std::vector<std::string>& names);

// The workers besides the devices that --device names.
class FleetChoice {
 public:
  explicit FleetChoice(const Arguments& arguments);

  // Returns whether a device of this name, or these names, is opened as a fleet.
  bool is_wanted(const std::vector<std::string>& names) const;
  bool has_commands() const { return !commands_.empty(); }  // of --workers
  bool has_ranks() const;
  // Opens the devices of this host and all other workers. `names` may be empty. Throws Error if no
  // worker can be used.
  std::unique_ptr<fleet::Fleet> open(const std::vector<std::string>& names) const;

 private:
  std::vector<std::string> commands_;  // of --workers
  int in_flight_ = 0;
  int silence_s_ = 30;
  bool cache_ = true;
};

// Returns the version and the commit, which all workers of a fleet must share.
std::string build_of_fleets();

}  // namespace tw
