// What a compiled kernel module and the scheduler that runs it know of each other. Read by the
// executable and, through shim.h, by every module, so it includes nothing.
#pragma once

namespace tw_cpu {

inline constexpr int abi_version = 2;

// Services of the scheduler, called from inside a kernel by the thread that runs.
struct Runtime {
  void (*sync_threads)();
  // Warp collectives: wait until every live thread that `mask` names has made the same call.
  // The bits that thread `source` of the warp passed.
  unsigned long long (*shuffle)(unsigned mask, unsigned long long bits, int source);
  unsigned (*ballot)(unsigned mask, bool predicate);
  void (*sync_warp)(unsigned mask);
  // Of all 32 threads of the warp: what each passed, `bytes` (at most 32) apart, until the next
  // collective.
  const void* (*gather)(const void* mine, int bytes);
  // Asynchronous copies: they land at the wait that covers them, not before.
  void (*cp_async)(void* smem, const void* global, int bytes, int source_bytes);
  void (*cp_async_commit)();
  void (*cp_async_wait)(int pending);
  void* (*dynamic_shared)();
  // Ends the launch as faulted; does not return.
  void (*fault)(const char* what, const char* file, unsigned line);
};

struct Index {
  unsigned x, y, z;
};

struct EntryPoint {
  void (*call)(void* const* args);  // args[i] points to the i-th argument
  int arg_count;
  const unsigned* arg_bytes;
};

// What a module exports as `extern "C" const tw_cpu::Module tw_cpu_module`.
struct Module {
  int version;
  const Runtime** runtime;
  Index *thread_index, *block_index, *block_dim, *grid_dim;
  const EntryPoint* entries;
  int entry_count;
};

}  // namespace tw_cpu
