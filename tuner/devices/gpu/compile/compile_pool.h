// A pool of compile workers. Each worker compiles one program at a time, and is killed if it takes
// too long. A crash or an endless compile costs only this one program.
#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "devices/gpu/protocol/messages.h"
#include "devices/gpu/protocol/platform.h"
#include "devices/process.h"

namespace tw::gpu {

class CompilePool {
 public:
  using Clock = std::chrono::steady_clock;
  struct Result {
    std::uint64_t ticket = 0;
    Compiled compiled;
  };

  // `platform` names the workers' role and the compiler.
  CompilePool(Platform platform, int workers, std::chrono::milliseconds timeout);

  // Starts a worker if none runs yet, and waits for its greeting. Throws Error if the compiler is
  // missing.
  const CompilerGreeting& compiler();

  void submit(std::uint64_t ticket, const CompileRequest& request);
  // Returns the programs that have finished since the last call, and hands queued programs to free
  // workers. Never blocks.
  std::vector<Result> advance();
  void cancel();  // drops the queue, kills the workers that compile

  void add_descriptors(std::vector<int>& descriptors) const;
  // Returns when advance() has work to do even if no descriptor is readable.
  Clock::time_point next_deadline() const;
  std::vector<int> busy_pids() const;
  bool idle() const { return outstanding() == 0; }
  std::size_t outstanding() const;

 private:
  struct Worker {
    std::optional<WorkerProcess> process;
    PartsSent parts{};  // to the process
    bool greeted = false;
    std::optional<std::uint64_t> ticket;
    Clock::time_point deadline{};
  };
  void start(Worker& worker);
  void advance(Worker& worker, std::vector<Result>& results);
  void accept(Worker& worker, const std::string& frame, std::vector<Result>& results);

  Platform platform_;
  std::chrono::milliseconds timeout_;
  std::vector<Worker> workers_;
  std::deque<std::pair<std::uint64_t, CompileRequest>> queue_;  // by ticket
  std::optional<CompilerGreeting> greeting_;
};

}  // namespace tw::gpu
