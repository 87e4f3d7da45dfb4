// tune --live on a terminal.
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "unit/cli/fixture.h"
#include "unit/cli/terminal.h"

namespace tw {
namespace {

class Live : public Cli {
 protected:
  // The output of a run on a terminal.
  struct Shown {
    int code = -1;
    std::string written;  // with all sequences
    std::string text;     // what the terminal shows at the end
  };
  // Runs a search of `budget` configurations on the cpu device on a terminal. Calls `look` with the
  // process and what was written so far, whenever there is more.
  Shown search(const std::string& budget, const std::vector<std::string>& settings,
               const std::function<void(pid_t, const std::string&)>& look = {}) {
    const std::vector<std::string> words{
        executable_, "--op",  "softmax",  "--shape", "rows=8,columns=64",
        "--device",  "cpu",   "--budget", budget,    "--race",
        "0",         "--live"};
    winsize size{.ws_row = 40, .ws_col = 100, .ws_xpixel = 0, .ws_ypixel = 0};
    int terminal = -1;
    const pid_t process = forkpty(&terminal, nullptr, nullptr, &size);
    if (process == 0) start(words, settings);
    Shown shown;
    std::array<char, 4096> buffer{};
    for (ssize_t count = 0; (count = read(terminal, buffer.data(), buffer.size())) > 0;) {
      shown.written.append(buffer.data(), static_cast<std::size_t>(count));
      if (look) look(process, shown.written);
    }
    int status = 0;
    waitpid(process, &status, 0);
    close(terminal);
    shown.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    Terminal emulated(size.ws_col, size.ws_row);
    emulated.write(shown.written);
    shown.text = emulated.text();
    return shown;
  }

 private:
  [[noreturn]] void start(const std::vector<std::string>& words,
                          const std::vector<std::string>& settings) const {
    std::vector<std::string> all{"/usr/bin/env",
                                 "-C",
                                 folder_.string(),
                                 "-u",
                                 "LC_ALL",
                                 "-u",
                                 "NO_COLOR",
                                 "TERM=xterm",
                                 "LC_CTYPE=C.UTF-8",
                                 "CUDA_VISIBLE_DEVICES=",
                                 "XDG_CACHE_HOME=" + (folder_ / "cache").string()};
    all.insert(all.end(), settings.begin(), settings.end());
    all.insert(all.end(), words.begin(), words.end());
    std::vector<char*> arguments;
    for (std::string& word : all) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    execv(arguments.front(), arguments.data());
    _exit(127);
  }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(Live, ShowsTheSearchAndLeavesItsResult) {
  const Shown shown = search("6", {});
  EXPECT_EQ(shown.code, 0) << shown.written;
  EXPECT_TRUE(has(shown.written, "compiling ")) << "busy shares";
  EXPECT_TRUE(has(shown.written, "\u2502")) << "the axis of the plot";
  EXPECT_TRUE(has(shown.written, "\x1b[1m")) << "bold";
  EXPECT_FALSE(has(shown.text, "\u2502")) << shown.text;
  EXPECT_FALSE(has(shown.text, "measuring ")) << shown.text;
  EXPECT_TRUE(has(shown.text, "stored in tilewright.db")) << shown.text;
}

TEST_F(Live, ObeysNoColorAndTheLocale) {
  const Shown shown = search("6", {"NO_COLOR=1", "LC_CTYPE=C"});
  EXPECT_EQ(shown.code, 0) << shown.written;
  EXPECT_FALSE(has(shown.written, "\x1b[1m"));
  EXPECT_TRUE(has(shown.written, " |")) << "the axis of the plot";
  EXPECT_FALSE(has(shown.written, "\u2502"));
}

TEST_F(Live, AnInterruptedSearchKeepsWhatItFound) {
  bool sent = false;
  const Shown shown = search("200", {}, [&](pid_t process, const std::string& written) {
    if (!sent && has(written, "1 ok")) sent = kill(process, SIGINT) == 0;
  });
  EXPECT_TRUE(sent);
  EXPECT_EQ(shown.code, 0) << shown.written;
  EXPECT_TRUE(has(shown.text, ", interrupted")) << shown.text;
  EXPECT_FALSE(has(shown.text, "\u2502")) << shown.text;
  EXPECT_TRUE(has(shown.text, "stored in tilewright.db")) << shown.text;
}

TEST_F(Live, ATerminalThatCannotMoveItsCursorGetsPlainLines) {
  const Shown shown = search("6", {"TERM=dumb"});
  EXPECT_EQ(shown.code, 0) << shown.written;
  EXPECT_FALSE(has(shown.written, "\x1b")) << shown.written;
}

TEST_F(Live, APipeGetsPlainLines) {
  const Ran ran = tune("--op softmax --shape rows=8,columns=64 --device cpu --budget 2 --live");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_FALSE(has(ran.err, "\x1b")) << ran.err;
  expect_fault("--op softmax --shape rows=8,columns=64 --live --quiet", {"--live", "--quiet"});
}

}  // namespace
}  // namespace tw
