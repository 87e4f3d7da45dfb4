// The fixture of the command-line tests: it runs the built executable in a temporary folder.
#pragma once
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "core/formats/recording.h"
#include "db/store.h"
#include "unit/support/built.h"

namespace tw {

namespace fs = std::filesystem;

struct Ran {
  int code = -1;
  std::string out, err;
};

inline std::string text_of_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class Cli : public testing::Test {
 protected:
  Cli() {
    std::string pattern = (fs::temp_directory_path() / "tilewright-cli-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~Cli() override { fs::remove_all(folder_); }

  // Runs `tune <arguments>` (shell words) in the test's folder, without a GPU.
  Ran tune(const std::string& arguments, const std::string& before = "") {
    const std::string command = "cd '" + folder_.string() + "' && " + before +
                                " env CUDA_VISIBLE_DEVICES= XDG_CACHE_HOME='" +
                                (folder_ / "cache").string() + "' '" + executable_ + "' " +
                                arguments + " >out.txt 2>err.txt";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of_file(folder_ / "out.txt"),
            text_of_file(folder_ / "err.txt")};
  }
  // Expects exit code 2, nothing on stdout, and one line on stderr that contains `parts`.
  void expect_fault(const std::string& arguments, const std::vector<std::string>& parts,
                    const std::string& before = "") {
    SCOPED_TRACE(arguments);
    const Ran ran = tune(arguments, before);
    EXPECT_EQ(ran.code, 2) << ran.out << ran.err;
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    EXPECT_TRUE(ran.err.starts_with("tune: ")) << ran.err;
    for (const std::string& part : parts) {
      EXPECT_NE(ran.err.find(part), std::string::npos) << "no '" << part << "' in: " << ran.err;
    }
  }
  // Runs `tune` with these words, sends it SIGINT as soon as `part` is on its stderr, and waits for
  // its end.
  Ran tune_interrupted_at(const std::string& part, std::vector<std::string> words) {
    const pid_t child = fork();
    if (child == 0) {
      if (chdir(folder_.c_str()) != 0) _exit(99);
      dup2(open("out.txt", O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
      dup2(open("err.txt", O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
      setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
      words.insert(words.begin(), executable_);
      std::vector<char*> arguments;
      for (std::string& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      execv(executable_.c_str(), arguments.data());
      _exit(98);
    }
    for (int i = 0; i < 900; ++i) {
      if (text_of_file(folder_ / "err.txt").find(part) != std::string::npos) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    kill(child, SIGINT);
    int status = 0;
    waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of_file(folder_ / "out.txt"),
            text_of_file(folder_ / "err.txt")};
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  // Writes a recording in which one configuration fails and x=3 y=1 is the fastest.
  void write_recording_of(const std::string& problem, const std::string& name, int x_values = 6,
                          int y_values = 4) {
    Recording recording;
    recording.name = recording.kernel = "toy";
    recording.op = "gemm";
    recording.problem = problem;
    recording.source_digest = "d";
    recording.space_digest = "s";
    recording.device.kind = DeviceKind::cuda;
    recording.device.model = "NVIDIA Toy";
    recording.device.cc = 90;
    for (const auto& [knob_name, count] : {std::pair{"x", x_values}, {"y", y_values}}) {
      Knob knob;
      knob.name = knob_name;
      for (int i = 0; i < count; ++i) knob.values.push_back(i);
      recording.knobs.push_back(knob);
    }
    for (int x = 0; x < x_values; ++x) {
      for (int y = 0; y < y_values; ++y) {
        RecordedTrial trial;
        trial.configuration = {x, y};
        if (x == 5 && y == 3) {
          trial.measurement.outcome = Outcome::faulted;
          trial.measurement.note = "illegal address";
        } else {
          trial.value_ns = 1e6 + 1e4 * ((x - 3) * (x - 3) + (y - 1) * (y - 1));
          trial.measurement.samples_ns = {trial.value_ns, trial.value_ns + 10, trial.value_ns + 20};
        }
        recording.trials.push_back(std::move(trial));
      }
    }
    write_recording(recording, (folder_ / name).string());
  }

  const std::string executable_ = built("tuner/tune");
  fs::path folder_;
};

inline constexpr const char* gemm = "--op gemm --shape m=64,n=64,k=64";

}  // namespace tw
