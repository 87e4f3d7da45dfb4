// What the references need to know of the storage types.
#pragma once

#include "common/config.cuh"
#include "common/half.cuh"

namespace tw {

// The smallest positive number of T with all its digits. What is smaller is rounded as coarsely as
// this: a magnitude that says how far a result of type T may be off must not be below it.
template <class T>
TW_DEVICE double smallest_normal() {
  return 1.17549435082228750797e-38;  // 2^-126
}
template <>
TW_DEVICE double smallest_normal<f16>() {
  return 6.103515625e-05;  // 2^-14
}

}  // namespace tw
