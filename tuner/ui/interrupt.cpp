#include "ui/interrupt.h"

#include <atomic>
#include <csignal>

namespace tw {
namespace {

std::atomic<int> signals = 0;  // without locks, so that a handler may write it
static_assert(std::atomic<int>::is_always_lock_free);

void on_signal(int signal) {
  ++signals;
  std::signal(signal, SIG_DFL);  // the next signal of the same kind kills the process
}

}  // namespace

void install_interrupt_handlers() {
  struct sigaction action {};
  action.sa_handler = on_signal;  // without SA_RESTART, so that a wait for a device returns
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return signals > 0; }

}  // namespace tw
