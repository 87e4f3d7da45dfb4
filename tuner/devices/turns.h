// Whose turn it is to use a GPU: processes that time on one GPU take turns, one measurement each.
#pragma once
#include <string>

#include "devices/file_lock.h"

namespace tw {

class Turns {
 public:
  // `uuid`: the GPU's. The lock file is in TILEWRIGHT_LOCKS, by default in /tmp, for all users.
  explicit Turns(const std::string& uuid);

  // Why turns cannot be taken; empty: they can.
  const std::string& why_not() const { return lock_.why_not(); }
  // Whether the GPU was free: then it is ours.
  bool try_take();
  // Waits for it. Who has waited longer than the others' last measurement comes first: a process
  // cannot take turn after turn while another one waits.
  void take();
  void end();

 private:
  FileLock lock_;
};

}  // namespace tw
