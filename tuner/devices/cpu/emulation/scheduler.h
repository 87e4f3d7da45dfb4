// Runs the launches of compiled kernels on the host: one block at a time, its threads as fibers
// that give way at barriers, warp collectives and their end.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "devices/cpu/emulation/fiber.h"
#include "devices/cpu/emulation/guarded.h"
#include "devices/cpu/emulation/tensor_copies.h"
#include "devices/cpu/shim/abi.h"

namespace tw::cpu {

// How the threads of a block take turns between two barriers.
enum class Lanes {
  forwards,     // in a seeded permutation; each runs up to its next barrier or collective
  backwards,    // in the same one from its end: of any two threads each is first in one of the two
  warps_ahead,  // each warp runs as far as it can before another one runs, in a seeded permutation
};

// In which order the threads of a block run, and the blocks of a grid (backwards, if they do).
struct Order {
  std::uint64_t seed = 1;
  Lanes lanes = Lanes::forwards;
};

struct Geometry {
  std::array<std::int64_t, 3> grid{1, 1, 1}, block{1, 1, 1};
  std::int64_t smem_bytes = 0;
};

class Scheduler {
 public:
  static constexpr int max_threads = 1024;
  Scheduler();
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Runs entry point `entry` of the module; args[i] points to its i-th argument. Returns what went
  // wrong ("deadlock: ...", "misaligned access at gemm/simt.cuh:88, thread ..."), empty if nothing.
  std::string run(const tw_cpu::Module& module, int entry, const Geometry& geometry,
                  std::span<void* const> args, Order order);

 private:
  struct Thread;
  enum class State { done, ready, at_barrier, in_collective, waiting };
  enum class Collective { shuffle, ballot, sync_warp, gather };
  static tw_cpu::Runtime runtime();

  void run_block(std::uint64_t block_seed, Lanes lanes);
  bool run_pass(std::uint64_t seed, Lanes lanes);
  bool run_range(int first, int count, std::uint64_t seed, bool backwards);
  bool release_barrier();
  void prepare(const Geometry& geometry, Placement shared);
  void enter(Thread& thread);
  void check_guards();
  [[noreturn]] void fault(std::string what);
  void copy(void* smem, const void* global, int bytes, int source_bytes);
  void wait(State state);
  void wait_for(void* barrier, unsigned parity);
  bool released(const Thread& thread);
  void sync_some(int id, int threads);
  void check(const char* wrong);
  std::uint64_t collective(Collective kind, unsigned mask, std::uint64_t value, int source);
  void complete_collective(int warp, Collective kind, unsigned mask);
  void complete_gather(int warp, unsigned present);
  std::string stuck() const;
  std::string place_of(const Thread& thread) const;

  std::vector<std::unique_ptr<Thread>> threads_;  // grown to the largest block so far
  int count_ = 0;                                 // threads of this block
  int done_ = 0;
  Thread* current_ = nullptr;
  bool in_thread_ = false;  // else the scheduler's own code runs
  const tw_cpu::Module* module_ = nullptr;
  const tw_cpu::EntryPoint* entry_ = nullptr;
  std::span<void* const> args_;
  std::unique_ptr<Guarded> shared_;
  TensorCopies tensor_copies_;
  std::array<std::uint64_t, 16> named_barriers_{};  // each like one in shared memory
  // What the threads of each warp passed to its last gather.
  alignas(32) std::array<std::array<std::byte, 32 * 32>, max_threads / 32> gathered_{};
  std::string fault_;
};

}  // namespace tw::cpu
