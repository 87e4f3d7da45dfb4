// The program around the commands: the only place where faults become exit codes.
#pragma once
#include <string>
#include <vector>

namespace tw {

// Runs `tune <words>`. Returns the exit code; a fault gives one line on stderr and the code 2.
int run_program(const std::vector<std::string>& words);

}  // namespace tw
