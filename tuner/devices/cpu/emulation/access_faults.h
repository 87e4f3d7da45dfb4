// Accesses to inaccessible memory by a kernel, which end its launch instead of the process.
#pragma once
#include <csignal>
#include <string>

namespace tw::cpu {

// While one is alive, an access to the fence of a Guarded buffer calls `report` with what happened:
// "read outside of x, 12 bytes past the end". `report` leaves the faulting code for good; if it
// returns, the process ends as it does at any other wild access. One at a time a process; does
// nothing under AddressSanitizer, whose reports are better.
class AccessFaults {
 public:
  using Report = void (*)(std::string what);
  explicit AccessFaults(Report report);
  ~AccessFaults();
  AccessFaults(const AccessFaults&) = delete;
  AccessFaults& operator=(const AccessFaults&) = delete;

 private:
  struct sigaction segv_before_ = {};
  stack_t stack_before_ = {};
};

}  // namespace tw::cpu
