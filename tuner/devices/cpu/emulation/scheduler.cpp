#include "devices/cpu/emulation/scheduler.h"

#include <algorithm>
#include <utility>

#include "common/inputs.cuh"
#include "devices/cpu/emulation/access_faults.h"
#include "devices/cpu/emulation/sanitizer.h"
#include "devices/cpu/emulation/services.h"
#include "devices/cpu/emulation/static_shared.h"

namespace tw::cpu {

using verify::mix;
namespace {

tw_cpu::Index to_index(const std::array<std::int64_t, 3>& extents) {
  return {static_cast<unsigned>(extents[0]), static_cast<unsigned>(extents[1]),
          static_cast<unsigned>(extents[2])};
}

}  // namespace

// Holds one block of the grid at a time. It is used again for later blocks.
struct Scheduler::Slot {
  explicit Slot(Scheduler& scheduler)
      : block([&scheduler](Telling what) { return scheduler.gives_way(what); }) {}
  Block block;
  bool is_prepared = false;              // for this launch
  bool is_held = false;                  // it has begun, and its static shared memory is saved
  std::vector<std::byte> static_shared;  // while it is held
};

Scheduler::Scheduler() = default;
Scheduler::~Scheduler() = default;

std::string Scheduler::run(const tw_cpu::Module& module, int entry, const Geometry& geometry,
                           std::span<void* const> args, Order order) {
  launch_ = {&module, &module.entries[entry], geometry, args, order.lanes};
  order_ = order;
  blocks_ = product(geometry.grid);
  begun_ = 0;
  permutation_ = {mix(order.seed), blocks_, order.lanes == Lanes::backwards};
  draws_ = 0;
  *module.runtime = &services();
  *module.grid_dim = to_index(geometry.grid);
  *module.block_dim = to_index(geometry.block);
  const AccessFaults faults([](std::string what) {
    Block* const block = Block::running();
    if (block && block->in_thread()) block->fail(std::move(what));
  });
  drop_blocks();  // those of a launch that an exception ended
  std::string fault = run_blocks();
  drop_blocks();
  return fault;
}

void Scheduler::drop_blocks() {
  held_.clear();
  free_.clear();
  for (const auto& slot : slots_) {
    slot->block.drop();
    slot->is_prepared = slot->is_held = false;
    free_.push_back(slot.get());
  }
}

// Returns what went wrong.
std::string Scheduler::run_blocks() {
  Slot* gave_way = nullptr;
  while (Slot* const slot = next(gave_way)) {
    go_on(*slot);
    told_ = 0;
    gave_way = slot->block.resume() ? nullptr : slot;
    if (std::string fault = slot->block.take_fault(); !fault.empty()) return fault;
    if (!gave_way) free_.push_back(slot);
  }
  return "";
}

// The block that runs next: one that has not begun, as long as few are held, else one of those,
// else the one that gave way. Null if none is left.
Scheduler::Slot* Scheduler::next(Slot* gave_way) {
  if (gave_way) hold(*gave_way);
  if (begun_ < blocks_ && held_.size() < max_live) return begin_one();
  if (held_.empty()) return nullptr;
  const std::size_t others = held_.size() - (gave_way && held_.size() > 1 ? 1 : 0);
  const auto at = held_.begin() + static_cast<std::ptrdiff_t>(draw() % others);
  Slot* const slot = *at;
  held_.erase(at);
  return slot;
}

Scheduler::Slot* Scheduler::begin_one() {
  if (free_.empty()) {
    slots_.push_back(std::make_unique<Slot>(*this));
    free_.push_back(slots_.back().get());
  }
  Slot* const slot = free_.back();
  free_.pop_back();
  if (!slot->is_prepared) {
    // Backwards, shared memory begins at an inaccessible page; in the other orders it ends at one.
    slot->block.prepare(launch_,
                        order_.lanes == Lanes::backwards ? Placement::at_begin : Placement::at_end);
    slot->is_prepared = true;
  }
  const std::int64_t block = permutation_[begun_++];
  slot->block.begin(index_of(block, launch_.geometry.grid),
                    mix(order_.seed ^ mix(static_cast<std::uint64_t>(block))));
  return slot;
}

void Scheduler::hold(Slot& slot) {
  const std::span<std::byte> variables = static_shared(*launch_.module);
  slot.static_shared.assign(variables.begin(), variables.end());
  slot.is_held = true;
  held_.push_back(&slot);
}

void Scheduler::go_on(Slot& slot) {
  if (!std::exchange(slot.is_held, false)) return;
  std::copy(slot.static_shared.begin(), slot.static_shared.end(),
            static_shared(*launch_.module).begin());
}

// Backwards, a block is held after an atomic operation: it may have told the others early what it
// has yet to do. Where warps run ahead, it is held at a thread's fence: it may have read early what
// the others have yet to do. Once enough are held, a seeded few are exchanged for others; when all
// have begun, none is held any more. Under AddressSanitizer none is held: see static_shared().
bool Scheduler::gives_way(Telling what) {
  if (has_asan || !order_.takes_turns || order_.lanes == Lanes::forwards) return false;
  // A block that tells so much may be waiting for a block that is held.
  constexpr int too_much = 4096;
  if (++told_ % too_much == 0) return true;
  if (begun_ == blocks_) return false;
  if ((what == Telling::atomic) != (order_.lanes == Lanes::backwards)) return false;
  if (held_.size() + 1 < max_live) return true;
  const bool by_all = what == Telling::fence;  // of its threads, most likely
  const auto threads = static_cast<std::uint64_t>(product(launch_.geometry.block));
  return draw() % (by_all ? 4 * threads : 4) == 0;
}

std::uint64_t Scheduler::draw() { return mix(order_.seed ^ mix(++draws_)); }

}  // namespace tw::cpu
