// A value about which the compiler knows nothing.
#pragma once

#include "common/config.cuh"

namespace tw {

// x. What is computed from the result inside of a loop stays there: compilers move what does not
// depend on the loop out of it, and run out of registers for it.
TW_DEVICE int opaque(int x) {
#ifndef TW_CPU_DEVICE
  asm volatile("" : "+r"(x));
#endif
  return x;
}

}  // namespace tw
