// One block of a launch: its threads are fibers that give way at barriers, warp collectives and
// their end. The block is a fiber, too, since it gives way to other blocks.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "devices/cpu/emulation/fiber.h"
#include "devices/cpu/emulation/guarded.h"
#include "devices/cpu/emulation/launch.h"
#include "devices/cpu/emulation/tensor_copies.h"
#include "devices/cpu/shim/abi.h"

namespace tw::cpu {

// An act of a thread that other blocks can see.
enum class Telling { fence, atomic };

class Block {
 public:
  static constexpr int max_threads = 1024;
  enum class Collective { shuffle, ballot, sync_warp, gather, exchange };

  // At each Telling `gives_way` says whether other blocks run now.
  explicit Block(std::function<bool(Telling)> gives_way);
  ~Block();
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  // Returns the block whose code runs; null outside of resume(). A process runs one at a time.
  static Block* running();

  // Prepares this object for all blocks of a launch that it will run, one after the other. `shared`
  // says where their dynamic shared memory lies.
  void prepare(const Launch& launch, Placement shared);
  void begin(tw_cpu::Index index, std::uint64_t seed);
  // Runs the block until it ends or gives way. Returns whether it has ended.
  bool resume();
  // Returns what went wrong, and clears it; empty if nothing went wrong.
  std::string take_fault() { return std::exchange(fault_, {}); }
  // Drops a block that has not ended, and its shared memory.
  void drop();

  // Called by a thread of the block.
  int sync_threads(bool predicate);  // returns for how many threads it holds
  void sync_some(int id, int threads);
  std::uint64_t collective(Collective kind, unsigned mask, std::uint64_t value, int source);
  // The services of these names (shim/abi.h).
  unsigned exchange(unsigned mask, std::uint64_t bits, unsigned long long* all);
  unsigned converge(const char* file, unsigned line);
  void copy(void* smem, const void* global, int bytes, int source_bytes);
  void commit_copies();
  void wait_for_copies(int pending);
  void wait_for(void* barrier, unsigned parity);
  void load(void* smem, const tw_cpu::TensorMap& map, const int* coordinates, void* barrier);
  void tell(Telling what);
  void* dynamic_shared() const { return shared_->data(); }
  void check(const char* wrong);
  [[noreturn]] void fail(std::string what);
  bool in_thread() const { return in_thread_; }  // else the emulation's own code runs

 private:
  struct Thread;
  enum class State { done, ready, at_barrier, in_collective, waiting, converging };

  void run();
  bool run_pass(std::uint64_t seed);
  bool run_range(int first, int count, std::uint64_t seed, bool backwards);
  bool release_barrier();
  bool release_converging();
  void release_beside(int first);
  void enter(Thread& thread);
  void check_guards();
  void wait(State state);
  bool released(const Thread& thread);
  void complete_collective(int warp, Collective kind, unsigned mask);
  void complete_gather(int warp, unsigned present);
  std::string stuck() const;
  std::string place_of(const Thread& thread) const;

  std::function<bool(Telling)> gives_way_;
  Fiber fiber_;
  std::vector<std::unique_ptr<Thread>> threads_;  // grown to the largest block so far
  Launch launch_;
  tw_cpu::Index index_{};
  std::uint64_t seed_ = 0;
  int count_ = 0;  // threads of this block
  int done_ = 0;
  Thread* current_ = nullptr;
  bool in_thread_ = false;
  bool gave_way_ = false;  // a thread asks that other blocks run
  bool ended_ = true;
  std::unique_ptr<Guarded> shared_;
  TensorCopies tensor_copies_;
  std::array<std::uint64_t, 16> named_barriers_{};  // each like one in shared memory
  // By warp: the values that its threads passed to the last gather.
  alignas(32) std::array<std::array<std::byte, 32 * 32>, max_threads / 32> gathered_{};
  std::string fault_;
};

}  // namespace tw::cpu
