// Ctrl-C and SIGTERM: the first signal asks for an orderly end, the second ends the process at
// once.
#pragma once

namespace tw {

void install_interrupt_handlers();
bool interrupted();

}  // namespace tw
