// A program that opens a device is its own worker, so that it runs by hand without a `tune` beside
// it.
#pragma once
#include <cstdio>
#include <optional>
#include <string_view>

#include "core/base/error.h"
#include "devices/cuda/cuda.h"

namespace tw::test {

// Returns the exit code if this process was started as a worker.
inline std::optional<int> run_as_worker(int argc, char** argv) {
  if (argc != 3 || argv[1] != std::string_view("__worker")) return std::nullopt;
  WorkerChannel channel;
  if (argv[2] == cuda_compile_role) return cuda_compile_worker(channel);
  if (argv[2] == cuda_measure_role) return cuda_measure_worker(channel);
  return 2;
}

// The body of main of a program that is run by hand. `run` returns the program's exit code.
template <class Run>
int run_program(int argc, char** argv, const char* name, const Run& run) {
  if (const auto code = run_as_worker(argc, argv)) return *code;
  try {
    return run();
  } catch (const Error& error) {
    std::fprintf(stderr, "%s: %s\n", name, error.what());
    return 2;
  }
}

}  // namespace tw::test
