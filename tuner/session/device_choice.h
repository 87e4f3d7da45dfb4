// Which device answers: the one that --device names, or what --device auto finds.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/formats/recording.h"
#include "core/spec/spec.h"
#include "db/store.h"
#include "devices/device.h"
#include "options/options.h"

namespace tw {

std::vector<Flag> device_flags();

// Whether this machine has a GPU that this executable can use.
bool has_gpu();

struct OpenDevice {
  Device* device = nullptr;  // owned by the chooser
  // What it replays, each of one kernel; none: it is live.
  std::vector<const Recording*> recordings;
  std::string why;  // "no GPU here; ..."; empty if the user named it
};

// What would answer for a problem.
struct DevicePlace {
  enum class Kind {
    gpu,
    replay,
    cpu,
    nowhere,  // the recording that was named holds another problem
  } kind = Kind::gpu;
  std::vector<std::string> recordings;  // their paths
  int emulated_cc = 90;                 // Kind::cpu only
};

// Opens devices as problems ask for them and keeps the last one open.
class DeviceChooser {
 public:
  // Throws Error on a malformed --device. `foreign`: the op comes from a --spec.
  DeviceChooser(const Arguments& arguments, bool foreign);

  // The recording that --device names, if it names one. Throws Error if it cannot be read.
  const Recording* named_recording();
  // `kernel`: the one asked for; empty: any. Throws Error: no such device, no permission to run a
  // foreign spec on the host, a recording that does not hold the problem.
  OpenDevice open(const std::string& op, const std::string& problem, const std::string& kernel);
  // What open() would open. Opens nothing.
  DevicePlace place(const std::string& op, const std::string& problem, const std::string& kernel);

 private:
  OpenDevice open_live(const std::string& name, std::string why);
  OpenDevice open_recordings(const std::vector<std::string>& paths, std::string why);
  OpenDevice choose(const std::string& op, const std::string& problem, const std::string& kernel);
  const Recording& recording(const std::string& path);
  std::vector<std::string> shipped(const std::string& op, const std::string& problem,
                                   const std::string& kernel);

  std::string name_;  // of --device
  bool foreign_ = false, trusted_ = false, cache_ = true;
  std::string open_name_;
  std::unique_ptr<Device> device_;
  std::map<std::string, Recording> recordings_;  // by path
};

// The folders in which shipped recordings are looked for, best first.
std::vector<std::string> recording_folders();
// What rows of this device are called in the database.
Source source_of(const DeviceInfo& info);

}  // namespace tw
