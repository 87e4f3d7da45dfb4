#include "capture/program_run.h"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <utility>

#include "core/base/environment.h"
#include "core/base/error.h"

namespace tw::capture {
namespace {

constexpr std::array<int, 6> passed_on{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

volatile std::sig_atomic_t program = 0;  // its process number; 0: none

void pass_on(int signal, siginfo_t* info, void*) {
  // The terminal sends its signals to the program too: those come from the kernel.
  const bool from_process =
      info->si_code == SI_USER || info->si_code == SI_QUEUE || info->si_code == SI_TKILL;
  if (program > 0 && from_process) ::kill(static_cast<pid_t>(program), signal);
}

// Holds signals back while it lives.
class HoldingBack {
 public:
  HoldingBack() {
    sigset_t held;
    sigemptyset(&held);
    for (const int signal : passed_on) sigaddset(&held, signal);
    sigprocmask(SIG_BLOCK, &held, &before_);
  }
  ~HoldingBack() { sigprocmask(SIG_SETMASK, &before_, nullptr); }
  HoldingBack(const HoldingBack&) = delete;
  HoldingBack& operator=(const HoldingBack&) = delete;
  const sigset_t& before() const { return before_; }

 private:
  sigset_t before_{};
};

// Passes signals on while it lives.
class PassingOn {
 public:
  explicit PassingOn(pid_t pid) {
    program = pid;
    struct sigaction action {};
    action.sa_sigaction = pass_on;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    for (std::size_t i = 0; i < passed_on.size(); ++i) {
      sigaction(passed_on[i], &action, &before_[i]);
    }
  }
  ~PassingOn() {
    program = 0;
    for (std::size_t i = 0; i < passed_on.size(); ++i) {
      sigaction(passed_on[i], &before_[i], nullptr);
    }
  }
  PassingOn(const PassingOn&) = delete;
  PassingOn& operator=(const PassingOn&) = delete;

 private:
  std::array<struct sigaction, passed_on.size()> before_{};
};

// Starts the program with a mask of signals, and returns its process number. A file that may not
// grow ends a program, but not this one, which ignores the signal. Throws Error.
pid_t start(std::vector<std::string> words, std::vector<std::string> environment,
            const sigset_t& mask) {
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGXFSZ);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setsigmask(&attributes, &mask);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  pid_t pid = 0;
  const int fault = posix_spawnp(&pid, words.front().c_str(), nullptr, &attributes,
                                 pointers_to(words).data(), pointers_to(environment).data());
  posix_spawnattr_destroy(&attributes);
  if (fault != 0) {
    throw Error(fmt::format("cannot run '{}': {}", words.front(), std::strerror(fault)));
  }
  return pid;
}

}  // namespace

ProgramEnd run_program(const std::vector<std::string>& words, const std::vector<std::string>& added,
                       const std::vector<std::string>& removed,
                       const std::function<void()>& ended) {
  // A signal that comes before it can be passed on waits until then.
  std::optional<HoldingBack> holding(std::in_place);
  const pid_t pid = start(words, environment_with(added, removed), holding->before());
  std::optional<PassingOn> passing(std::in_place, pid);
  holding.reset();
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) throw Error(fmt::format("lost '{}': {}", words.front(), strerror(errno)));
  }
  holding.emplace();
  passing.reset();
  ended();
  holding.reset();
  if (WIFSIGNALED(status)) {
    return {.exit_code = 128 + WTERMSIG(status), .signal = WTERMSIG(status)};
  }
  return {.exit_code = WEXITSTATUS(status)};
}

}  // namespace tw::capture
