// tune worker: a device that a `tune` on another host uses. tune __worker ROLE: the processes that
// devices start; not for users.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>

#include "commands/commands.h"
#include "core/base/error.h"
#include "devices/fleet/process_transport.h"
#include "devices/fleet/serve.h"
#include "devices/process.h"
#include "devices/registry/registry.h"
#include "session/setup/calibration.h"
#include "session/setup/device_names.h"
#include "session/setup/fleet_choice.h"

namespace tw {
namespace {

// Answers a fleet with the device that it names.
void serve_named(int in, int out) {
  fleet::StreamTransport parent(in, out);
  fleet::serve(parent, build_of_fleets(), [](const fleet::OpenRequest& request) {
    return open_named(request.device, request.cache, request.sharers);
  });
}

// Answers a fleet with the devices of this host that the command line names.
class OwnDevices {
 public:
  explicit OwnDevices(const Arguments& arguments)
      : names_(parse_device_names(arguments.text("device", "cuda:0"))),
        fleet_(arguments),
        cache_(!arguments.has("no-cache")) {
    if (names_.front() == "auto") names_.front() = "cuda:0";
    if (names_.front() == "all") names_ = all_gpus(false);
  }
  std::unique_ptr<Device> open(const fleet::OpenRequest& request) const {
    const bool cache = cache_ && request.cache;
    if (request.device.starts_with("replay:")) return open_named(request.device, cache, 1);
    if (names_.size() == 1) return open_named(names_.front(), cache, request.sharers);
    std::unique_ptr<fleet::Fleet> fleet = fleet_.open(names_);
    calibrate(*fleet);
    return fleet;
  }

 private:
  std::vector<std::string> names_;
  FleetChoice fleet_;
  bool cache_;
};

}  // namespace

CommandSpec serving_specification() {
  return {.name = "worker",
          .summary = "measure for a tune on another host, which starts this by its --workers",
          .usage = "tune worker [--device cuda:N]",
          .flags = {{"device", "DEVICE",
                     "cuda:N (default: cuda:0), all (GPUs), cpu, replay:FILE, or a list such as "
                     "cuda:0,cuda:1"},
                    {"no-cache", "", "compile all kernels again on a GPU"}},
          .positional = "",
          .examples = {"tune --op gemm --shape 4096x4096x4096 --workers \"ssh host2 tune worker\"",
                       "tune --op gemm --shape 4096x4096x4096 --workers \"ssh host2 tune worker "
                       "--device all\""}};
}

int serving_command(const Arguments& arguments) {
  const OwnDevices devices(arguments);
  if (::isatty(STDIN_FILENO)) {
    throw Error("tune worker answers another tune over a pipe: start it by that one's --workers");
  }
  ::signal(SIGPIPE, SIG_IGN);  // serve() notices a parent that is gone
  // Whatever prints on stdout must not reach the parent.
  const int out = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  fleet::StreamTransport parent(STDIN_FILENO, out);
  fleet::serve(parent, build_of_fleets(),
               [&](const fleet::OpenRequest& request) { return devices.open(request); });
  return exit_found;
}

int worker_command(const Words& words) {
  const std::string role = words.empty() ? "" : words.front();
  if (role == "fleet") {
    const WorkerChannel channel;  // ends this process with its parent
    serve_named(worker_in, worker_out);
    return exit_found;
  }
  const WorkerBody body = find_worker(role);
  if (!body) {
    throw Error(
        fmt::format("no worker is called '{}': devices start workers, people do not", role));
  }
  WorkerChannel channel;
  return body(channel);
}

}  // namespace tw
