#include "devices/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "core/base/error.h"
#include "unit/support/built.h"

namespace tw {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

class Process : public testing::Test {
 protected:
  void SetUp() override { set_worker_executable(built("tests/unit/echo_worker")); }

  // Returns the next answer, or nothing if the worker ended.
  static std::optional<std::string> answer(WorkerProcess& worker) {
    const auto deadline = steady_clock::now() + seconds(20);
    while (steady_clock::now() < deadline) {
      if (auto frame = worker.receive()) return frame;
      if (!worker.alive()) return worker.receive();
      const int descriptors[] = {worker.descriptor(), worker.end_descriptor()};
      wait_any(descriptors, deadline);
    }
    ADD_FAILURE() << "no answer";
    return std::nullopt;
  }
};

TEST_F(Process, EchoesFramesOfAnySize) {
  WorkerProcess worker({"role"});
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{70000}, std::size_t{5} << 20}) {
    const std::string message(size, 'x');
    ASSERT_TRUE(worker.send(message));
    EXPECT_EQ(answer(worker), message);
  }
}

TEST_F(Process, PassesArgumentsAndEnvironment) {
  WorkerProcess worker({"role", "7"}, {"TW_TEST=value"});
  worker.send("arguments");
  EXPECT_EQ(answer(worker), "__worker role 7 ");
  worker.send("environment");
  EXPECT_EQ(answer(worker), "value");
}

TEST_F(Process, SaysHowAWorkerEnded) {
  WorkerProcess crashed({"role"}), exited({"role"});
  crashed.send("crash");
  EXPECT_EQ(answer(crashed), std::nullopt);
  EXPECT_NE(crashed.end_reason().find("signal 11"), std::string::npos);
  exited.send("exit");
  EXPECT_EQ(answer(exited), std::nullopt);
  EXPECT_EQ(exited.end_reason(), "exited with 3");
  EXPECT_FALSE(exited.send("more") && exited.send("and more") && exited.alive());
}

TEST_F(Process, KillsAWorkerThatHangs) {
  WorkerProcess worker({"role"});
  worker.send("hang");
  EXPECT_TRUE(worker.alive());
  worker.kill();
  EXPECT_FALSE(worker.alive());
  EXPECT_NE(worker.end_reason().find("signal 9"), std::string::npos);
}

TEST_F(Process, EndsItsWorkerWhenDestroyed) {
  int pid = 0;
  {
    WorkerProcess worker({"role"});
    pid = worker.pid();
    ASSERT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST_F(Process, WhatAWorkerStartedEndsWithIt) {
  WorkerProcess worker({"role"});
  worker.send("fork and exit");
  EXPECT_EQ(answer(worker), "forked");
  EXPECT_EQ(answer(worker), std::nullopt);
  EXPECT_EQ(worker.end_reason(), "exited with 3");
  // The child had the pipe too; the pipe ends with the child.
  const int descriptor = worker.descriptor();
  wait_any({&descriptor, 1}, steady_clock::now() + seconds(20));
  char byte = 0;
  EXPECT_EQ(::read(descriptor, &byte, 1), 0);
}

TEST_F(Process, AMissingExecutableIsAnError) {
  set_worker_executable("/nonexistent/tune");
  EXPECT_THROW(WorkerProcess({"role"}), Error);
}

}  // namespace
}  // namespace tw
