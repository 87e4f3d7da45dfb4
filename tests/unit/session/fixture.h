// A device that answers from a formula, and sessions on it with a real database.
#pragma once
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "session/run/session_run.h"
#include "session/session.h"

namespace tw {

namespace fs = std::filesystem;

// A device that answers each job at once: the time of the configuration "x=A y=B" is 1000 + (A -
// 5)^2 + B^2 ns, and its energy, if it is asked for, 10 + (A - 2)^2 + B^2 mJ.
class FormulaDevice : public Device {
 public:
  FormulaDevice() {
    info_.kind = DeviceKind::cuda;
    info_.model = "formula";
  }
  const DeviceInfo& info() const override { return info_; }
  int capacity() const override { return 3; }
  void submit(Job job) override {
    ++count_[job.purpose];
    if (job.purpose == Purpose::measure) measured_.push_back(job.kernel + ": " + job.configuration);
    finished_.push_back({job.id, answer(job)});
  }
  std::vector<Finished> wait(std::chrono::steady_clock::time_point) override {
    std::vector<Finished> out(finished_.begin(), finished_.end());
    finished_.clear();
    return out;
  }
  void cancel() override { finished_.clear(); }
  bool has_counters() const override { return counts_; }

  Measurement answer(const Job& job) {
    Measurement measurement;
    measurement.timer = "formula";
    if (job.purpose == Purpose::baseline) {
      measurement.samples_ns = {1100, 1100, 1100};
      if (job.limits.energy_ms > 0) measurement.energy_mj = 30;
      if (!has_baseline_) {
        measurement.outcome = Outcome::launch_failed;
        measurement.note = "no library here";
      }
      return measurement;
    }
    if (job.purpose == Purpose::counters && !refusal_.empty()) {
      measurement.outcome = Outcome::launch_failed;
      measurement.note = refusal_;
      return measurement;
    }
    int x = 0, y = 0;
    EXPECT_EQ(std::sscanf(job.configuration.c_str(), "x=%d y=%d", &x, &y), 2);
    if (fails_.contains(job.configuration)) {
      measurement.outcome = failure_;
      measurement.note = "illegal address";
      return measurement;
    }
    if (job.purpose == Purpose::counters) {
      measurement.metrics["dram_percent"] = 90 - x;
      return measurement;
    }
    const double ns = (job.kernel == "slow" ? 2000 : 1000) + (x - 5) * (x - 5) + y * y;
    measurement.samples_ns.assign(6, ns * scale_);
    if (job.limits.energy_ms > 0) {
      measurement.energy_mj = 10 + (x - 2) * (x - 2) + y * y;
      measurement.mean_power_w = measurement.energy_mj * 1e6 / ns;
    }
    if (missed_ns_ > 0) {
      measurement.metrics["unaccounted_ns"] = missed_ns_;
      measurement.note = "its time misses work";
    }
    return measurement;
  }

  DeviceInfo info_;
  std::deque<Finished> finished_;
  std::vector<std::string> measured_;
  std::map<Purpose, int> count_;
  std::set<std::string> fails_;
  Outcome failure_ = Outcome::faulted;
  bool has_baseline_ = true;
  double scale_ = 1;
  bool counts_ = false;
  double missed_ns_ = 0;
  std::string refusal_;
};

inline Knob toy_knob(const std::string& name, int values) {
  Knob knob;
  knob.name = name;
  for (int i = 0; i < values; ++i) knob.values.push_back(i);
  return knob;
}

// A kernel with the 50 configurations "x=0 y=0" to "x=9 y=4".
inline Competitor toy_competitor(const std::string& name) {
  return {.kernel = nullptr,
          .name = name,
          .space = SearchSpace::enumerate({toy_knob("x", 10), toy_knob("y", 5)}, {}, 0,
                                          std::vector<std::int64_t>(2)),
          .code = {.kernel = name, .source_digest = "d", .verdict_digest = {}},
          .space_digest = "s"};
}

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    std::string pattern = (fs::temp_directory_path() / "tilewright-session-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    store_.emplace(Store::open((folder_ / "t.db").string(), Store::Mode::read_write));
  }
  ~SessionTest() override {
    store_.reset();
    fs::remove_all(folder_);
  }

  SessionRequest request(std::vector<std::string> kernels = {"fast"}) {
    SessionRequest request;
    request.situation.op = "toy";
    request.situation.problem = request.problem_key = "toy f32 m=1";
    request.situation.device_model = "formula";
    for (const std::string& name : kernels) request.competitors.push_back(toy_competitor(name));
    request.strategy = "exhaustive";
    request.budget.evaluations = 50;
    request.device_json = "{}";
    return request;
  }
  SessionResult run(const SessionRequest& request) {
    return run_session(request, device_, *store_, progress_, stopped_);
  }
  // Begins a session without its parts. The request must outlive the result.
  SessionRun begin(const SessionRequest& request) {
    SessionRun run{request, jobs_, *store_, progress_, stopped_, timings_};
    RunInfo info;
    info.context = request.context_of(request.competitors.front());
    info.device_json = request.device_json;
    run.id = store_->begin_run(info);
    return run;
  }
  std::vector<Trial> stored() { return store_->trials({}); }

  fs::path folder_;
  std::optional<Store> store_;
  FormulaDevice device_;
  JobRunner jobs_{device_};
  Timings timings_{jobs_};
  Progress progress_{stderr, Progress::Mode::quiet, 80, std::chrono::steady_clock::now};
  std::function<bool()> stopped_ = [] { return false; };
};

}  // namespace tw
