// Worker processes: this executable run again with the hidden subcommand `__worker`, each killable
// and restartable. A worker speaks length-prefixed frames over a descriptor of its own, since a
// kernel may print to stdout.
#pragma once
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tw {

// The executable that workers run; default /proc/self/exe. Tests set it to the built `tune`.
void set_worker_executable(std::string path);

// The parent's end. Ends its process when destroyed; the process ends itself when the parent dies.
class WorkerProcess {
 public:
  // Runs `<executable> __worker <arguments...>` with `environment` ("NAME=value") added to ours.
  // Throws Error if it cannot be started.
  explicit WorkerProcess(const std::vector<std::string>& arguments,
                         const std::vector<std::string>& environment = {});
  WorkerProcess(WorkerProcess&& other) noexcept;
  WorkerProcess& operator=(WorkerProcess&& other) noexcept;
  ~WorkerProcess();

  // False if the process is gone. Blocks while the pipe is full and the worker lives.
  bool send(std::string_view frame);
  // The next whole frame that has arrived; never blocks.
  std::optional<std::string> receive();
  // Readable when a frame, a part of one or the end has arrived: for wait_any.
  int descriptor() const { return from_worker_; }
  // Readable once the process has ended, though what it started may keep descriptor() open; or -1.
  int end_descriptor() const { return pidfd_; }
  bool alive();
  // After the end: "exited with 1", "killed by signal 11 (Segmentation fault)"; empty while it
  // lives.
  std::string end_reason();
  void kill();  // SIGKILL, and reaps it
  int pid() const { return pid_; }

 private:
  void close_all() noexcept;
  void reap(bool block);
  int pid_ = -1, pidfd_ = -1, to_worker_ = -1, from_worker_ = -1;
  bool reaped_ = false;
  int status_ = 0;
  std::string buffer_;
};

// Waits until one of the descriptors is readable, the deadline has passed or a signal arrives, in
// which case it returns false.
bool wait_any(std::span<const int> descriptors, std::chrono::steady_clock::time_point deadline);

// The worker's end, on the descriptors that the parent passed. Used by the __worker subcommand
// alone.
class WorkerChannel {
 public:
  WorkerChannel();                       // also asks the kernel to end this process with its parent
  std::optional<std::string> receive();  // blocks; nothing: the parent closed its end
  void send(std::string_view frame);     // ends the process if the parent is gone

 private:
  void end_if_forked() const;
  int pid_;
};

}  // namespace tw
