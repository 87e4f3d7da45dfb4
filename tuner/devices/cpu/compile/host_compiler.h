// The C++ compiler of this machine, which compiles kernels to shared objects for the cpu device.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace tw::cpu {

struct HostCompiler {
  std::string path;     // "/usr/bin/g++"
  std::string version;  // "g++ 12.2.0"
};

// Returns $CXX if it is set, else g++ or clang++ from PATH. Throws Error if none of them runs.
HostCompiler find_host_compiler();
// Returns the compiler that was found first in this process.
const HostCompiler& host_compiler();

// Returns the flags with which every module is compiled, for this build and this machine.
const std::vector<std::string>& compile_flags();

struct CommandResult {
  bool ok = false;     // exited with 0
  std::string output;  // stdout and stderr
};
// Runs a program in `folder` and waits for its end. If `temporary` is given, the program puts its
// own temporary files there. Throws Error if the program cannot be started.
CommandResult run_command(const std::vector<std::string>& words,
                          const std::filesystem::path& folder,
                          const std::filesystem::path& temporary = {});

}  // namespace tw::cpu
