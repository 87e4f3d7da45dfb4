// Two processes search one list with one database.
#include "session/setup/claims.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "db/run_state.h"
#include "unit/cli/fixture.h"

namespace tw {
namespace {

// An installed tune with recordings of two problems, and a list of them.
class ClaimsTest : public Cli {
 protected:
  void SetUp() override {
    Cli::SetUp();
    const std::string recordings = "share/tilewright/recordings/";
    fs::create_directories(folder_ / "bin");
    fs::create_directories(folder_ / recordings);
    fs::copy(executable_, folder_ / "bin/tune");
    write_recording_of("gemm f32 m=4096,n=4096,k=4096", recordings + "gemm.one.t4.json.gz");
    write_recording_of("gemm f32 m=4096,n=4096,k=512", recordings + "gemm.two.t4.json.gz");
    write("one.txt", "gemm 4096x4096x4096\n");
    write("both.txt", "gemm 4096x4096x4096\ngemm 4096x4096x512\n");
    // The context of the first problem's rows.
    EXPECT_EQ(std::system(command("one.txt --budget 1 --race 0").c_str()) & 0xff00, 0);
    const Store store = Store::open(database_, Store::Mode::read_only);
    context_ = store.contexts("gemm", "toy").front();
  }
  std::string command(const std::string& list) const {
    return "cd '" + folder_.string() +
           "' && CUDA_VISIBLE_DEVICES= exec bin/tune --db t.db --shapes " + list + " 2>&1";
  }
  // Reads the process's lines up to one that contains `part`; to the end if `part` is empty.
  static std::string read_to(FILE* process, const std::string& part) {
    std::string all;
    char line[4096];
    while (std::fgets(line, sizeof line, process)) {
      all += line;
      if (!part.empty() && std::string(line).find(part) != std::string::npos) return all;
    }
    EXPECT_EQ(part, "") << "ended before it said so: " << all;
    return all;
  }

  const std::string database_ = (folder_ / "t.db").string();
  Context context_;
};

TEST_F(ClaimsTest, TheOtherTakesTheNextAndComesBackToWhatIsThenKnown) {
  Claims claims(database_);
  ASSERT_TRUE(claims.try_claim(context_.situation));
  FILE* const process = ::popen(command("both.txt --budget 4").c_str(), "r");
  ASSERT_TRUE(process);
  const std::string before = read_to(process, "waiting for the process that searches");
  EXPECT_NE(before.find("k=4096: another process searches it"), std::string::npos) << before;
  EXPECT_NE(before.find("problem  gemm f32 m=4096,n=4096,k=512"), std::string::npos) << before;
  {  // as the process that has the claim does
    Store store = Store::open(database_, Store::Mode::read_write);
    RunInfo run;
    run.context = context_;
    run.device_json = "{}";
    store.end_run(store.begin_run(run), RunEnd::finished);
  }
  claims.release(context_.situation);
  const std::string after = read_to(process, "");
  EXPECT_EQ(WEXITSTATUS(::pclose(process)), 0) << after;
  EXPECT_NE(after.find("another process has searched it meanwhile"), std::string::npos) << after;
  EXPECT_NE(after.find("trials   0 new, 1 known"), std::string::npos) << after;
}

// The test does not read on at first, so the process stops when the pipe is full, long before it
// reaches its last line.
TEST_F(ClaimsTest, WhatAnotherProcessHasFinishedBeforeItsLineIsReachedIsKnown) {
  std::string lines;
  for (int i = 0; i < 20; ++i) lines += "gemm 4096x4096x512\n";
  write("long.txt", lines + "gemm 4096x4096x4096\n");
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const int capacity = ::fcntl(ends[1], F_SETPIPE_SZ, 4096);
  ASSERT_GT(capacity, 0);
  const std::string shell = command("long.txt --budget 4");
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::execl("/bin/sh", "sh", "-c", shell.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  FILE* const process = ::fdopen(ends[0], "r");
  ASSERT_TRUE(process);
  const std::string before = read_to(process, "k=512 on ");
  {
    Store store = Store::open(database_, Store::Mode::read_write);
    RunInfo run;
    run.context = context_;
    run.device_json = "{}";
    store.end_run(store.begin_run(run), RunEnd::finished);
  }
  const std::string after = before + read_to(process, "");
  std::fclose(process);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0) << after;
  EXPECT_GT(after.size(), before.size() + 2 * static_cast<std::size_t>(capacity) + BUFSIZ)
      << "the pipe never filled";
  const std::size_t known = after.find("another process has searched it meanwhile");
  ASSERT_NE(known, std::string::npos) << after.substr(after.size() - 4096);
  EXPECT_NE(after.find("trials   0 new, 1 known", known), std::string::npos);
}

TEST_F(ClaimsTest, WhatAKilledProcessHadIsSearched) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    Claims claims(database_);
    const char byte = claims.try_claim(context_.situation) ? 'x' : '-';
    if (::write(ends[1], &byte, 1) != 1) ::_exit(1);
    while (true) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ends[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'x');
  FILE* const process = ::popen(command("both.txt --budget 4").c_str(), "r");
  ASSERT_TRUE(process);
  read_to(process, "waiting for the process that searches");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  const std::string after = read_to(process, "");
  EXPECT_EQ(WEXITSTATUS(::pclose(process)), 0) << after;
  EXPECT_EQ(after.find("another process has searched it meanwhile"), std::string::npos) << after;
  EXPECT_NE(after.find("trials   4 new, 1 known"), std::string::npos) << after;
}

TEST_F(ClaimsTest, OneProblemThatIsToBeMeasuredAfreshDoesNotWait) {
  Claims claims(database_);
  ASSERT_TRUE(claims.try_claim(context_.situation));
  FILE* const process = ::popen(command("one.txt --fresh --budget 2").c_str(), "r");
  ASSERT_TRUE(process);
  const std::string out = read_to(process, "");
  EXPECT_EQ(WEXITSTATUS(::pclose(process)), 0) << out;
  EXPECT_NE(out.find("another process searches it too"), std::string::npos) << out;
  EXPECT_NE(out.find("trials   2 new, 0 known"), std::string::npos) << out;
}

TEST_F(ClaimsTest, OneProcessIsNotInItsOwnWay) {
  write("twice.txt", "gemm 4096x4096x4096\ngemm 4096x4096x4096\n");
  const std::string quiet = command("twice.txt --budget 2 --race 0");
  FILE* const process = ::popen(quiet.c_str(), "r");
  ASSERT_TRUE(process);
  const std::string out = read_to(process, "");
  EXPECT_EQ(WEXITSTATUS(::pclose(process)), 0) << out;
  EXPECT_EQ(out.find("another process"), std::string::npos) << out;
}

TEST_F(ClaimsTest, SaysWhyNothingCanBeClaimed) {
  fs::remove(folder_ / "t.db-claims");
  // has the same effect as a file system without locks
  fs::create_directory(folder_ / "t.db-claims");
  FILE* const process = ::popen(command("both.txt --budget 1 --race 0").c_str(), "r");
  ASSERT_TRUE(process);
  const std::string out = read_to(process, "");
  EXPECT_EQ(WEXITSTATUS(::pclose(process)), 0) << out;
  const std::size_t first = out.find("problems cannot be claimed");
  ASSERT_NE(first, std::string::npos) << out;
  EXPECT_EQ(out.find("problems cannot be claimed", first + 1), std::string::npos) << "said twice";
}

}  // namespace
}  // namespace tw
