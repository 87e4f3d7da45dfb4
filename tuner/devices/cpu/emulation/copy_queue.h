// The asynchronous copies of one thread.
#pragma once
#include <cstddef>
#include <vector>

namespace tw::cpu {

// A copy lands at the wait that covers it. Until then the destination holds NaNs. So a missing wait
// shows, and so does a copy into a buffer that is still being read.
class CopyQueue {
 public:
  void push(void* smem, const void* global, int bytes, int source_bytes);
  void commit() { group_ends_.push_back(copies_.size()); }
  // Lands the committed groups except for the newest `pending`.
  void wait(int pending);
  void clear();

 private:
  struct Copy {
    void* smem;
    const void* global;
    int bytes, source_bytes;
  };
  void forget_landed();
  std::vector<Copy> copies_;             // from landed_ on: under way
  std::vector<std::size_t> group_ends_;  // from landed_groups_ on: committed groups under way
  std::size_t landed_ = 0, landed_groups_ = 0;
};

}  // namespace tw::cpu
