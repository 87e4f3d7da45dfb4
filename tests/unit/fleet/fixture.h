// Fleets of workers that are threads of the test. Each has a device that answers from a formula.
#pragma once
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "devices/fleet/fleet.h"
#include "devices/fleet/process_transport.h"
#include "devices/fleet/serve.h"

namespace tw::fleet {

// A pipe whose ends are closed once.
class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe2(ends_, O_CLOEXEC), 0); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  int reading() const { return ends_[0]; }
  int writing() const { return ends_[1]; }

 private:
  int ends_[2] = {-1, -1};
};

inline DeviceInfo gpu() {
  DeviceInfo info;
  info.kind = DeviceKind::cuda;
  info.model = "formula";
  info.cc = 90;
  info.sms = 132;
  return info;
}

// The behaviour of a worker's device. The members may change while it runs.
struct Behaviour {
  DeviceInfo info = gpu();
  int capacity = 2;
  bool has_energy = true;
  std::string open_error{};                     // the device does not open
  std::string fault{};                          // the machine is at fault once a job is waited for
  double scale = 1;                             // of the times
  std::function<double(const Job&)> time_ns{};  // instead of the scale, if it is set
  std::string killer{};                         // the configuration that ends the worker
  std::atomic<bool> ends{false};                // the worker's thread ends as a killed process does
  std::atomic<bool> hangs{false};
  std::atomic<bool> holds{false};  // the device keeps its jobs for now
  std::mutex mutex{};
  std::vector<std::pair<Purpose, std::string>> had{};  // jobs that it was given
};

// Its times are 1000 ns times the scale; the note is the configuration.
class ScriptedDevice : public Device {
 public:
  explicit ScriptedDevice(Behaviour& behaviour) : behaviour_(behaviour) {}
  const DeviceInfo& info() const override { return behaviour_.info; }
  int capacity() const override { return behaviour_.capacity; }
  bool has_counters() const override { return true; }
  bool has_energy() const override { return behaviour_.has_energy; }
  void submit(Job job) override {
    const std::lock_guard lock(behaviour_.mutex);
    behaviour_.had.emplace_back(job.purpose, job.configuration);
    if (job.configuration == behaviour_.killer) behaviour_.ends = true;
    jobs_.push_back(std::move(job));
  }
  std::vector<Finished> wait(std::chrono::steady_clock::time_point) override {
    if (behaviour_.ends || behaviour_.hangs) return {};
    if (behaviour_.holds) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return {};
    }
    if (!behaviour_.fault.empty()) throw Error(behaviour_.fault);
    std::vector<Finished> finished;
    for (const Job& job : std::exchange(jobs_, {})) {
      Measurement measurement;
      measurement.outcome = Outcome::ok;
      measurement.note = job.configuration;
      const bool is_own = static_cast<bool>(behaviour_.time_ns);
      measurement.samples_ns.assign(5, is_own ? behaviour_.time_ns(job) : 1000 * behaviour_.scale);
      finished.push_back({job.id, std::move(measurement)});
    }
    return finished;
  }
  void cancel() override { jobs_.clear(); }
  Activity activity() const override {
    return {.compilers = 8, .measuring = jobs_.empty() ? 0 : 1, .measurers = 1};
  }
  std::vector<std::string> notices() override { return {}; }

 private:
  Behaviour& behaviour_;
  std::vector<Job> jobs_;
};

// Stops serving when the behaviour says so: a worker that was killed or stopped.
class MortalTransport : public Transport {
 public:
  MortalTransport(int in, int out, const Behaviour& behaviour)
      : stream_(in, out), behaviour_(behaviour) {}
  bool send(std::string_view frame) override {
    return behaviour_.ends || behaviour_.hangs || stream_.send(frame);
  }
  std::optional<std::string> receive() override {
    if (behaviour_.ends || behaviour_.hangs) return std::nullopt;
    return stream_.receive();
  }
  int descriptor() const override { return -1; }
  bool has_unsent() const override { return stream_.has_unsent(); }
  std::string end_reason() override { return behaviour_.ends ? "ended" : stream_.end_reason(); }

