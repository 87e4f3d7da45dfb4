// The main function of tests that run kernels on the host: the cpu device starts its workers by
// running its own executable.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "devices/cpu/cpu.h"
#include "devices/process.h"
#include "unit/support/built.h"

int main(int argc, char** argv) {
  setenv("XDG_CACHE_HOME", tw::built("tests/unit/cpu-cache").c_str(), 1);
  if (argc == 3 && std::strcmp(argv[1], "__worker") == 0 && std::strcmp(argv[2], "cpu") == 0) {
    tw::WorkerChannel channel;
    return tw::cpu_worker(channel);
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
