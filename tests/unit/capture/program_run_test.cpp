// The program under capture: its words, environment, exit code and signals.
#include "capture/program_run.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "core/base/error.h"

namespace tw::capture {
namespace {

using testing::HasSubstr;

int code_of(const std::string& script, const std::vector<std::string>& added = {},
            const std::vector<std::string>& removed = {}) {
  return run_program({"sh", "-c", script}, added, removed).exit_code;
}

TEST(ProgramRun, PassesTheExitCodeOn) {
  EXPECT_EQ(code_of("exit 0"), 0);
  EXPECT_EQ(code_of("exit 77"), 77);
  EXPECT_EQ(run_program({"sh", "-c", "exit $#", "sh", "a b", "--c"}, {}, {}).exit_code, 2);
}

TEST(ProgramRun, ChangesTheEnvironment) {
  setenv("TW_TEST_A", "old", 1);
  setenv("TW_TEST_B", "old", 1);
  setenv("TW_TEST_AB", "kept", 1);
  EXPECT_EQ(code_of("test \"$TW_TEST_A-$TW_TEST_AB-${TW_TEST_B-none}\" = 'a new-kept-none'",
                    {"TW_TEST_A=a new"}, {"TW_TEST_B"}),
            0);
  EXPECT_STREQ(getenv("TW_TEST_A"), "old") << "of the program only";
}

TEST(ProgramRun, ASignalOfTheProgramIsSaid) {
  const ProgramEnd end = run_program({"sh", "-c", "kill -SEGV $$"}, {}, {});
  EXPECT_EQ(end.signal, SIGSEGV);
  EXPECT_EQ(end.exit_code, 128 + SIGSEGV);
}

TEST(ProgramRun, AProgramThatIsNotThereIsAFault) {
  try {
    run_program({"./no-such-program"}, {}, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot run './no-such-program': No such file"));
  }
}

// A signal that is sent to this process reaches the program, which may end in its own way.
TEST(ProgramRun, PassesSignalsOn) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ready[1], STDOUT_FILENO);
    const ProgramEnd end = run_program(
        {"sh", "-c", "trap 'exit 42' TERM; echo ready; while :; do sleep 0.05; done"}, {}, {});
    _exit(end.exit_code);
  }
  close(ready[1]);
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  kill(child, SIGTERM);
  int status = 0;
  waitpid(child, &status, 0);
  close(ready[0]);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

}  // namespace
}  // namespace tw::capture
