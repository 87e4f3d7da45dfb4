// The C++ compiler of this machine, which turns kernels into shared objects for the cpu device.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace tw::cpu {

struct HostCompiler {
  std::string path;     // "/usr/bin/g++"
  std::string version;  // "g++ 12.2.0"
};

// $CXX if it is set, else g++ or clang++ from PATH. Throws Error if there is none that runs.
HostCompiler find_host_compiler();
// The one found first in this process.
const HostCompiler& host_compiler();

// What every module is compiled with, for this build and this machine.
const std::vector<std::string>& compile_flags();

struct CommandResult {
  bool ok = false;     // exited with 0
  std::string output;  // stdout and stderr
};
// Runs a program in `folder` and waits for its end; its own temporary files go to `temporary`, if
// that is given.
// Throws Error if it cannot be started.
CommandResult run_command(const std::vector<std::string>& words,
                          const std::filesystem::path& folder,
                          const std::filesystem::path& temporary = {});

}  // namespace tw::cpu
