#include "devices/cpu/emulation/copy_queue.h"

#include <cstring>

#include "devices/cpu/emulation/guarded.h"

namespace tw::cpu {

void CopyQueue::push(void* smem, const void* global, int bytes, int source_bytes) {
  poison(smem, static_cast<std::size_t>(bytes));
  copies_.push_back({smem, global, bytes, source_bytes});
}

void CopyQueue::wait(int pending) {
  while (group_ends_.size() - landed_groups_ > static_cast<std::size_t>(pending)) {
    for (const std::size_t end = group_ends_[landed_groups_++]; landed_ < end; ++landed_) {
      const Copy& copy = copies_[landed_];
      const auto from_source = static_cast<std::size_t>(copy.source_bytes);
      auto* to = static_cast<std::byte*>(copy.smem);
      if (from_source > 0) std::memcpy(to, copy.global, from_source);
      std::memset(to + from_source, 0, static_cast<std::size_t>(copy.bytes) - from_source);
    }
  }
  forget_landed();
}

// Keeps the queue as long as what is under way, at a constant cost a copy.
void CopyQueue::forget_landed() {
  if (2 * landed_groups_ < group_ends_.size()) return;
  copies_.erase(copies_.begin(), copies_.begin() + static_cast<std::ptrdiff_t>(landed_));
  group_ends_.erase(group_ends_.begin(),
                    group_ends_.begin() + static_cast<std::ptrdiff_t>(landed_groups_));
  for (std::size_t& end : group_ends_) end -= landed_;
  landed_ = landed_groups_ = 0;
}

void CopyQueue::clear() {
  copies_.clear();
  group_ends_.clear();
  landed_ = landed_groups_ = 0;
}

}  // namespace tw::cpu
