#include "ui/interrupt.h"

#include <csignal>

namespace tw {
namespace {

volatile std::sig_atomic_t signals = 0;

void on_signal(int signal) {
  signals = signals + 1;
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
