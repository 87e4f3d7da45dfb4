// Worker processes: this executable, started again with the hidden subcommand `__worker`. Each
// worker can be killed and restarted. A worker sends length-prefixed frames over a separate
// descriptor, because a kernel may print to stdout.
#pragma once
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tw {

// The descriptors of a worker's channel.
inline constexpr int worker_in = 3, worker_out = 4;

// Sets the executable that workers run; the default is /proc/self/exe. Tests set it to the built
// `tune`.
void set_worker_executable(std::string path);

// The parent's end of a worker. The destructor ends the process; the process ends itself when the
// parent dies.
class WorkerProcess {
 public:
  // Runs `<executable> __worker <arguments...>` with `environment` ("NAME=value") added to the
  // parent's environment. Throws Error if the process cannot be started.
  explicit WorkerProcess(const std::vector<std::string>& arguments,
                         const std::vector<std::string>& environment = {});
  // Runs a shell's command, such as "ssh host2 tune worker", that speaks over its stdin and stdout.
  // Throws Error if there is no shell.
  static WorkerProcess of_command(const std::string& command);
  WorkerProcess(WorkerProcess&& other) noexcept;
  WorkerProcess& operator=(WorkerProcess&& other) noexcept;
  ~WorkerProcess();

  // Sends a frame. Returns false if the process is gone. Blocks while the pipe is full and the
  // worker lives.
  bool send(std::string_view frame);
  // Returns the next complete frame that has arrived. Never blocks.
  std::optional<std::string> receive();
  // Returns a descriptor for wait_any. It is readable when a frame, a part of a frame or the end of
  // the stream has arrived.
  int descriptor() const { return from_worker_; }
  // Returns the descriptor that send() writes to. A caller that must not block writes there itself.
  int sending_descriptor() const { return to_worker_; }
  // Returns a descriptor that is readable once the process has ended, or -1. Processes that the
  // worker started may keep descriptor() open for longer.
  int end_descriptor() const { return pidfd_; }
  bool alive();
  // Returns how the process ended: "exited with 1", "killed by signal 11 (Segmentation fault)";
  // empty while it lives.
  std::string end_reason();
  void kill();  // sends SIGKILL and reaps the process
  int pid() const { return pid_; }

 private:
  WorkerProcess() = default;
  // Starts the words of a command, whose descriptors `child_in` and `child_out` are the pipes.
  void start(std::vector<std::string> words, const std::vector<std::string>& environment,
             int child_in, int child_out);
  void close_all() noexcept;
  void reap(bool block);
  int pid_ = -1, pidfd_ = -1, to_worker_ = -1, from_worker_ = -1;
  bool reaped_ = false;
  int status_ = 0;
  std::string buffer_;
};

// Waits until one of the descriptors is readable or the deadline has passed. Returns false if a
// signal arrives.
bool wait_any(std::span<const int> descriptors, std::chrono::steady_clock::time_point deadline);

// The worker's end, on the descriptors that the parent passed. Only the __worker subcommand uses
// it.
class WorkerChannel {
 public:
  // also asks the kernel to end this process when its parent ends
  WorkerChannel();
  std::optional<std::string> receive();  // blocks; returns nothing if the parent closed its end
  void send(std::string_view frame);     // ends the process if the parent is gone

 private:
  void end_if_forked() const;
  int pid_;
};

}  // namespace tw
