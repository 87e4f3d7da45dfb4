// Barriers in shared memory and the copies of boxes of tensors that complete on them: Hopper's
// mbarrier and cp.async.bulk.tensor (PTX ISA, "Asynchronous Data Movement and Conversion").
#pragma once
#include <array>
#include <string>
#include <vector>

#include "devices/cpu/shim/abi.h"

namespace tw::cpu {

// The tensor copies of one block. A copy lands when a thread waits for its barrier and nothing else
// is missing there. Until then the destination holds NaNs. So a missing wait shows, and so does a
// copy into a buffer that is still being read. Functions return a message if something is wrong, else
// null.
class TensorCopies {
 public:
  static const char* init(void* barrier, int arrivals);
  static unsigned parity(const void* barrier);  // of the phase that is under way
  // One arrival, after which `expected_bytes` more must land in this phase.
  static const char* arrive(void* barrier, int expected_bytes);
  const char* load(void* smem, const tw_cpu::TensorMap& map, const int* coordinates, void* barrier);
  // Sets `over` to whether the phase of that parity is over. Lands the copies that complete it.
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
