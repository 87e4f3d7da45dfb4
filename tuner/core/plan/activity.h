// How busy a device is.
#pragma once

namespace tw {

// The compilers and GPUs that are at work at one moment. A device that does not know has 0 of 0.
struct Activity {
  int compiling = 0, compilers = 0;  // compilers at work, of how many
  int measuring = 0, measurers = 0;  // GPUs (or cores that emulate one) at work, of how many
  bool operator==(const Activity&) const = default;
};

}  // namespace tw
