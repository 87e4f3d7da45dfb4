// The choice of the device: the device that --device names, or the one that --device auto finds.
#pragma once
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/formats/recording.h"
#include "core/spec/spec.h"
#include "db/store.h"
#include "devices/device.h"
#include "devices/fleet/fleet.h"
#include "options/options.h"
#include "session/setup/fleet_choice.h"

namespace tw {

std::vector<Flag> device_flags();

struct OpenDevice {
  Device* device = nullptr;  // the chooser owns it
  // The recordings that the device replays, each of one kernel. A live device has none.
  std::vector<const Recording*> recordings;
  std::string why;  // "no GPU here; ..."; empty if the user named the device
};

// The device that would answer for a problem.
struct DevicePlace {
  enum class Kind {
    gpu,
    replay,
    cpu,
    nowhere,  // the named recording holds another problem
  } kind = Kind::gpu;
  std::vector<std::string> recordings;  // paths of the recordings
  int emulated_cc = 90;                 // only for Kind::cpu
};

// Opens devices when problems need them, and keeps the last one open.
class DeviceChooser {
 public:
  // Throws Error if --device is malformed. `foreign` says that the op comes from a --spec.
  DeviceChooser(const Arguments& arguments, bool foreign);

  // Returns the recording that --device names, or nullptr. Throws Error if it cannot be read.
  const Recording* named_recording();
  // Opens the device for a problem. `kernel` is the kernel that the user asked for; empty for any.
  // Throws Error if there is no such device, if a foreign spec may not run on the host, or if a
  // recording does not hold the problem.
  OpenDevice open(const std::string& op, const std::string& problem, const std::string& kernel);
  // If the open device is a fleet of several live workers, and there is a problem for each of them,
  // moves each worker into a fleet of its own; the device is then no longer open. Otherwise returns
  // nothing.
  std::vector<std::unique_ptr<fleet::Fleet>> split_fleet(std::size_t problems);
  // Returns what open() would open, without opening it.
  DevicePlace place(const std::string& op, const std::string& problem, const std::string& kernel);

 private:
  const std::string& first_name() const;
  bool is_auto() const;
  bool has_open_gpu() const;
  void check_trust(bool runs_on_host) const;
  Device& device_of(const std::vector<std::string>& names);
  OpenDevice opened(const std::vector<std::string>& names, std::string why);
  OpenDevice open_live(const std::vector<std::string>& names, std::string why);
  // `workers`: how many of them replay the recordings.
  OpenDevice open_recordings(const std::vector<std::string>& paths, std::size_t workers,
                             std::string why);
  OpenDevice choose(const std::string& op, const std::string& problem, const std::string& kernel);
  const Recording& recording(const std::string& path);
  std::vector<std::string> shipped(const std::string& op, const std::string& problem,
                                   const std::string& kernel);

  std::vector<std::string> names_;  // of --device; empty: only other workers measure
  FleetChoice fleet_;
  bool foreign_ = false, trusted_ = false, cache_ = true;
  std::vector<std::string> open_names_;
  std::unique_ptr<Device> device_;
  fleet::Fleet* open_fleet_ = nullptr;  // device_, if it is a fleet
  std::optional<std::chrono::steady_clock::time_point> calibrated_;
  std::map<std::string, Recording> recordings_;  // by path
};

// Returns the folders in which shipped recordings are searched, best first.
std::vector<std::string> recording_folders();
// Returns the source under which rows of this device are stored in the database.
Source source_of(const DeviceInfo& info);

}  // namespace tw
