// kernels/common/verify.cuh as a module for the emulation of blocks: the code that verifies results
// on a GPU, compiled for the host.
#include "devices/cpu/shim/shim.h"
//
// The compilers of GPUs warn about this code; here only its behaviour counts.
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wsign-compare"
#include "common/verify.cuh"
#include "unit/gpu/verify_module.h"

#define TW_ENTRY(name) tw_cpu::Entry<name>::point
TW_CPU_MODULE(nullptr, TW_ENTRY(tw_fill), TW_ENTRY(tw_expect), TW_ENTRY(tw_expect_magnitude),
              TW_ENTRY(tw_guard_write), TW_ENTRY(tw_guard_check), TW_ENTRY(tw_hash),
              TW_ENTRY(tw_compare), TW_ENTRY(tw_zero), TW_ENTRY(tw_flush_write),
              TW_ENTRY(tw_flush_read), TW_ENTRY(tw_mark))

namespace tw::gpu {

const std::vector<std::string>& verify_entries() {
  static const std::vector<std::string> names{
      "tw_fill",        "tw_expect",      "tw_expect_magnitude",
      "tw_guard_write", "tw_guard_check", "tw_hash",
      "tw_compare",     "tw_zero",        "tw_flush_write",
      "tw_flush_read",  "tw_mark"};
  return names;
}

const tw_cpu::Module& verify_module() { return tw_cpu_module; }

}  // namespace tw::gpu
