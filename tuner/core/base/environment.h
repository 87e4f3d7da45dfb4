// The environment of a program that is started.
#pragma once
#include <string>
#include <vector>

namespace tw {

// Returns this process's environment ("NAME=value") with `added`, which replace earlier settings of
// the same names, and without the names in `removed`.
std::vector<std::string> environment_with(const std::vector<std::string>& added,
                                          const std::vector<std::string>& removed = {});

// Returns pointers to the texts and a null pointer, as posix_spawn takes words and environment. The
// texts must outlive them.
std::vector<char*> pointers_to(std::vector<std::string>& texts);

}  // namespace tw
