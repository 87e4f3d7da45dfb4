// Runs the user's program.
#pragma once
#include <string>
#include <vector>

namespace tw::capture {

struct ProgramEnd {
  int exit_code = 0;  // 128 + the signal's number if a signal ended it
  int signal = 0;
};

// Runs the words as a command, found by PATH, with `added` ("NAME=value") in its environment and
// without `removed`. It has this process's standard streams. Signals that another process sends
// here are passed on to it; the terminal sends its own to both. Throws Error if the program cannot
// be started.
ProgramEnd run_program(const std::vector<std::string>& words, const std::vector<std::string>& added,
                       const std::vector<std::string>& removed);

}  // namespace tw::capture
