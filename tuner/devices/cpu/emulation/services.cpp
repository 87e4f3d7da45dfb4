#include "devices/cpu/emulation/services.h"

#include <fmt/format.h>

#include <string_view>

#include "devices/cpu/emulation/block.h"

namespace tw::cpu {
namespace {

Block& block() { return *Block::running(); }

const void* gather(const void* mine, int bytes) {
  if (bytes < 1 || bytes > 32) block().fail("a gather takes 1 to 32 bytes");
  const auto address = reinterpret_cast<std::uintptr_t>(mine);
  return reinterpret_cast<const void*>(
      block().collective(Block::Collective::gather, ~0u, address, bytes));
}

void fault(const char* what, const char* file, unsigned line) {
  if (!file) block().fail(what);
  const std::string_view path = file;
  block().fail(fmt::format("{} at {}:{}", what, path.substr(path.starts_with("./") ? 2 : 0), line));
}

void add_collectives(tw_cpu::Runtime& to) {
  to.shuffle = [](unsigned mask, unsigned long long bits, int source) -> unsigned long long {
    return block().collective(Block::Collective::shuffle, mask, bits, source);
  };
  to.ballot = [](unsigned mask, bool predicate) {
    return static_cast<unsigned>(block().collective(Block::Collective::ballot, mask, predicate, 0));
  };
  to.sync_warp = [](unsigned mask) {
    block().collective(Block::Collective::sync_warp, mask, 0, 0);
  };
  to.gather = gather;
  to.exchange = [](unsigned mask, unsigned long long bits, unsigned long long* all) {
    return block().exchange(mask, bits, all);
  };
  to.converge = [](const char* file, unsigned line) { return block().converge(file, line); };
}

void add_copies(tw_cpu::Runtime& to) {
  to.cp_async = [](void* smem, const void* global, int bytes, int source_bytes) {
    block().copy(smem, global, bytes, source_bytes);
  };
  to.cp_async_commit = [] { block().commit_copies(); };
  to.cp_async_wait = [](int pending) { block().wait_for_copies(pending); };
  to.barrier_init = [](void* barrier, int arrivals) {
    block().check(TensorCopies::init(barrier, arrivals));
  };
  to.barrier_arrive = [](void* barrier, int expected_bytes) {
    block().check(TensorCopies::arrive(barrier, expected_bytes));
  };
  to.barrier_wait = [](void* barrier, unsigned parity) { block().wait_for(barrier, parity); };
  to.tensor_load = [](void* smem, const tw_cpu::TensorMap* map, const int* coordinates,
                      void* barrier) { block().load(smem, *map, coordinates, barrier); };
}

tw_cpu::Runtime all() {
  tw_cpu::Runtime result{};
  result.sync_threads = [] { block().sync_threads(false); };
  result.sync_count = [](bool predicate) { return block().sync_threads(predicate); };
  result.sync_some = [](int id, int threads) { block().sync_some(id, threads); };
  result.tell_fence = [] { block().tell(Telling::fence); };
  result.tell_atomic = [] { block().tell(Telling::atomic); };
  result.dynamic_shared = [] { return block().dynamic_shared(); };
  result.fault = fault;
  add_collectives(result);
  add_copies(result);
  return result;
}

}  // namespace

const tw_cpu::Runtime& services() {
  static const tw_cpu::Runtime result = all();
  return result;
}

}  // namespace tw::cpu
