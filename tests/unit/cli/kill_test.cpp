// Kills `tune` at moments that are spread evenly over its run, and runs many of them on one
// database at once. TW_KILLS and TW_SECONDS in the environment set the number of kills and the
// time. TW_KILL_DEVICE=cuda:0 kills searches on a GPU instead of replayed ones; TW_TUNE names
// another executable.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include "core/base/error.h"
#include "unit/cli/fixture.h"

extern char** environ;

namespace tw {
namespace {

using Clock = std::chrono::steady_clock;
using Words = std::vector<std::string>;

std::string setting(const char* name, const std::string& fallback) {
  const char* value = std::getenv(name);
  return value ? value : fallback;
}

class Kill : public Cli {
 protected:
  // Starts `tune` with its output in a file of the test's folder.
  pid_t start(Words words, const std::string& output) {
    words.insert(words.begin(), setting("TW_TUNE", executable_));
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, path(output).c_str(), O_CREAT | O_WRONLY, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    pid_t pid = 0;
    const int failed = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    EXPECT_EQ(failed, 0) << argv[0];
    return pid;
  }
  static int finish(pid_t pid) {
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  // Returns the search that is killed.
  Words search(const std::string& database) {
    const std::string device = setting("TW_KILL_DEVICE", "");
    Words words{"--op", "gemm", "--db", path(database), "--strategy", "random", "--no-baseline"};
    const Words where = device.empty()
                            ? Words{"--shape", "64x64x64", "--budget",
                                    "1600",    "--device", "replay:" + path("toy.t4.json")}
                            : Words{"--shape", "512x512x512", "--budget", "40",     "--device",
                                    device,    "--kernel",    "simt",     "--quiet"};
    words.insert(words.end(), where.begin(), where.end());
    return words;
  }
  // Returns the configurations of a search's stored trials, as another process sees them; none if
  // there is no database yet.
  static std::vector<std::string> stored(const std::string& database) {
    std::vector<std::string> configurations;
    if (!fs::exists(database)) return configurations;
    try {
      const Store store = Store::open(database, Store::Mode::read_only);
      for (const Trial& trial : store.trials({})) {
        if (trial.kind == TrialKind::search) configurations.push_back(trial.configuration);
      }
    } catch (const Error&) {
      // The database is being created.
    }
    return configurations;
  }
};

TEST_F(Kill, LosesNoTrialAndMeasuresNoneAgain) {
  write_recording_of("gemm f32 m=64,n=64,k=64", "toy.t4.json", 40, 40);
  const int kills = std::stoi(setting("TW_KILLS", "10"));
  const auto began = Clock::now();
  ASSERT_EQ(finish(start(search("whole.db"), "whole.txt")), 0) << text_of_file(path("whole.txt"));
  const Clock::duration whole = Clock::now() - began;
  const std::size_t evaluations = stored(path("whole.db")).size();
  ASSERT_GE(evaluations, 40u);
  int in_the_search = 0;
  for (int i = 0; i < kills; ++i) {
    const std::string database = "killed" + std::to_string(i) + ".db";
    const auto moment = Clock::now() + whole * (2 * i + 1) / (2 * kills);
    const pid_t pid = start(search(database), "killed.txt");
    std::this_thread::sleep_until(moment);
    const std::vector<std::string> before = stored(path(database));
    kill(pid, SIGKILL);
    finish(pid);
    const std::vector<std::string> after = stored(path(database));
    EXPECT_GE(after.size(), before.size()) << "kill " << i;
    if (!before.empty() && after.size() < evaluations) ++in_the_search;
    ASSERT_EQ(finish(start(search(database), "resumed.txt")), 0)
        << "kill " << i << ": " << text_of_file(path("resumed.txt"));
    const std::vector<std::string> resumed = stored(path(database));
    const std::set<std::string> distinct(resumed.begin(), resumed.end());
    EXPECT_EQ(distinct.size(), resumed.size()) << "kill " << i << ": measured again";
    for (const std::string& configuration : before) {
      EXPECT_TRUE(distinct.contains(configuration)) << "kill " << i << " lost " << configuration;
    }
  }
  EXPECT_GT(in_the_search, 0) << "of " << kills;
  RecordProperty("kills_in_the_search", in_the_search);
}

// Seven searches with seven seeds, and so in seven orders, and queries, repeated.
TEST_F(Kill, EightProcessesShareADatabase) {
  write_recording_of("gemm f32 m=64,n=64,k=64", "toy.t4.json", 40, 40);
  const auto end = Clock::now() + std::chrono::seconds(std::stoi(setting("TW_SECONDS", "3")));
  std::vector<std::thread> threads;
  std::atomic<int> runs = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const std::string output = "out" + std::to_string(i) + ".txt";
      while (Clock::now() < end) {
        Words words{"query", "trials", "--db", path("shared.db"), "--limit", "20"};
        if (i > 0) {
          words = search("shared.db");
          const Words more{"--fresh", "--seed", std::to_string(i)};
          words.insert(words.end(), more.begin(), more.end());
        } else if (!fs::exists(path("shared.db"))) {
          continue;
        }
        fs::remove(path(output));
        const int code = finish(start(words, output));
        const std::string text = text_of_file(path(output));
        EXPECT_EQ(text.find("locked"), std::string::npos) << text;
        if (i > 0) {
          EXPECT_EQ(code, 0) << text;
          ++runs;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(stored(path("shared.db")).size(), 1600u * static_cast<std::size_t>(runs));
  EXPECT_GE(runs, 7);
  RecordProperty("runs", runs);
}

}  // namespace
}  // namespace tw
