#include <gtest/gtest.h>

#include "worker_role.h"

int main(int argc, char** argv) {
  if (const auto code = tw::test::run_as_worker(argc, argv)) return *code;
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
