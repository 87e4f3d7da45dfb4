#include "devices/cpu/emulation/fiber.h"

#include <sys/mman.h>

#include <boost/context/detail/fcontext.hpp>
#include <utility>

#include "core/base/error.h"
#include "devices/cpu/emulation/sanitizer.h"

namespace tw::cpu {
namespace {

namespace context = boost::context::detail;

// Accumulators live on the stack, and a kernel may printf; AddressSanitizer makes frames larger.
constexpr std::size_t stack_size = has_asan ? 256 * 1024 : 64 * 1024;
constexpr std::size_t guard_size = 4096;

}  // namespace

Fiber::Fiber(std::function<void()> body) : body_(std::move(body)) {
  void* mapping = ::mmap(nullptr, guard_size + stack_size, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (mapping == MAP_FAILED) {
    throw Error("the cpu device has no memory for the stacks of a block's threads");
  }
  mapping_ = static_cast<std::byte*>(mapping);
  // Stacks that all start at the same place of a page would share a few sets of the cache.
  static std::size_t count = 0;
  offset_ = count++ * 576 % 8192;
  ::mprotect(mapping_, guard_size, PROT_NONE);
  reset();
}

Fiber::~Fiber() {
  allow(mapping_ + guard_size, stack_size);
  ::munmap(mapping_, guard_size + stack_size);
}

void Fiber::reset() {
  allow(mapping_ + guard_size, stack_size);  // frames that were never left
  fake_inside_ = nullptr;
  inside_ = context::make_fcontext(mapping_ + guard_size + stack_size - offset_,
                                   stack_size - offset_, [](context::transfer_t from) {
                                     auto* self = static_cast<Fiber*>(from.data);
                                     self->outside_ = from.fctx;
                                     self->loop();
                                   });
}

void Fiber::loop() {
  finish_switch(nullptr, &outside_stack_, &outside_bytes_);
  while (true) {
    body_();
    suspend();
  }
}

void Fiber::resume() {
  start_switch(&fake_outside_, mapping_ + guard_size, stack_size);
  inside_ = context::jump_fcontext(inside_, this).fctx;
  finish_switch(fake_outside_, nullptr, nullptr);
}

void Fiber::suspend() {
  start_switch(&fake_inside_, outside_stack_, outside_bytes_);
  outside_ = context::jump_fcontext(outside_, nullptr).fctx;
  finish_switch(fake_inside_, &outside_stack_, &outside_bytes_);
}

}  // namespace tw::cpu
