// The messages between a fleet and its workers, one CBOR frame each. Every reader throws Error if a
// message is malformed.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/plan/activity.h"
#include "core/plan/job.h"
#include "core/plan/parts.h"
#include "core/types/device_info.h"

namespace tw::fleet {

// How a worker opens its device.
struct OpenRequest {
  std::string build;        // version and commit of the parent: both sides must be of one build
  std::string device;       // "cuda:0", "cpu:90", "replay:FILE"; empty: the worker chooses
  bool cache = true;        // use kernels that were compiled before
  int sharers = 1;          // workers of this host that compile at the same time
  std::uint64_t epoch = 0;  // the answer repeats it
  int silence_s = 30;       // a rank ends if its parent says nothing for longer
};

// A message of the parent.
struct Request {
  // `close` releases the device; the worker may be told to open another one. `quit` ends the
  // worker.
  enum class Kind { open, job, cancel, close, quit } kind = Kind::job;
  OpenRequest open{};
  Job job{};
};

// The worker's answer to `open`.
struct Opened {
  std::string error;  // not empty if there is no device
  std::string host;
  DeviceInfo info;
  int capacity = 1;
  bool has_counters = false, has_energy = false;
  std::uint64_t epoch = 0;  // of the request
};

// A message of a worker.
struct Reply {
  // `alive` is sent now and then, so that silence means that the worker is lost. After `failed` the
  // worker answers no more jobs: the machine or the reference is at fault. `quits` answers `quit`.
  enum class Kind { opened, finished, failed, alive, quits } kind = Kind::alive;
  Opened opened{};
  std::vector<Finished> finished{};
  std::string error{};                 // of `failed`
  std::vector<std::string> notices{};  // for the user
  Activity activity{};                 // of the device, as of late; 0 of 0: not said
};

std::string encode(const Request& request, PartsSent& parts);
Request decode_request(const std::string& frame, PartsReceived& parts);
std::string encode(const Reply& reply);
Reply decode_reply(const std::string& frame);

}  // namespace tw::fleet