 private:
  StreamTransport stream_;
  const Behaviour& behaviour_;
};

// A worker whose process is a thread.
class ThreadWorker {
 public:
  explicit ThreadWorker(std::string build = "1") : build_(std::move(build)) {}
  ~ThreadWorker() {
    behaviour.ends = true;
    if (thread_.joinable()) thread_.join();
  }
  Connection connection(const std::string& name) {
    thread_ = std::thread([this] { run(); });
    return {.name = name,
            .device = "any",
            .transport = std::make_unique<ParentEnd>(*this, up_.reading(), down_.writing())};
  }
  Behaviour behaviour;

 private:
  // The parent's end sees the end of the thread as that of a process.
  class ParentEnd : public Transport {
   public:
    ParentEnd(ThreadWorker& worker, int in, int out) : worker_(worker), stream_(in, out) {}
    bool send(std::string_view frame) override { return stream_.send(frame); }
    std::optional<std::string> receive() override { return stream_.receive(); }
    int descriptor() const override { return stream_.descriptor(); }
    bool has_unsent() const override { return stream_.has_unsent(); }
    std::string end_reason() override { return worker_.has_ended_ ? "was killed" : ""; }

   private:
    ThreadWorker& worker_;
    StreamTransport stream_;
  };

  void run() {
    MortalTransport parent(down_.reading(), up_.writing(), behaviour);
    serve(parent, build_, [this](const OpenRequest&) -> std::unique_ptr<Device> {
      if (!behaviour.open_error.empty()) throw Error(behaviour.open_error);
      return std::make_unique<ScriptedDevice>(behaviour);
    });
    has_ended_ = true;
  }

  std::string build_;
  Pipe down_, up_;
  std::atomic<bool> has_ended_{false};
  std::thread thread_;
};

class FleetTest : public testing::Test {
 protected:
  // Opens a fleet of all workers, named "a", "b", ...
  Fleet& open(FleetOptions options = {}) {
    std::vector<Connection> connections;
    for (ThreadWorker& worker : workers_) {
      connections.push_back(
          worker.connection(std::string(1, static_cast<char>('a' + connections.size()))));
    }
    if (options.build.empty()) options.build = "1";
    fleet_ = open_fleet(std::move(connections), std::move(options));
    return *fleet_;
  }
  // Runs one job for each configuration "0", "1", ... Returns the answers by configuration.
  std::map<std::string, Measurement> run(int count, Purpose purpose = Purpose::measure,
                                         const std::function<void(int)>& after_answer = {}) {
    for (int i = 0; i < count; ++i) fleet_->submit(job(i, purpose));
    std::map<std::string, Measurement> answers;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (static_cast<int>(answers.size()) < count) {
      if (std::chrono::steady_clock::now() > deadline) {
        ADD_FAILURE() << "only " << answers.size() << " answers";
        break;
      }
      for (Finished& finished : fleet_->wait(deadline)) {
        answers[std::to_string(finished.id - first_id)] = std::move(finished.measurement);
        if (after_answer) after_answer(static_cast<int>(answers.size()));
      }
    }
    return answers;
  }
  static Job job(int index, Purpose purpose) {
    Job job;
    job.id = first_id + static_cast<std::uint64_t>(index);
    job.purpose = purpose;
    job.configuration = std::to_string(index);
    job.plan.problem = std::make_shared<const ProblemPlan>();
    return job;
  }
  std::size_t jobs_of(std::size_t worker) {
    const std::lock_guard lock(workers_[worker].behaviour.mutex);
    return workers_[worker].behaviour.had.size();
  }
  std::string notices() {
    std::string all;
    for (const std::string& notice : fleet_->notices()) all += notice + "\n";
    return all;
  }

  static constexpr std::uint64_t first_id = 100;
  std::deque<ThreadWorker> workers_;
  std::unique_ptr<Fleet> fleet_;
};

}  // namespace tw::fleet
