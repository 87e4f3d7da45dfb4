#include "devices/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "core/base/environment.h"
#include "core/base/error.h"
#include "devices/frame.h"

namespace tw {
namespace {

std::string& worker_executable() {
  static std::string path = "/proc/self/exe";
  return path;
}

std::string error_text(int error) { return std::strerror(error); }

// Returns false if the other end is gone.
bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool write_frame(int descriptor, std::string_view frame) {
  if (frame.size() > max_frame_bytes) throw Error("a message to a worker exceeds 1 GiB");
  const auto size = static_cast<std::uint32_t>(frame.size());
  char header[sizeof size];
  std::memcpy(header, &size, sizeof size);
  return write_all(descriptor, {header, sizeof size}) && write_all(descriptor, frame);
}

struct Pipe {
  int read_end = -1, write_end = -1;
};
Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    throw Error(fmt::format("cannot make a pipe to a worker: {}", error_text(errno)));
  }
  return {ends[0], ends[1]};
}

void close_if_open(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

// Signals that the parent handles (Ctrl-C) must not reach workers. So workers have a process group
// of their own; they die with the parent. The pipes become the child's descriptors `child_in` and
// `child_out`; with descriptors of its own for the channel, a worker's stdout is the parent's
// stderr.
int spawn(std::vector<std::string> words, const std::vector<std::string>& additions, Pipe down,
          Pipe up, int child_in, int child_out) {
  std::vector<std::string> environment = environment_with(additions);
  // dup2 of a descriptor onto itself would leave close-on-exec set. So both descriptors go through
  // numbers above the targets.
  const int in = ::fcntl(down.read_end, F_DUPFD_CLOEXEC, 10);
  const int out = ::fcntl(up.write_end, F_DUPFD_CLOEXEC, 10);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, child_in);
  posix_spawn_file_actions_adddup2(&actions, out, child_out);
  if (child_in != STDIN_FILENO) {
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  int pid = -1;
  const int error = ::posix_spawn(&pid, words.front().c_str(), &actions, &attributes,
                                  pointers_to(words).data(), pointers_to(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  ::close(in);
  ::close(out);
  if (error != 0) {
    throw Error(fmt::format("cannot start a worker ({}): {}", words.front(), error_text(error)));
  }
  return pid;
}

}  // namespace

void set_worker_executable(std::string path) { worker_executable() = std::move(path); }

WorkerProcess::WorkerProcess(const std::vector<std::string>& arguments,
                             const std::vector<std::string>& environment) {
  std::vector<std::string> words{worker_executable(), "__worker"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  start(std::move(words), environment, worker_in, worker_out);
}

WorkerProcess WorkerProcess::of_command(const std::string& command) {
  WorkerProcess process;
  process.start({"/bin/sh", "-c", command}, {}, STDIN_FILENO, STDOUT_FILENO);
  return process;
}

void WorkerProcess::start(std::vector<std::string> words,
                          const std::vector<std::string>& environment, int child_in,
                          int child_out) {
  ::signal(SIGPIPE, SIG_IGN);  // a dead worker is reported as an answer, not by a signal
  Pipe down = make_pipe(), up = make_pipe();
  try {
    pid_ = spawn(std::move(words), environment, down, up, child_in, child_out);
  } catch (...) {
    for (int* end : {&down.read_end, &down.write_end, &up.read_end, &up.write_end}) {
      close_if_open(*end);
    }
    throw;
  }
  ::close(down.read_end);
  ::close(up.write_end);
  to_worker_ = down.write_end;
  from_worker_ = up.read_end;
  ::fcntl(from_worker_, F_SETFL, O_NONBLOCK);
  pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
}

WorkerProcess::WorkerProcess(WorkerProcess&& other) noexcept { *this = std::move(other); }

WorkerProcess& WorkerProcess::operator=(WorkerProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(pidfd_, other.pidfd_);
  std::swap(to_worker_, other.to_worker_);
  std::swap(from_worker_, other.from_worker_);
  std::swap(reaped_, other.reaped_);
  std::swap(status_, other.status_);
  std::swap(buffer_, other.buffer_);
  return *this;
}

WorkerProcess::~WorkerProcess() {
  if (pid_ > 0) kill();
  close_all();
}

void WorkerProcess::close_all() noexcept {
  close_if_open(pidfd_);
  close_if_open(to_worker_);
  close_if_open(from_worker_);
}

bool WorkerProcess::send(std::string_view frame) { return write_frame(to_worker_, frame); }

std::optional<std::string> WorkerProcess::receive() {
  if (auto frame = take_frame(buffer_)) return frame;
  char chunk[65536];
  while (true) {
    const ssize_t count = ::read(from_worker_, chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    buffer_.append(chunk, static_cast<std::size_t>(count));
    if (auto frame = take_frame(buffer_)) return frame;
  }
}

void WorkerProcess::reap(bool block) {
  if (reaped_ || pid_ <= 0) return;
  // First wait without reaping the pid, which names the process group: everything that the worker
  // started ends with it.
  siginfo_t ended{};
  int result = 0;
  do {
    result =
        ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOWAIT | (block ? 0 : WNOHANG));
  } while (result < 0 && errno == EINTR);
  if (result == 0 && ended.si_pid == 0) return;
  if (result == 0) ::kill(-pid_, SIGKILL);
  do {
    result = ::waitpid(pid_, &status_, 0);
  } while (result < 0 && errno == EINTR);
  reaped_ = true;
}

bool WorkerProcess::alive() {
  reap(false);
  return pid_ > 0 && !reaped_;
}

std::string WorkerProcess::end_reason() {
  reap(false);
  if (!reaped_) return "";
  if (WIFSIGNALED(status_)) {
    const int signal = WTERMSIG(status_);
    return fmt::format("killed by signal {} ({})", signal, strsignal(signal));
  }
  return fmt::format("exited with {}", WEXITSTATUS(status_));
}

void WorkerProcess::kill() {
  if (reaped_ || pid_ <= 0) return;
  // Use the pidfd if there is one, so that a recycled pid is never killed. Then kill the group,
  // because a worker may have started a compiler.
  if (pidfd_ >= 0) ::syscall(SYS_pidfd_send_signal, pidfd_, SIGKILL, nullptr, 0);
  ::kill(-pid_, SIGKILL);
  reap(true);
}

bool wait_any(std::span<const int> descriptors, std::chrono::steady_clock::time_point deadline) {
  std::vector<pollfd> polls;
  for (const int descriptor : descriptors) {
    polls.push_back({.fd = descriptor, .events = POLLIN, .revents = 0});
  }
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  const auto milliseconds = std::clamp<std::int64_t>(left.count(), 0, 3'600'000);
  return ::poll(polls.data(), polls.size(), static_cast<int>(milliseconds)) >= 0;
}

WorkerChannel::WorkerChannel() : pid_(::getpid()) {
  // if the parent died before this call, receive() finds its end closed
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::fcntl(worker_in, F_SETFD, FD_CLOEXEC);
  ::fcntl(worker_out, F_SETFD, FD_CLOEXEC);
  ::signal(SIGPIPE, SIG_IGN);
}

// A kernel on the host may fork. Its copy of the worker must neither answer nor take jobs.
void WorkerChannel::end_if_forked() const {
  if (::getpid() != pid_) ::_exit(0);
}

std::optional<std::string> WorkerChannel::receive() {
  end_if_forked();
  std::string buffer;
  char chunk[65536];
  std::size_t wanted = sizeof(std::uint32_t);
  while (true) {
    if (auto frame = take_frame(buffer)) return frame;
    if (buffer.size() >= sizeof(std::uint32_t)) {
      std::uint32_t size = 0;
      std::memcpy(&size, buffer.data(), sizeof size);
      wanted = sizeof size + size;
    }
    const std::size_t part = std::min(sizeof chunk, wanted - buffer.size());
    const ssize_t count = ::read(worker_in, chunk, part);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    buffer.append(chunk, static_cast<std::size_t>(count));
  }
}

void WorkerChannel::send(std::string_view frame) {
  end_if_forked();
  if (!write_frame(worker_out, frame)) ::_exit(0);
}

}  // namespace tw
