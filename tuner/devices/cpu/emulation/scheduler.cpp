// Longer than 400 lines: one class, whose steps share the state of one block.
#include "devices/cpu/emulation/scheduler.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <utility>

#include "common/inputs.cuh"
#include "devices/cpu/emulation/access_faults.h"
#include "devices/cpu/emulation/copy_queue.h"

namespace tw::cpu {

using verify::mix;
namespace {

// What the functions of tw_cpu::Runtime act on: a process runs one block at a time.
Scheduler* running = nullptr;

// The permutation i -> (first + i * stride) % count of 0..count-1.
class Permutation {
 public:
  Permutation(std::uint64_t seed, std::int64_t count, bool backwards)
      : count_(count), backwards_(backwards) {
    const auto unsigned_count = static_cast<std::uint64_t>(count);
    first_ = static_cast<std::int64_t>(mix(seed) % unsigned_count);
    stride_ = static_cast<std::int64_t>(mix(seed + 1) % unsigned_count);
    while (std::gcd(stride_, count) != 1) stride_ = (stride_ + 1) % count;
  }
  std::int64_t operator[](std::int64_t i) const {
    return (first_ + (backwards_ ? count_ - 1 - i : i) * stride_) % count_;
  }

 private:
  std::int64_t count_, first_ = 0, stride_ = 1;
  bool backwards_;
};

std::array<unsigned, 3> index_of(std::int64_t linear, const std::array<std::int64_t, 3>& extents) {
  return {static_cast<unsigned>(linear % extents[0]),
          static_cast<unsigned>(linear / extents[0] % extents[1]),
          static_cast<unsigned>(linear / extents[0] / extents[1])};
}

tw_cpu::Index to_index(const std::array<unsigned, 3>& values) {
  return {values[0], values[1], values[2]};
}

std::int64_t product(const std::array<std::int64_t, 3>& extents) {
  return extents[0] * extents[1] * extents[2];
}

}  // namespace

struct Scheduler::Thread {
  explicit Thread(Scheduler& scheduler) : fiber([this, &scheduler] { scheduler.enter(*this); }) {}

