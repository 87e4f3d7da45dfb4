// The interface between a compiled kernel module and the scheduler that runs it. The executable reads
// this file, and so does every module, through shim.h. So it includes nothing.
#pragma once

namespace tw_cpu {

inline constexpr int abi_version = 7;

// A tensor map on this device, as large as CUDA's. The innermost dimension comes first;
// strides are bytes, extents and box elements.
struct TensorMap {
  static constexpr int max_rank = 5;
  const void* data;
  long long strides[max_rank];
  unsigned extents[max_rank];
  unsigned short box[max_rank];
  unsigned char rank, element_bytes, swizzle, tf32;
  // For an im2col map, whose box is channels and pixels: columns and rows of the window, as in
  // TensorMapShape.
  signed char lower[2], upper[2];
  unsigned char steps[2], im2col;
  unsigned char unused[35];
};
static_assert(sizeof(TensorMap) == 128);

// Services of the scheduler, called from inside a kernel by the thread that runs.
struct Runtime {
  // Waits for the threads of the block that have not returned.
  void (*sync_threads)();
  // The same, and returns for how many threads of the block the predicate holds.
  int (*sync_count)(bool predicate);
  // Warp collectives: wait until every live thread that `mask` names has made the same call.
  // The bits that thread `source` of the warp passed.
  unsigned long long (*shuffle)(unsigned mask, unsigned long long bits, int source);
  unsigned (*ballot)(unsigned mask, bool predicate);
  void (*sync_warp)(unsigned mask);
  // Stores in all[i] the bits that thread i of the warp passed, and returns the threads that took
  // part: those of the mask that have not returned.
  unsigned (*exchange)(unsigned mask, unsigned long long bits, unsigned long long* all);
  // Returns the threads of the warp that wait at the same place of the source when no thread of the
  // warp can go on: those that a GPU would most likely run together.
  unsigned (*converge)(const char* file, unsigned line);
  // Returns the values that all 32 threads of the warp passed, `bytes` (at most 32) apart. They stay
  // until the next collective.
  const void* (*gather)(const void* mine, int bytes);
  // Asynchronous copies: they land at the wait that covers them, not before.
  void (*cp_async)(void* smem, const void* global, int bytes, int source_bytes);
  void (*cp_async_commit)();
  void (*cp_async_wait)(int pending);
  // Barriers in shared memory (mbarrier), each in 8 bytes; see tensor_copies.h.
  void (*barrier_init)(void* barrier, int arrivals);
  void (*barrier_arrive)(void* barrier, int expected_bytes);
  void (*barrier_wait)(void* barrier, unsigned parity);
  // The box at `coordinates` of the map, into shared memory: lands at a wait for the barrier. Of an
  // im2col map, two offsets follow them: columns and rows from each pixel to what is read.
  void (*tensor_load)(void* smem, const TensorMap* map, const int* coordinates, void* barrier);
  // The barrier `id` (0 to 15) of `threads` threads of the block.
  void (*sync_some)(int id, int threads);
  // The calling thread is at a fence, or has done an atomic operation: other blocks may run now.
  void (*tell_fence)();
  void (*tell_atomic)();
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

// An array of the source that gets values before a launch.
struct Symbol {
  void* data;
  unsigned long long bytes;
};

// A module exports one, as `extern "C" const tw_cpu::Module tw_cpu_module`.
struct Module {
  int version;
  const Runtime** runtime;
  Index *thread_index, *block_index, *block_dim, *grid_dim;
  const EntryPoint* entries;
  int entry_count;
  const Symbol* symbols;
};

}  // namespace tw_cpu
