// tune __worker ROLE: the processes that the cpu and cuda devices start; not for users.
#include <fmt/format.h>

#include "commands/commands.h"
#include "core/base/error.h"
#include "devices/cpu/cpu.h"
#include "devices/process.h"
#ifdef TILEWRIGHT_HAS_CUDA
#include "devices/cuda/cuda.h"
#endif

namespace tw {

int worker_command(const Words& words) {
  const std::string role = words.empty() ? "" : words.front();
  const auto serve = [](int (*body)(WorkerChannel&)) {
    WorkerChannel channel;
    return body(channel);
  };
  if (role == "cpu") return serve(cpu_worker);
#ifdef TILEWRIGHT_HAS_CUDA
  if (role == cuda_compile_role) return serve(cuda_compile_worker);
  if (role == cuda_measure_role) return serve(cuda_measure_worker);
#endif
  throw Error(fmt::format("no worker is called '{}': devices start workers, people do not", role));
}

}  // namespace tw
