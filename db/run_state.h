// The state of a problem's latest search: it tells what another process did meanwhile.
#pragma once
#include <cstdint>
#include <string>

#include "db/store.h"

namespace tw {

struct RunState {
  std::int64_t id = 0;  // 0: there is none
  std::string status;   // of the table `run`
  bool operator==(const RunState&) const = default;
  // The search went on to its end: it was neither killed nor interrupted, and does not run.
  bool is_complete() const {
    return status.starts_with("finished") || status.starts_with("exhausted");
  }
};
// Reads the latest run of the context's problem, device, driver, toolchain, l2 and source. The
// kernel of the context does not matter.
RunState latest_run(const std::string& path, const Context& context);

}  // namespace tw
