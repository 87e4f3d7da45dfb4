// Runs the launches of compiled kernels on the host. A process runs one block at a time; in two of
// the three orders a few blocks take turns where they tell each other something.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "devices/cpu/emulation/block.h"
#include "devices/cpu/emulation/launch.h"
#include "devices/cpu/emulation/permutation.h"
#include "devices/cpu/shim/abi.h"

namespace tw::cpu {

// The order in which the threads of a block run, and the blocks of a grid. Backwards, the blocks run
// backwards too. Forwards, each block ends before another one begins. In the other orders a block may
// be held at a fence or right after an atomic operation, until others have run.
struct Order {
  std::uint64_t seed = 1;
  Lanes lanes = Lanes::forwards;
  bool takes_turns = true;  // false: each block ends before another one begins, in any order
};

class Scheduler {
 public:
  static constexpr int max_threads = Block::max_threads;
  static constexpr std::size_t max_live = 4;  // blocks that have begun and not ended
  Scheduler();
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Runs entry point `entry` of the module; args[i] points to its i-th argument. Returns what went
  // wrong ("deadlock: ...", "misaligned access at gemm/simt.cuh:88, thread ..."), empty if nothing.
  // Throws Error if memory runs out.
  std::string run(const tw_cpu::Module& module, int entry, const Geometry& geometry,
                  std::span<void* const> args, Order order);

 private:
  struct Slot;
  std::string run_blocks();
  Slot* next(Slot* gave_way);
  Slot* begin_one();
  void hold(Slot& slot);
  void go_on(Slot& slot);
  void drop_blocks();
  bool gives_way(Telling what);
  std::uint64_t draw();

  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<Slot*> free_, held_;
  // The state of the current launch.
  Launch launch_;
  Order order_;
  std::int64_t blocks_ = 0, begun_ = 0;
  Permutation permutation_{0, 1, false};  // of the blocks
  std::uint64_t draws_ = 0;
  int told_ = 0;  // by the running block since it began or went on
};

}  // namespace tw::cpu
