// Longer than 400 lines: one class, whose services share the threads of the block.
#include "devices/cpu/emulation/block.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "devices/cpu/emulation/copy_queue.h"
#include "devices/cpu/emulation/permutation.h"

namespace tw::cpu {
namespace {

Block* the_running = nullptr;

}  // namespace

struct Block::Thread {
  explicit Thread(Block& block) : fiber([this, &block] { block.enter(*this); }) {}

  Fiber fiber;
  State state = State::done;
  int number = 0;  // in the block
  tw_cpu::Index index{};
  CopyQueue copies;
  // The warp collective in which the thread waits.
  Collective kind{};
  unsigned mask = 0;
  std::uint64_t value = 0;
  int source = 0;
  std::uint64_t answer = 0;
  unsigned long long* all = nullptr;  // of an exchange: where the values go
  // The place where the thread waits for others of its warp.
  std::string_view file;
  unsigned line = 0;
  // The barrier for which the thread waits.
  void* barrier = nullptr;
  unsigned parity = 0;
};

Block::Block(std::function<bool(Telling)> gives_way)
    : gives_way_(std::move(gives_way)), fiber_([this] { run(); }) {}
Block::~Block() = default;

Block* Block::running() { return the_running; }

void Block::prepare(const Launch& launch, Placement shared) {
  launch_ = launch;
  count_ = static_cast<int>(product(launch.geometry.block));
  for (int number = 0; number < count_; ++number) {
    if (static_cast<std::size_t>(number) == threads_.size()) {
      threads_.push_back(std::make_unique<Thread>(*this));
    }
    Thread& thread = *threads_[static_cast<std::size_t>(number)];
    thread.number = number;
    thread.index = index_of(number, launch.geometry.block);
  }
  shared_ = std::make_unique<Guarded>(static_cast<std::size_t>(launch.geometry.smem_bytes), 128,
                                      shared, "dynamic shared memory");
}

void Block::begin(tw_cpu::Index index, std::uint64_t seed) {
  index_ = index;
  seed_ = seed;
  ended_ = false;
  shared_->poison_all();
  tensor_copies_.clear();
  named_barriers_ = {};
  done_ = 0;
  for (int i = 0; i < count_; ++i) {
    threads_[static_cast<std::size_t>(i)]->state = State::ready;
    threads_[static_cast<std::size_t>(i)]->copies.clear();
  }
}

bool Block::resume() {
  the_running = this;
  *launch_.module->block_index = index_;
  fiber_.resume();
  the_running = nullptr;
  return ended_;
}

void Block::drop() {
  if (!ended_) {
    for (int i = 0; i < count_; ++i) threads_[static_cast<std::size_t>(i)]->fiber.reset();
    fiber_.reset();
  }
  ended_ = true;
  gave_way_ = in_thread_ = false;
  shared_.reset();
}

void Block::run() {
  for (std::uint64_t pass = 0; done_ < count_ && fault_.empty(); ++pass) {
    const bool progress = run_pass(seed_ + 2 * pass);
    // A thread that waits for one of these in a loop always makes progress.
    constexpr std::uint64_t patience = 256;
    if (pass % patience == patience - 1) release_converging();
    if (!fault_.empty() || release_barrier() || progress) continue;
    if (!release_converging()) fault_ = stuck();
  }
  if (fault_.empty() && !tensor_copies_.empty()) {
    fault_ = "a tensor copy that nobody waited for";
  }
  if (fault_.empty()) check_guards();
  ended_ = fault_.empty();
}

// Lets the threads run until each has to wait; a thread or a warp that has had its turn may be able
// to go on. False if none could.
bool Block::run_pass(std::uint64_t seed) {
  const Lanes lanes = launch_.lanes;
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
bool Block::run_range(int first, int count, std::uint64_t seed, bool backwards) {
  const Permutation permutation(seed, count, backwards);
  bool progress = false;
  for (int i = 0; i < count && fault_.empty(); ++i) {
    Thread& thread = *threads_[static_cast<std::size_t>(first + permutation[i])];
    if (thread.state == State::waiting && released(thread)) thread.state = State::ready;
    if (!fault_.empty() || thread.state != State::ready) continue;
    progress = true;
    current_ = &thread;
    *launch_.module->thread_index = thread.index;
    in_thread_ = true;
    thread.fiber.resume();
    in_thread_ = false;
    if (std::exchange(gave_way_, false) && fault_.empty()) fiber_.suspend();
  }
  return progress && fault_.empty();
}

// Opens the barrier if all threads that have not returned have reached it, as GPUs do from compute
// capability 7.0 on. True if it did.
bool Block::release_barrier() {
  const std::span threads(threads_.data(), static_cast<std::size_t>(count_));
  int waiting = 0, votes = 0;
  for (const auto& thread : threads) {
    if (thread->state == State::done) continue;
    if (thread->state != State::at_barrier) return false;
    ++waiting;
    votes += thread->value != 0 ? 1 : 0;
  }
  for (const auto& thread : threads) {
    if (thread->state == State::done) continue;
    thread->state = State::ready;
    thread->answer = static_cast<std::uint64_t>(votes);
  }
  return waiting > 0;
}

// Lets the threads go on that wait for others of their warp, now that no thread can do anything
// else. Returns whether there are any.
bool Block::release_converging() {
  bool any = false;
  for (int number = 0; number < count_; ++number) {
    if (threads_[static_cast<std::size_t>(number)]->state != State::converging) continue;
    release_beside(number);
    any = true;
  }
  return any;
}

// Releases the thread, and those after it in its warp that wait at the same place.
void Block::release_beside(int first) {
  const Thread& example = *threads_[static_cast<std::size_t>(first)];
  std::vector<Thread*> together;
  std::uint64_t mask = 0;
  for (int number = first; number < std::min(count_, first / 32 * 32 + 32); ++number) {
    Thread& thread = *threads_[static_cast<std::size_t>(number)];
    if (thread.state != State::converging) continue;
    if (thread.line != example.line || thread.file != example.file) continue;
    together.push_back(&thread);
    mask |= std::uint64_t{1} << (number % 32);
  }
  for (Thread* thread : together) {
    thread->state = State::ready;
    thread->answer = mask;
  }
}

void Block::enter(Thread& thread) {
  launch_.entry->call(launch_.args.data());
  thread.state = State::done;
  ++done_;
  // A collective of the live threads of its warp may have waited for this one.
  const int warp = thread.number / 32;
  for (int number = warp * 32; number < std::min(count_, warp * 32 + 32); ++number) {
    const Thread& other = *threads_[static_cast<std::size_t>(number)];
    if (other.state == State::in_collective) complete_collective(warp, other.kind, other.mask);
  }
}

void Block::check_guards() {
  const std::string damage = shared_->damage();
  if (damage.empty()) return;
  fault_ = fmt::format("wrote outside of dynamic shared memory, {}, in block ({},{},{})", damage,
                       index_.x, index_.y, index_.z);
}

// Takes the text over, since the caller's frame is never left.
void Block::fail(std::string what) {
  fault_ = std::move(what);
  fault_ += place_of(*current_);
  while (true) current_->fiber.suspend();
}

void Block::copy(void* smem, const void* global, int bytes, int source_bytes) {
  if (bytes != 4 && bytes != 8 && bytes != 16) fail("cp.async moves 4, 8 or 16 bytes");
  if (source_bytes < 0 || source_bytes > bytes) {
    fail("cp.async reads at most as many bytes as it writes");
  }
  const auto addresses =
      reinterpret_cast<std::uintptr_t>(smem) | reinterpret_cast<std::uintptr_t>(global);
  if (addresses % static_cast<unsigned>(bytes) != 0) {
    fail(fmt::format("misaligned cp.async of {} bytes", bytes));
  }
  current_->copies.push(smem, global, bytes, source_bytes);
}

void Block::commit_copies() { current_->copies.commit(); }

void Block::wait_for_copies(int pending) {
  if (pending < 0) fail("cp_async_wait of a negative count");
  current_->copies.wait(pending);
}

void Block::load(void* smem, const tw_cpu::TensorMap& map, const int* coordinates, void* barrier) {
  check(tensor_copies_.load(smem, map, coordinates, barrier));
}

// The thread goes on in its next turn, of this block's next pass.
void Block::tell(Telling what) {
  if (!gives_way_(what)) return;
  gave_way_ = true;
  current_->fiber.suspend();
}

int Block::sync_threads(bool predicate) {
  Thread& thread = *current_;
  thread.value = predicate ? 1 : 0;
  wait(State::at_barrier);
  return static_cast<int>(thread.answer);
}

unsigned Block::exchange(unsigned mask, std::uint64_t bits, unsigned long long* all) {
  current_->all = all;
  return static_cast<unsigned>(collective(Collective::exchange, mask, bits, 0));
}

unsigned Block::converge(const char* file, unsigned line) {
  Thread& thread = *current_;
  thread.file = file;
  thread.line = line;
  wait(State::converging);
  return static_cast<unsigned>(thread.answer);
}

void Block::wait(State state) {
  Thread& thread = *current_;
  thread.state = state;
  thread.fiber.suspend();
}

void Block::check(const char* wrong) {
  if (wrong) fail(wrong);
}

void Block::wait_for(void* barrier, unsigned parity) {
  bool over = false;
  check(tensor_copies_.poll(barrier, parity, over));
  if (over) return;
  current_->barrier = barrier;
  current_->parity = parity;
  wait(State::waiting);
}

// Returns whether a thread that waits for a barrier may go on.
bool Block::released(const Thread& thread) {
  bool over = false;
  if (const char* const wrong = tensor_copies_.poll(thread.barrier, thread.parity, over)) {
    fault_ = wrong + place_of(thread);
  }
  return over;
}

// A barrier of its own kind, which is the others' in 8 bytes elsewhere.
void Block::sync_some(int id, int threads) {
  if (id < 0 || id > 15 || threads < 32 || threads > count_ || threads % 32 != 0) {
    fail(fmt::format("barrier {} of {} threads", id, threads));
  }
  std::uint64_t* const barrier = &named_barriers_[static_cast<std::size_t>(id)];
  if (*barrier == 0) check(TensorCopies::init(barrier, threads));
  const unsigned parity = TensorCopies::parity(barrier);
  check(TensorCopies::arrive(barrier, 0));
  wait_for(barrier, parity);
}

std::uint64_t Block::collective(Collective kind, unsigned mask, std::uint64_t value, int source) {
  Thread& thread = *current_;
  const int warp = thread.number / 32;
  if ((mask >> (thread.number % 32) & 1u) == 0) {
    fail(fmt::format("a warp collective whose mask {:#010x} lacks its own thread", mask));
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
void Block::complete_collective(int warp, Collective kind, unsigned mask) {
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
        fail(fmt::format(
            "a shuffle reads from thread {} of the warp, which takes no part (mask {:#010x})",
            thread.source, mask));
      }
      thread.answer = thread_of(thread.source).value;
    } else if (kind == Collective::exchange) {
      for (unsigned from = present; from != 0; from &= from - 1) {
        thread.all[std::countr_zero(from)] = thread_of(std::countr_zero(from)).value;
      }
      thread.answer = present;
    } else {
      thread.answer = votes;
    }
  }
  for (unsigned left = present; left != 0; left &= left - 1) {
    thread_of(std::countr_zero(left)).state = State::ready;
  }
}

void Block::complete_gather(int warp, unsigned present) {
  if (present != ~0u) {
    fail(fmt::format("a warp-wide instruction by {} of 32 threads", std::popcount(present)));
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

std::string Block::stuck() const {
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

std::string Block::place_of(const Thread& thread) const {
  return fmt::format(", thread ({},{},{}) of block ({},{},{})", thread.index.x, thread.index.y,
                     thread.index.z, index_.x, index_.y, index_.z);
}

}  // namespace tw::cpu
