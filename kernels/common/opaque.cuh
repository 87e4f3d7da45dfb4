// A value about which the compiler knows nothing.
#pragma once

#include "common/config.cuh"

namespace tw {

// Returns x, but the compiler does not know this. A value that is computed from the result inside a
// loop stays inside the loop: compilers move what does not depend on the loop out of it, and run
// out of registers.
TW_DEVICE int opaque(int x) {
#ifndef TW_CPU_DEVICE
  asm volatile("" : "+r"(x));
#endif
  return x;
}

}  // namespace tw