  Fiber fiber;
  State state = State::done;
  int number = 0;  // in the block
  tw_cpu::Index index{};
  CopyQueue copies;
  // Of the warp collective that it waits in.
  Collective kind{};
  unsigned mask = 0;
  std::uint64_t value = 0;
  int source = 0;
  std::uint64_t answer = 0;
  // Of the barrier that it waits for.
  void* barrier = nullptr;
  unsigned parity = 0;
};

Scheduler::Scheduler() = default;
Scheduler::~Scheduler() = default;

tw_cpu::Runtime Scheduler::runtime() {
  tw_cpu::Runtime result{};
  result.sync_threads = [] { running->wait(State::at_barrier); };
  result.shuffle = [](unsigned mask, unsigned long long bits, int source) -> unsigned long long {
    return running->collective(Collective::shuffle, mask, bits, source);
  };
  result.ballot = [](unsigned mask, bool predicate) {
    return static_cast<unsigned>(running->collective(Collective::ballot, mask, predicate, 0));
  };
  result.sync_warp = [](unsigned mask) { running->collective(Collective::sync_warp, mask, 0, 0); };
  result.gather = [](const void* mine, int bytes) {
    if (bytes < 1 || bytes > 32) running->fault("a gather takes 1 to 32 bytes");
    const auto address = reinterpret_cast<std::uintptr_t>(mine);
    return reinterpret_cast<const void*>(
        running->collective(Collective::gather, ~0u, address, bytes));
  };
  result.cp_async = [](void* smem, const void* global, int bytes, int source_bytes) {
    running->copy(smem, global, bytes, source_bytes);
  };
  result.cp_async_commit = [] { running->current_->copies.commit(); };
  result.cp_async_wait = [](int pending) {
    if (pending < 0) running->fault("cp_async_wait of a negative count");
    running->current_->copies.wait(pending);
  };
  result.barrier_init = [](void* barrier, int arrivals) {
    running->check(TensorCopies::init(barrier, arrivals));
  };
  result.barrier_arrive = [](void* barrier, int expected_bytes) {
    running->check(TensorCopies::arrive(barrier, expected_bytes));
  };
  result.barrier_wait = [](void* barrier, unsigned parity) { running->wait_for(barrier, parity); };
  result.tensor_load = [](void* smem, const tw_cpu::TensorMap* map, const int* coordinates,
                          void* barrier) {
    running->check(running->tensor_copies_.load(smem, *map, coordinates, barrier));
  };
  result.sync_some = [](int id, int threads) { running->sync_some(id, threads); };
  result.dynamic_shared = []() -> void* { return running->shared_->data(); };
  result.fault = [](const char* what, const char* file, unsigned line) {
    if (!file) running->fault(what);
    const std::string_view path = file;
    running->fault(
        fmt::format("{} at {}:{}", what, path.substr(path.starts_with("./") ? 2 : 0), line));
  };
  return result;
}

std::string Scheduler::run(const tw_cpu::Module& module, int entry, const Geometry& geometry,
                           std::span<void* const> args, Order order) {
  static const tw_cpu::Runtime services = runtime();
  module_ = &module;
  entry_ = &module.entries[entry];
  args_ = args;
  *module.runtime = &services;
  // Of two orders each has one end of shared memory at an inaccessible page.
  prepare(geometry, order.lanes == Lanes::backwards ? Placement::at_begin : Placement::at_end);
  running = this;
  const AccessFaults faults([](std::string what) {
    if (running->in_thread_) running->fault(std::move(what));
  });
  const std::int64_t blocks = product(geometry.grid);
  const Permutation permutation(mix(order.seed), blocks, order.lanes == Lanes::backwards);
  for (std::int64_t i = 0; i < blocks && fault_.empty(); ++i) {
    const std::int64_t block = permutation[i];
    *module.block_index = to_index(index_of(block, geometry.grid));
    run_block(mix(order.seed ^ mix(static_cast<std::uint64_t>(block))), order.lanes);
  }
  running = nullptr;
  shared_.reset();
  return std::exchange(fault_, {});
}

void Scheduler::prepare(const Geometry& geometry, Placement shared) {
  count_ = static_cast<int>(product(geometry.block));
  *module_->grid_dim = {static_cast<unsigned>(geometry.grid[0]),
                        static_cast<unsigned>(geometry.grid[1]),
                        static_cast<unsigned>(geometry.grid[2])};
  *module_->block_dim = {static_cast<unsigned>(geometry.block[0]),
                         static_cast<unsigned>(geometry.block[1]),
                         static_cast<unsigned>(geometry.block[2])};
  for (int number = 0; number < count_; ++number) {
    if (static_cast<std::size_t>(number) == threads_.size()) {
      threads_.push_back(std::make_unique<Thread>(*this));
    }
    Thread& thread = *threads_[static_cast<std::size_t>(number)];
    thread.number = number;
    thread.index = to_index(index_of(number, geometry.block));
  }
  shared_ = std::make_unique<Guarded>(static_cast<std::size_t>(geometry.smem_bytes), 128, shared,
                                      "dynamic shared memory");
}

void Scheduler::run_block(std::uint64_t block_seed, Lanes lanes) {
  shared_->poison_all();
  tensor_copies_.clear();
  named_barriers_ = {};
  done_ = 0;
  for (int i = 0; i < count_; ++i) {
    threads_[static_cast<std::size_t>(i)]->state = State::ready;
    threads_[static_cast<std::size_t>(i)]->copies.clear();
  }
  for (std::uint64_t pass = 0; done_ < count_ && fault_.empty(); ++pass) {
    const bool progress = run_pass(block_seed + 2 * pass, lanes);
    if (fault_.empty() && !release_barrier() && !progress) fault_ = stuck();
  }
  if (fault_.empty() && !tensor_copies_.empty()) {
    fault_ = "a tensor copy that nobody waited for";
  }
  if (fault_.empty()) check_guards();
  if (fault_.empty()) return;
  for (int i = 0; i < count_; ++i) {
    threads_[static_cast<std::size_t>(i)]->fiber.reset();
  }
}

// Lets the threads run until each has to wait; a thread or a warp that has had its turn may be able
// to go on. False if none could.
bool Scheduler::run_pass(std::uint64_t seed, Lanes lanes) {
  if (lanes != Lanes::warps_ahead) return run_range(0, count_, seed, lanes == Lanes::backwards);
  const std::int64_t warps = (count_ + 31) / 32;
  const Permutation permutation(seed, warps, false);
  bool progress = false;
  for (std::int64_t i = 0; i < warps; ++i) {
    const int first = static_cast<int>(permutation[i]) * 32;
    while (run_range(first, std::min(32, count_ - first), seed, false)) progress = true;
  }
  return progress;
}

// Gives each of some neighbouring threads that can run one turn. False if none could.
bool Scheduler::run_range(int first, int count, std::uint64_t seed, bool backwards) {
  const Permutation permutation(seed, count, backwards);
  bool progress = false;
  for (int i = 0; i < count && fault_.empty(); ++i) {
    Thread& thread = *threads_[static_cast<std::size_t>(first + permutation[i])];
    if (thread.state == State::waiting && released(thread)) thread.state = State::ready;
    if (!fault_.empty() || thread.state != State::ready) continue;
    progress = true;
    current_ = &thread;
    *module_->thread_index = thread.index;
    in_thread_ = true;
    thread.fiber.resume();
    in_thread_ = false;
  }
  return progress && fault_.empty();
}

// Opens the barrier if all live threads have reached it. True if it did.
bool Scheduler::release_barrier() {
  const auto begin = threads_.begin(), end = begin + count_;
  const auto waiting = std::count_if(
      begin, end, [](const auto& thread) { return thread->state == State::at_barrier; });
  if (waiting == 0 || waiting + done_ < count_) return false;
  if (done_ > 0) {
    fault_ = fmt::format("{} of {} threads are at __syncthreads() and the others have returned",
                         waiting, count_);
    return false;
  }
  std::for_each(begin, end, [](const auto& thread) { thread->state = State::ready; });
  return true;
}

void Scheduler::enter(Thread& thread) {
  entry_->call(args_.data());
  thread.state = State::done;
  ++done_;
  // A collective of the live threads of its warp may have waited for this one.
  const int warp = thread.number / 32;
  for (int number = warp * 32; number < std::min(count_, warp * 32 + 32); ++number) {
    const Thread& other = *threads_[static_cast<std::size_t>(number)];
    if (other.state == State::in_collective) complete_collective(warp, other.kind, other.mask);
  }
}

void Scheduler::check_guards() {
  const std::string damage = shared_->damage();
  if (damage.empty()) return;
  const tw_cpu::Index& block = *module_->block_index;
  fault_ = fmt::format("wrote outside of dynamic shared memory, {}, in block ({},{},{})", damage,
                       block.x, block.y, block.z);
}

// Takes the text over, since the caller's frame is never left.
void Scheduler::fault(std::string what) {
  fault_ = std::move(what);
  fault_ += place_of(*current_);
  while (true) current_->fiber.suspend();
}

void Scheduler::copy(void* smem, const void* global, int bytes, int source_bytes) {
  if (bytes != 4 && bytes != 8 && bytes != 16) fault("cp.async moves 4, 8 or 16 bytes");
  if (source_bytes < 0 || source_bytes > bytes) {
    fault("cp.async reads at most as many bytes as it writes");
  }
  const auto addresses =
      reinterpret_cast<std::uintptr_t>(smem) | reinterpret_cast<std::uintptr_t>(global);
  if (addresses % static_cast<unsigned>(bytes) != 0) {
    fault(fmt::format("misaligned cp.async of {} bytes", bytes));
  }
  current_->copies.push(smem, global, bytes, source_bytes);
}

void Scheduler::wait(State state) {
  Thread& thread = *current_;
  thread.state = state;
  thread.fiber.suspend();
}

void Scheduler::check(const char* wrong) {
  if (wrong) fault(wrong);
}

void Scheduler::wait_for(void* barrier, unsigned parity) {
  bool over = false;
  check(tensor_copies_.poll(barrier, parity, over));
  if (over) return;
  current_->barrier = barrier;
  current_->parity = parity;
  wait(State::waiting);
}

// Whether a thread that waits for a barrier may go on.
bool Scheduler::released(const Thread& thread) {
  bool over = false;
  if (const char* const wrong = tensor_copies_.poll(thread.barrier, thread.parity, over)) {
    fault_ = wrong + place_of(thread);
  }
  return over;
}

// A barrier of its own kind, which is the others' in 8 bytes elsewhere.
void Scheduler::sync_some(int id, int threads) {
  if (id < 0 || id > 15 || threads < 32 || threads > count_ || threads % 32 != 0) {
    fault(fmt::format("barrier {} of {} threads", id, threads));
  }
  std::uint64_t* const barrier = &named_barriers_[static_cast<std::size_t>(id)];
  if (*barrier == 0) check(TensorCopies::init(barrier, threads));
  const unsigned parity = TensorCopies::parity(barrier);
  check(TensorCopies::arrive(barrier, 0));
  wait_for(barrier, parity);
}

std::uint64_t Scheduler::collective(Collective kind, unsigned mask, std::uint64_t value,
                                    int source) {
  Thread& thread = *current_;
  const int warp = thread.number / 32;
  if ((mask >> (thread.number % 32) & 1u) == 0) {
    fault(fmt::format("a warp collective whose mask {:#010x} lacks its own thread", mask));
  }
  thread.kind = kind;
  thread.mask = mask;
  thread.value = value;
  thread.source = source;
  thread.state = State::in_collective;
  complete_collective(warp, kind, mask);
  if (thread.state == State::in_collective) thread.fiber.suspend();
  return thread.answer;
}

// If all live threads of the mask have arrived, gives each its answer.
void Scheduler::complete_collective(int warp, Collective kind, unsigned mask) {
  unsigned present = 0, votes = 0;
  const auto thread_of = [&](int lane) -> Thread& {
    const int number = warp * 32 + lane;
    return *threads_[static_cast<std::size_t>(number)];
  };
  for (int lane = 0; lane < std::min(32, count_ - warp * 32); ++lane) {
    const Thread& thread = thread_of(lane);
    if ((mask >> lane & 1u) == 0 || thread.state == State::done) continue;
    if (thread.state != State::in_collective || thread.mask != mask || thread.kind != kind) return;
    present |= 1u << lane;
    if (thread.value != 0) votes |= 1u << lane;
  }
  if (kind == Collective::gather) complete_gather(warp, present);
  for (unsigned left = present; left != 0; left &= left - 1) {
    Thread& thread = thread_of(std::countr_zero(left));
    if (kind == Collective::gather) {
      const auto& all = gathered_[static_cast<std::size_t>(warp)];
      thread.answer = reinterpret_cast<std::uintptr_t>(all.data());
    } else if (thread.kind == Collective::shuffle) {
      if (thread.source < 0 || thread.source > 31 || (present >> thread.source & 1u) == 0) {
        fault(fmt::format(
            "a shuffle reads from thread {} of the warp, which takes no part (mask {:#010x})",
            thread.source, mask));
      }
      thread.answer = thread_of(thread.source).value;
    } else {
      thread.answer = votes;
    }
  }
  for (unsigned left = present; left != 0; left &= left - 1) {
    thread_of(std::countr_zero(left)).state = State::ready;
  }
}

void Scheduler::complete_gather(int warp, unsigned present) {
  if (present != ~0u) {
    fault(fmt::format("a warp-wide instruction by {} of 32 threads", std::popcount(present)));
  }
  std::byte* to = gathered_[static_cast<std::size_t>(warp)].data();
  for (int lane = 0; lane < 32; ++lane) {
    const int number = warp * 32 + lane;
    const Thread& thread = *threads_[static_cast<std::size_t>(number)];
    const auto bytes = static_cast<std::size_t>(thread.source);
    std::memcpy(to, reinterpret_cast<const void*>(thread.value), bytes);
    to += bytes;
  }
}

std::string Scheduler::stuck() const {
  int at_barrier = 0, in_collectives = 0, waiting = 0;
  const Thread* example = nullptr;
  for (int i = 0; i < count_; ++i) {
    const Thread& thread = *threads_[static_cast<std::size_t>(i)];
    if (thread.state == State::at_barrier) ++at_barrier;
    if (thread.state == State::waiting) ++waiting;
    if (thread.state != State::in_collective) continue;
    ++in_collectives;
    example = &thread;
  }
  std::string text =
      fmt::format("deadlock: of {} threads, {} are at __syncthreads() and {} have returned", count_,
                  at_barrier, done_);
  if (waiting > 0) text += fmt::format("; {} wait for barriers in shared memory", waiting);
  if (example) {
    text += fmt::format("; {} wait in warp collectives for others, one with mask {:#010x}{}",
                        in_collectives, example->mask, place_of(*example));
  }
  return text;
}

std::string Scheduler::place_of(const Thread& thread) const {
  const tw_cpu::Index& block = *module_->block_index;
  return fmt::format(", thread ({},{},{}) of block ({},{},{})", thread.index.x, thread.index.y,
                     thread.index.z, block.x, block.y, block.z);
}

}  // namespace tw::cpu
