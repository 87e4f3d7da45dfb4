// Turns on a GPU: processes that time kernels on the same GPU take turns, one measurement each.
#pragma once
#include <string>

#include "devices/file_lock.h"

namespace tw {

class Turns {
 public:
  // `uuid` is the GPU's. The lock file is in the folder TILEWRIGHT_LOCKS, or in /tmp; all users
  // share it.
  explicit Turns(const std::string& uuid);

  // Returns why turns cannot be taken; empty if they can.
  const std::string& why_not() const { return lock_.why_not(); }
  // Takes the turn if the GPU is free. Returns whether this process has the turn now.
  bool try_take();
  // Waits for the GPU and takes the turn. A process that waits since before the current measurement
  // comes first: no process can take turn after turn while another one waits.
  void take();
  void end();

 private:
  FileLock lock_;
};

}  // namespace tw
