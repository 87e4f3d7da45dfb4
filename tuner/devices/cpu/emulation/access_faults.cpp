#include "devices/cpu/emulation/access_faults.h"

#include <fmt/format.h>
#include <ucontext.h>

#include <array>
#include <cstddef>
#include <utility>

#include "devices/cpu/emulation/guarded.h"
#include "devices/cpu/emulation/sanitizer.h"

namespace tw::cpu {
namespace {

AccessFaults::Report reporting = nullptr;

// The stack of the handler: that of a fiber may be what has run out.
alignas(16) std::array<std::byte, 64 * 1024> handler_stack;

const char* kind_of([[maybe_unused]] const void* context) {
#ifdef __x86_64__
  const auto error = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_ERR];
  return (error & 2) != 0 ? "wrote" : "read";
#else
  return "read or wrote";
#endif
}

// Runs between two instructions of a kernel, which holds no lock and allocates nothing there.
void handle(int, siginfo_t* info, void* context) {
  const std::string place = Guarded::place_of(info->si_addr);
  if (!place.empty()) reporting(fmt::format("{} outside of {}", kind_of(context), place));
  // Not a kernel's: the instruction faults again, now without a handler.
  std::signal(SIGSEGV, SIG_DFL);
}

}  // namespace

AccessFaults::AccessFaults(Report report) {
  if (has_asan) return;
  reporting = report;
  stack_t stack{};
  stack.ss_sp = handler_stack.data();
  stack.ss_size = handler_stack.size();
  ::sigaltstack(&stack, &stack_before_);
  struct sigaction action {};
  action.sa_sigaction = handle;
  // Not deferred: the handler is left by a switch of stacks.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGSEGV, &action, &segv_before_);
}

AccessFaults::~AccessFaults() {
  if (has_asan) return;
  ::sigaction(SIGSEGV, &segv_before_, nullptr);
  ::sigaltstack(&stack_before_, nullptr);
  reporting = nullptr;
}

}  // namespace tw::cpu
