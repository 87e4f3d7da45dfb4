// The body of a measuring worker.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "devices/gpu/runtime/runtime.h"
#include "devices/process.h"

namespace tw::gpu {

// The platform on which a measuring worker works.
struct MeasurePlatform {
  // Opens a device. Throws Error if there is no such device, Failure if it cannot be used.
  std::function<std::unique_ptr<Runtime>(int ordinal, Use use)> open;
  // Answers a question about the machine that comes instead of an ordinal; the worker then ends.
  // Returns nothing if the frame is no such question.
  std::function<std::optional<std::string>(const std::string& frame)> answer;
};

// Runs jobs until the parent closes its end or a kernel faults. Does not return in these cases: it
// ends the process, because destructors would wait for a lost context.
int measure_worker(WorkerChannel& channel, const MeasurePlatform& platform);

}  // namespace tw::gpu
