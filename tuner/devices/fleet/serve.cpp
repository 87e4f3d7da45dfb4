#include "devices/fleet/serve.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "core/base/error.h"
#include "devices/process.h"

namespace tw::fleet {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// A busy device is waited for in such slices, because a new request does not end the wait.
constexpr auto busy_slice = milliseconds(10);
constexpr auto idle_slice = milliseconds(250);
constexpr auto polled_slice = milliseconds(2);
constexpr auto alive_every = milliseconds(1000);
constexpr auto activity_every = milliseconds(250);  // at most

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown host";
}

// The parent's transport, and a thread that says "alive" while the device keeps the server busy.
class Parent {
 public:
  explicit Parent(Transport& transport)
      : transport_(transport), thread_([this](const std::stop_token& stop) { say_alive(stop); }) {}

  void say(const Reply& reply) {
    const std::lock_guard lock(mutex_);
    send(reply);
  }
  std::optional<std::string> receive() {
    const std::lock_guard lock(mutex_);
    return transport_.receive();
  }
  bool is_gone() {
    const std::lock_guard lock(mutex_);
    return !transport_.end_reason().empty();
  }
  // Waits for a frame, for a moment at most.
  void wait() {
    std::unique_lock lock(mutex_);
    const bool polls = transport_.descriptor() < 0 || transport_.has_unsent();
    lock.unlock();
    const int descriptor = transport_.descriptor();
    const std::size_t count = descriptor < 0 ? 0 : 1;
    wait_any({&descriptor, count}, Clock::now() + (polls ? polled_slice : idle_slice));
  }

 private:
  void send(const Reply& reply) {
    last_said_ = Clock::now();
    transport_.send(encode(reply));  // run() notices a parent that is gone
  }
  void say_alive(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!wakes_.wait_for(lock, stop, alive_every, [] { return false; }) &&
           !stop.stop_requested()) {
      if (Clock::now() >= last_said_ + alive_every / 2) send({.kind = Reply::Kind::alive});
    }
  }

  Transport& transport_;
  std::mutex mutex_;
  std::condition_variable_any wakes_;
  Clock::time_point last_said_ = Clock::now();
  std::jthread thread_;  // the last member, because it uses the others
};

class Server {
 public:
  Server(Transport& parent, const std::string& build, const DeviceOpener& open)
      : parent_(parent), build_(build), open_(open) {}

  void run() {
    parent_.say({.kind = Reply::Kind::alive});  // a stream's preamble goes with it
    while (!quits_ && !parent_.is_gone()) {
      if (const std::optional<std::string> frame = parent_.receive()) {
        accept(decode_request(*frame, parts_));
      } else if (under_way_ > 0) {
        answer();
      } else {
        parent_.wait();
      }
    }
  }

 private:
  void accept(Request request) {
    switch (request.kind) {
      case Request::Kind::open:
        open(request.open);
        break;
      case Request::Kind::job:
        if (!device_) break;  // it has failed, which the parent has been told
        ++under_way_;
        attempt([&] { device_->submit(std::move(request.job)); });
        break;
      case Request::Kind::cancel:
        under_way_ = 0;
        if (device_) attempt([&] { device_->cancel(); });
        break;
      case Request::Kind::close:
      case Request::Kind::quit:
        release();
        if (request.kind == Request::Kind::close) break;
        quits_ = true;
        parent_.say({.kind = Reply::Kind::quits});
        break;
    }
  }

  void open(const OpenRequest& request) {
    Reply reply{.kind = Reply::Kind::opened, .opened = opened(request)};
    reply.notices = notices();
    parent_.say(reply);
  }

  Opened opened(const OpenRequest& request) {
    release();
    Opened opened{.error = "", .host = host_name(), .info = {}};
    opened.epoch = request.epoch;
    if (request.build != build_) {
      opened.error = fmt::format("it runs {}, and this is {}: install the same version on both",
                                 build_, request.build);
      return opened;
    }
    try {
      device_ = open_(request);
      opened.info = device_->info();
      opened.capacity = device_->capacity();
      opened.has_counters = device_->has_counters();
      opened.has_energy = device_->has_energy();
    } catch (const Error& error) {
      opened.error = error.what();
    }
    return opened;
  }

  void release() {
    device_.reset();
    under_way_ = 0;
    said_ = {};
    said_activity_ = {};
  }

  void answer() {
    attempt([&] {
      Reply reply{.kind = Reply::Kind::finished};
      reply.finished = device_->wait(Clock::now() + busy_slice);
      reply.notices = device_->notices();
      reply.activity = device_->activity();
      under_way_ -= reply.finished.size();
      const bool is_news =
          reply.activity != said_ && Clock::now() >= said_activity_ + activity_every;
      if (reply.finished.empty() && reply.notices.empty() && !is_news) return;
      said_ = reply.activity;
      said_activity_ = Clock::now();
      parent_.say(reply);
    });
  }

  // Does something with the device. If the machine or the reference is at fault, the device is
  // closed and the parent is told.
  template <class Action>
  void attempt(const Action& action) {
    try {
      action();
    } catch (const Error& error) {
      Reply reply{.kind = Reply::Kind::failed, .error = error.what()};
      reply.notices = notices();
      parent_.say(reply);
      release();
    }
  }

  std::vector<std::string> notices() {
    return device_ ? device_->notices() : std::vector<std::string>();
  }

  Parent parent_;
  const std::string& build_;
  const DeviceOpener& open_;
  PartsReceived parts_;
  std::unique_ptr<Device> device_;
  std::size_t under_way_ = 0;
  Activity said_;  // to the parent
  Clock::time_point said_activity_{};
  bool quits_ = false;
};

}  // namespace

void serve(Transport& parent, const std::string& build, const DeviceOpener& open) {
  Server(parent, build, open).run();
}

}  // namespace tw::fleet
