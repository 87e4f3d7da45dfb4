// Ctrl-C and SIGTERM: the first asks for an orderly end, the second ends at once.
#pragma once

namespace tw {

void install_interrupt_handlers();
bool interrupted();

}  // namespace tw
