// The measuring worker is the only process with a context on the GPU. When a kernel faults, the
// worker reports it and ends; when a kernel hangs, the parent ends the worker.
#include "devices/gpu/measure_worker.h"

#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "core/base/error.h"
#include "devices/gpu/measure/measuring_session.h"
#include "devices/gpu/protocol/messages.h"
#include "devices/turns.h"

namespace tw::gpu {
namespace {

// Reads jobs while one is running, so that the parent never waits for the pipe to drain.
class Inbox {
 public:
  explicit Inbox(WorkerChannel& channel)
      : reader_([this, &channel](const std::stop_token&) { read(channel); }) {}
  // Returns the next frame. Ends the process when the parent has closed its end.
  std::string take() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return !frames_.empty(); });
    std::string frame = std::move(frames_.front());
    frames_.pop_front();
    return frame;
  }

 private:
  void read(WorkerChannel& channel) {
    while (auto frame = channel.receive()) {
      const std::lock_guard lock(mutex_);
      frames_.push_back(std::move(*frame));
      arrived_.notify_one();
    }
    ::_exit(0);
  }
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::string> frames_;
  std::jthread reader_;
};

[[noreturn]] void end_worker() { ::_exit(1); }  // destructors would wait for the lost context

// Takes turns on the GPU, one measurement after another. A turn includes the preparation (which
// runs the reference), the verification and the samples.
class Gpu {
 public:
  Gpu(WorkerChannel& channel, const std::string& uuid) : channel_(channel), turns_(uuid) {}

  void take() {
    if (turns_.try_take()) return;
    if (turns_.why_not().empty()) {
      say(MeasureReply::Kind::waiting,
          "another process measures on this GPU: the processes take turns, one measurement each");
      turns_.take();
      say(MeasureReply::Kind::turn, "");
    }
    if (!turns_.why_not().empty() && !said_why_not_) {
      said_why_not_ = true;
      say(MeasureReply::Kind::turn,
          "processes that measure on this GPU cannot take turns, and may disturb each other: " +
              turns_.why_not());
    }
  }
  void end() { turns_.end(); }

 private:
  void say(MeasureReply::Kind kind, std::string notice) {
    MeasureReply reply;
    reply.kind = kind;
    if (kind != MeasureReply::Kind::waiting || !said_waiting_) reply.notice = std::move(notice);
    said_waiting_ = said_waiting_ || kind == MeasureReply::Kind::waiting;
    channel_.send(encode(reply));
  }
  WorkerChannel& channel_;
  Turns turns_;
  bool said_waiting_ = false, said_why_not_ = false;
};

void serve(WorkerChannel& channel, Inbox& inbox, MeasuringSession& session) {
  Gpu gpu(channel, session.info().uuid);
  PartsReceived parts;
  while (true) {
    const MeasureRequest request = decode_measure_request(inbox.take(), parts);
    gpu.take();
    MeasureReply reply;
    reply.finished.id = request.job.id;
    try {
      session.prepare(request);
    } catch (const Error& error) {
      reply.kind = MeasureReply::Kind::fatal;
      reply.error = error.what();
      channel.send(encode(reply));
      end_worker();
    }
    reply.kind = MeasureReply::Kind::started;
    channel.send(encode(reply));
    reply.finished.measurement = session.run(request, reply.ends);
    if (!reply.ends) gpu.end();
    reply.kind = MeasureReply::Kind::finished;
    for (const std::string& notice : session.take_notices()) reply.notice = notice;
    channel.send(encode(reply));
    if (reply.ends) end_worker();
  }
}

void open_session(WorkerChannel& channel, Inbox& inbox, const MeasurePlatform& platform,
                  const std::string& first) {
  Greeting greeting;
  std::unique_ptr<Runtime> runtime;
  std::optional<MeasuringSession> session;
  try {
    runtime =
        platform.open(std::stoi(first), first.ends_with(counting_word) ? Use::count : Use::time);
    session.emplace(*runtime);
    greeting.info = session->info();
    greeting.notices = session->take_notices();
    greeting.has_energy = runtime->energy_mj().has_value();
  } catch (const Error& error) {
    greeting.error = error.what();
  } catch (const Failure& failure) {
    greeting.error = "the device cannot be used: " + failure.text;
  }
  channel.send(encode(greeting));
  if (!greeting.error.empty()) end_worker();
  serve(channel, inbox, *session);
}

}  // namespace

int measure_worker(WorkerChannel& channel, const MeasurePlatform& platform) {
  Inbox inbox(channel);
  const std::string first = inbox.take();
  if (const auto answer = platform.answer(first)) {
    channel.send(*answer);
    ::_exit(0);
  }
  try {
    open_session(channel, inbox, platform, first);
  } catch (const Error& error) {  // a malformed message
    MeasureReply reply;
    reply.kind = MeasureReply::Kind::fatal;
    reply.error = error.what();
    channel.send(encode(reply));
  }
  end_worker();
}

}  // namespace tw::gpu
