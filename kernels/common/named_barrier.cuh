// Barriers for some of a block's threads.
#pragma once

#include "common/config.cuh"

namespace tw {

// A __syncthreads() of the kThreads threads that name the same barrier; these are whole warps. `id`
// is from 1 to 15, because __syncthreads() uses 0.
template <int kThreads>
TW_DEVICE void sync_some(int id) {
  static_assert(kThreads % 32 == 0, "whole warps");
#ifdef TW_CPU_DEVICE
  tw_cpu::runtime->sync_some(id, kThreads);
#else
  asm volatile("bar.sync %0, %1;" ::"r"(id), "n"(kThreads) : "memory");
#endif
}

}  // namespace tw
