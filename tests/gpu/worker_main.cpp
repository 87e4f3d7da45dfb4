// The tests' executable is its own worker, so that it runs by hand on any machine with a GPU.
#include <gtest/gtest.h>

#include <string_view>

#include "cuda.h"

int main(int argc, char** argv) {
  if (argc == 3 && argv[1] == std::string_view("__worker")) {
    tw::WorkerChannel channel;
    if (argv[2] == tw::cuda_compile_role) return tw::cuda_compile_worker(channel);
    if (argv[2] == tw::cuda_measure_role) return tw::cuda_measure_worker(channel);
    return 2;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
