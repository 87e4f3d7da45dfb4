#include "devices/gpu/compile/compile_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/error.h"

namespace tw::gpu {
namespace {

Compiled failure(std::string reason) {
  Compiled compiled;
  compiled.log = std::move(reason);
  return compiled;
}

}  // namespace

CompilePool::CompilePool(Platform platform, int workers, std::chrono::milliseconds timeout)
    : platform_(std::move(platform)),
      timeout_(timeout),
      workers_(static_cast<std::size_t>(std::max(1, workers))) {}

void CompilePool::start(Worker& worker) {
  worker.process.emplace(std::vector<std::string>{platform_.compile_role});
}

const CompilerGreeting& CompilePool::compiler() {
  Worker& worker = workers_.front();
  std::vector<Result> none;
  if (!greeting_ && !worker.process) start(worker);
  const auto deadline = Clock::now() + std::chrono::seconds(60);
  while (!greeting_) {
    const int descriptor = worker.process->descriptor();
    wait_any({&descriptor, 1}, deadline);
    const bool alive = worker.process->alive();
    while (const auto frame = worker.process->receive()) accept(worker, *frame, none);
    if (greeting_) break;
    if (!alive) throw Error("a compile worker did not start: it " + worker.process->end_reason());
    if (Clock::now() >= deadline) throw Error(platform_.compiler + " did not answer within 60 s");
  }
  return *greeting_;
}

void CompilePool::submit(std::uint64_t ticket, const CompileRequest& request) {
  queue_.emplace_back(ticket, request);
}

void CompilePool::accept(Worker& worker, const std::string& frame, std::vector<Result>& results) {
  if (worker.greeted) {
    if (!worker.ticket) return;
    results.push_back({*worker.ticket, decode_compiled(frame)});
    worker.ticket.reset();
    return;
  }
  worker.greeted = true;
  CompilerGreeting greeting = decode_compiler_greeting(frame);
  if (!greeting.error.empty()) throw Error(greeting.error);
  if (!greeting_) greeting_ = std::move(greeting);
}

void CompilePool::advance(Worker& worker, std::vector<Result>& results) {
  if (!worker.process) return;
  // asked first, because messages that it sent before its end count
  const bool alive = worker.process->alive();
  while (const auto frame = worker.process->receive()) accept(worker, *frame, results);
  if (!alive) {
    if (worker.ticket) {
      results.push_back(
          {*worker.ticket, failure("the compiler was lost: it " + worker.process->end_reason())});
    }
    worker = {};
  } else if (worker.ticket && Clock::now() >= worker.deadline) {
    results.push_back(
        {*worker.ticket, failure(fmt::format("compile took longer than {:g} s",
                                             1e-3 * static_cast<double>(timeout_.count())))});
    worker = {};  // ends its process
  }
}

std::vector<CompilePool::Result> CompilePool::advance() {
  std::vector<Result> results;
  for (Worker& worker : workers_) {
    advance(worker, results);
    while (!queue_.empty() && !worker.ticket) {
      if (!worker.process) start(worker);
      if (!worker.process->send(encode(queue_.front().second, worker.parts))) {
        worker = {};  // it ended while it was idle: the program is not to blame
        continue;
      }
      worker.ticket = queue_.front().first;
      worker.deadline = Clock::now() + timeout_;
      queue_.pop_front();
    }
  }
  return results;
}

void CompilePool::cancel() {
  queue_.clear();
  for (Worker& worker : workers_) {
    if (worker.ticket) worker = {};
  }
}

void CompilePool::add_descriptors(std::vector<int>& descriptors) const {
  for (const Worker& worker : workers_) {
    if (worker.ticket) descriptors.push_back(worker.process->descriptor());
  }
}

CompilePool::Clock::time_point CompilePool::next_deadline() const {
  auto next = Clock::time_point::max();
  for (const Worker& worker : workers_) {
    if (worker.ticket) next = std::min(next, worker.deadline);
  }
  return next;
}

std::vector<int> CompilePool::busy_pids() const {
  std::vector<int> pids;
  for (const Worker& worker : workers_) {
    if (worker.ticket) pids.push_back(worker.process->pid());
  }
  return pids;
}

std::size_t CompilePool::outstanding() const {
  return queue_.size() + static_cast<std::size_t>(std::count_if(
                             workers_.begin(), workers_.end(),
                             [](const Worker& worker) { return worker.ticket.has_value(); }));
}

}  // namespace tw::gpu
