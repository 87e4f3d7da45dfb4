// Runs the user's program.
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace tw::capture {

struct ProgramEnd {
  int exit_code = 0;  // 128 + the signal's number if a signal ended it
  int signal = 0;
};

// Runs the words as a command, found by PATH, with `added` ("NAME=value") in its environment and
// without `removed`. It has this process's standard streams. Signals that another process sends
// here are passed on to it; the terminal sends its own to both. When the program has ended, calls
// `ended` before another signal can reach this process. Throws Error if the program cannot be
// started.
ProgramEnd run_program(
    const std::vector<std::string>& words, const std::vector<std::string>& added,
    const std::vector<std::string>& removed, const std::function<void()>& ended = [] {});

}  // namespace tw::capture
