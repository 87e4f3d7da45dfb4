// Finds out which code of this file's kernels a device runs. A program holds code for the
// architectures that it was compiled for. The driver selects the code for one of them. The host
// learns which one from the attributes of a kernel that is compiled together with the others, so
// that host and device code use the same fact.
#pragma once
#include <cuda_runtime.h>

#include "emit/emitted/limits.h"

// Targets with an "a" or "f" after the number have instructions that plain targets lack.
#if defined(__CUDA_ARCH_SPECIFIC__) || defined(__CUDA_ARCH_FAMILY_SPECIFIC__)
#define TW_PROBE_THREADS 64
#elif defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define TW_PROBE_THREADS 64
#else
#define TW_PROBE_THREADS 32
#endif

#if defined(__CUDA_ARCH__) && !defined(TILEWRIGHT_ACCEPT_FAST_MATH)
#define TW_REFUSES_FAST_MATH
extern "C" __device__ int __nvvm_reflect(const char*);  // of nvcc: returns a compiler option
#endif

namespace tw::dispatch {

// This kernel is never launched. It is compiled together with the other kernels. The host reads the
// target from its attributes: its largest block has 64 threads for a target with an "a" or "f", and
// 32 threads for a plain target.
//
// With -use_fast_math the kernels would not compute what was checked. No macro shows that flag.
// Therefore the kernel contains invalid assembly for this case. ptxas prints it and stops.
static __global__ void __launch_bounds__(TW_PROBE_THREADS) code_probe() {
#ifdef TW_REFUSES_FAST_MATH
  if (__nvvm_reflect("__CUDA_FTZ") != 0) {
    asm volatile(
        "error__this_header_was_checked_without_use_fast_math_and_ftz"
        "__remove_them_or_define_TILEWRIGHT_ACCEPT_FAST_MATH;");
  }
#if CUDART_VERSION >= 13000
  if (__nvvm_reflect("__CUDA_PREC_DIV") == 0 || __nvvm_reflect("__CUDA_PREC_SQRT") == 0) {
    asm volatile(
        "error__this_header_was_checked_with_prec_div_and_prec_sqrt"
        "__leave_them_on_or_define_TILEWRIGHT_ACCEPT_FAST_MATH;");
  }
#endif
#endif
}

// Sets device.cc and device.specific to the target for which the code that the device runs was
// compiled.
static inline cudaError_t code_of(Device& device) {
  cudaFuncAttributes attributes{};
  const auto probe = reinterpret_cast<const void*>(&code_probe);
  const cudaError_t status = cudaFuncGetAttributes(&attributes, probe);
  device.cc = attributes.ptxVersion;  // __CUDA_ARCH__ / 10
  device.specific = attributes.maxThreadsPerBlock == 64;
  return status;
}

}  // namespace tw::dispatch

#undef TW_PROBE_THREADS
#undef TW_REFUSES_FAST_MATH
