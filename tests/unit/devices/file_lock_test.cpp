// Locks between processes, and turns on a GPU.
#include "devices/file_lock.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <thread>

#include "devices/turns.h"

namespace tw {
namespace {

namespace fs = std::filesystem;

class Locks : public testing::Test {
 protected:
  Locks() {
    std::string pattern = (fs::temp_directory_path() / "tilewright-locks-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ / "file";
    ::setenv("TILEWRIGHT_LOCKS", folder_.c_str(), 1);
  }
  ~Locks() override {
    ::unsetenv("TILEWRIGHT_LOCKS");
    fs::remove_all(folder_);
  }

  // Starts a process that runs `hold` and then lives until it is killed. Returns when `hold` has
  // returned.
  static pid_t process_that(const std::function<void()>& hold) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      hold();
      if (::write(ends[1], "x", 1) != 1) ::_exit(1);
      while (true) ::pause();
    }
    char byte = 0;
    EXPECT_EQ(::read(ends[0], &byte, 1), 1);
    ::close(ends[0]);
    ::close(ends[1]);
    return child;
  }
  static void kill_and_wait(pid_t child) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }

  fs::path folder_, path_;
};

TEST_F(Locks, AreFreedWhenTheirProcessIsKilled) {
  const pid_t child = process_that([&] {
    static FileLock lock(path_);
    ASSERT_TRUE(lock.try_lock(7));
  });
  FileLock lock(path_);
  EXPECT_FALSE(lock.try_lock(7));
  EXPECT_TRUE(lock.try_lock(8)) << "another byte is free";
  EXPECT_EQ(lock.why_not(), "");
  kill_and_wait(child);
  EXPECT_TRUE(lock.try_lock(7));
}

TEST_F(Locks, StayWhenTheFileIsClosedElsewhereInTheProcess) {
  FileLock lock(path_);
  ASSERT_TRUE(lock.try_lock(1));
  { const FileLock other(path_); }
  EXPECT_FALSE(FileLock(path_).try_lock(1));
  lock.unlock(1);
  EXPECT_TRUE(FileLock(path_).try_lock(1));
}

TEST_F(Locks, SayWhyThereAreNone) {
  FileLock lock((folder_ / "no" / "such" / "folder").string());
  EXPECT_NE(lock.why_not().find("No such file"), std::string::npos) << lock.why_not();
  EXPECT_FALSE(lock.try_lock(1));
  EXPECT_FALSE(lock.lock(1));
}

TEST_F(Locks, ForAllUsersAreWritableByAllAndNoLinks) {
  const ::mode_t before = ::umask(077);
  FileLock lock(path_, true);
  ::umask(before);
  EXPECT_EQ(fs::status(path_).permissions() & fs::perms::others_write, fs::perms::others_write);
  fs::create_symlink(path_, folder_ / "link");
  EXPECT_NE(FileLock((folder_ / "link").string(), true).why_not(), "");
}

TEST_F(Locks, AGpuIsFreeAgainWhenWhoHasItsTurnIsKilled) {
  const pid_t child = process_that([] {
    static Turns turns("GPU-1");
    ASSERT_TRUE(turns.try_take());
  });
  Turns turns("GPU-1");
  EXPECT_FALSE(turns.try_take());
  EXPECT_TRUE(Turns("GPU-2").try_take()) << "another GPU is free";
  kill_and_wait(child);
  turns.take();
  EXPECT_EQ(turns.why_not(), "");
}

TEST_F(Locks, WhoWaitsComesBeforeWhoHadTheLastTurn) {
  Turns first("GPU-1"), second("GPU-1");
  ASSERT_TRUE(first.try_take());
  std::thread waits([&] { second.take(); });
  FileLock probe((folder_ / "tilewright-gpu-GPU-1.lock").string());
  while (probe.try_lock(0)) probe.unlock(0);  // until the process is in the queue
  first.end();
  EXPECT_FALSE(first.try_take());
  waits.join();
  EXPECT_FALSE(first.try_take());
  second.end();
  EXPECT_TRUE(first.try_take());
}

}  // namespace
}  // namespace tw
