// Copies by all threads of a group. They have arrived for all of the group after its wait.
#pragma once

#include <cooperative_groups.h>

namespace cooperative_groups {

template <class Group>
inline void memcpy_async(const Group& group, void* to, const void* from, size_t bytes) {
  const size_t step = 16, first = step * group.thread_rank();
  for (size_t at = first; at < bytes; at += step * group.size()) {
    memcpy(static_cast<char*>(to) + at, static_cast<const char*>(from) + at,
           bytes - at < step ? bytes - at : step);
  }
}
template <class Group, class T>
inline void memcpy_async(const Group& group, T* to, size_t to_count, const T* from,
                         size_t from_count) {
  const size_t count = to_count < from_count ? to_count : from_count;
  memcpy_async(group, static_cast<void*>(to), static_cast<const void*>(from), count * sizeof(T));
}
template <class Group>
inline void wait(const Group& group) {
  group.sync();
}
template <unsigned Pending, class Group>
inline void wait_prior(const Group& group) {
  group.sync();
}

}  // namespace cooperative_groups
