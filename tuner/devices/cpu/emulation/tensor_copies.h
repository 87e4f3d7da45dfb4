// Barriers in shared memory and the copies of boxes of tensors that complete on them: Hopper's
// mbarrier and cp.async.bulk.tensor (PTX ISA, "Asynchronous Data Movement and Conversion").
#pragma once
#include <array>
#include <string>
#include <vector>

#include "devices/cpu/shim/abi.h"

namespace tw::cpu {

// Of one block. A copy lands when a thread waits for its barrier and nothing else is missing there:
// until then the destination holds NaNs, so that a missing wait is seen, and so is a copy into a
// buffer that is still being read. Functions return what is wrong, null if nothing is.
class TensorCopies {
 public:
  static const char* init(void* barrier, int arrivals);
  static unsigned parity(const void* barrier);  // of the phase that is under way
  // One arrival, after which `expected_bytes` more must land in this phase.
  static const char* arrive(void* barrier, int expected_bytes);
  const char* load(void* smem, const tw_cpu::TensorMap& map, const int* coordinates, void* barrier);
  // Whether the phase of that parity is over; lands what it takes.
  const char* poll(void* barrier, unsigned parity, bool& over);

  void clear() { copies_.clear(); }
  bool empty() const { return copies_.empty(); }

 private:
  struct Copy {
    void* smem;
    tw_cpu::TensorMap map;
    std::array<int, 6> coordinates;
    void* barrier;
  };
  std::vector<Copy> copies_;
};

}  // namespace tw::cpu
