// Prefix sums over groups of threads of a warp.
#pragma once

#include <cooperative_groups/reduce.h>

namespace cooperative_groups {

template <class Group, class T, class Combine>
inline std::decay_t<T> inclusive_scan(const Group& group, T&& value, Combine&& combine) {
  const tw_cpu::Gathered<std::decay_t<T>> all(group.mask(), value);
  return tw_cpu::combined(all, all.present & ((2u << tw_cpu::lane()) - 1u), combine);
}
template <class Group, class T>
inline std::decay_t<T> inclusive_scan(const Group& group, T&& value) {
  return inclusive_scan(group, value, plus<std::decay_t<T>>{});
}
// The first thread gets a value of zeros, as with CUDA's plus.
template <class Group, class T, class Combine>
inline std::decay_t<T> exclusive_scan(const Group& group, T&& value, Combine&& combine) {
  const tw_cpu::Gathered<std::decay_t<T>> all(group.mask(), value);
  const unsigned before = all.present & ((1u << tw_cpu::lane()) - 1u);
  return before == 0 ? std::decay_t<T>{} : tw_cpu::combined(all, before, combine);
}
template <class Group, class T>
inline std::decay_t<T> exclusive_scan(const Group& group, T&& value) {
  return exclusive_scan(group, value, plus<std::decay_t<T>>{});
}

}  // namespace cooperative_groups
