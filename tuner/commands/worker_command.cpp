// tune __worker ROLE: the processes that the cpu and cuda devices start; not for users.
#include <fmt/format.h>

#include "commands/commands.h"
#include "core/base/error.h"
#include "devices/process.h"
#include "devices/registry/registry.h"

namespace tw {

int worker_command(const Words& words) {
  const std::string role = words.empty() ? "" : words.front();
  const WorkerBody body = find_worker(role);
  if (!body) {
    throw Error(
        fmt::format("no worker is called '{}': devices start workers, people do not", role));
  }
  WorkerChannel channel;
  return body(channel);
}

}  // namespace tw
