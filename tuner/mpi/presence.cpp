#include "mpi/presence.h"

#include <fmt/format.h>
#include <pthread.h>

#include <condition_variable>
#include <csignal>
#include <mutex>

namespace tw {
namespace {

constexpr int question_tag = 2, answer_tag = 3;
constexpr auto answer_every = std::chrono::milliseconds(200);
constexpr auto ask_every = std::chrono::seconds(1);

// Takes an empty message. Returns the rank that has sent it; nothing if there is none.
std::optional<int> take(int source, int tag) {
  int arrived = 0;
  MPI_Status status;
  if (MPI_Iprobe(source, tag, MPI_COMM_WORLD, &arrived, &status) != MPI_SUCCESS || !arrived) {
    return std::nullopt;
  }
  MPI_Recv(nullptr, 0, MPI_BYTE, status.MPI_SOURCE, tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  return status.MPI_SOURCE;
}

// Signals are for the main thread, whose waits they end.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

Presence::Presence() {
  const SignalsBlocked blocked;  // the thread inherits this
  thread_ = std::jthread([this](const std::stop_token& stop) { answer(stop); });
}

Presence::~Presence() {
  thread_.request_stop();
  thread_.join();
  const std::scoped_lock mpi(mpi_mutex());
  leave_behind(answers_);
}

void Presence::answer(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wakes;
  std::unique_lock lock(mutex);
  while (!wakes.wait_for(lock, stop, answer_every, [] { return false; }) &&
         !stop.stop_requested()) {
    const std::scoped_lock mpi(mpi_mutex());
    while (const std::optional<int> rank = take(MPI_ANY_SOURCE, question_tag)) {
      start_sending("", *rank, answer_tag, answers_);
    }
    remove_done(answers_);
  }
}

ParentTransport::~ParentTransport() {
  const std::scoped_lock mpi(mpi_mutex());
  leave_behind(question_);
}

std::string ParentTransport::end_reason() {
  if (std::string fault = messages_.end_reason(); !fault.empty()) return fault;
  const std::scoped_lock mpi(mpi_mutex());
  const auto now = std::chrono::steady_clock::now();
  if (waits_ && take(0, answer_tag)) {
    waits_ = false;
    silence_.end(now);
  }
  if (!waits_ && now >= asked_ + ask_every) {
    waits_ = true;
    asked_ = now;
    silence_.end(now);
    start_sending("", 0, question_tag, question_);
  }
  remove_done(question_);
  if (!waits_ || silence_.look(now) < silence_limit_) return "";
  return fmt::format("silent for {} s", silence_limit_.count());
}

}  // namespace tw
