// Moves registers from some warpgroups of a block to others (setmaxnreg, sm_90a). The compiler
// obeys only if the kernel has __launch_bounds__ with a least number of blocks.
#pragma once

#include "common/config.cuh"

#if defined(__CUDA_ARCH_FEAT_SM90_ALL) && !defined(TW_CPU_DEVICE)
#define TW_WARPGROUP_ASM(...) asm volatile(__VA_ARGS__)
#else
#define TW_WARPGROUP_ASM(...)
#endif

namespace tw {

// Gives back the registers of each thread beyond kCount, a multiple of 8. All threads of the
// warpgroup call it.
template <int kCount>
TW_DEVICE void give_registers() {
  TW_WARPGROUP_ASM("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kCount));
}

// Waits until each thread can have kCount registers.
template <int kCount>
TW_DEVICE void take_registers() {
  TW_WARPGROUP_ASM("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kCount));
}

}  // namespace tw

#undef TW_WARPGROUP_ASM
