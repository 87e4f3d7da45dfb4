// Small spaces and a fake device for the tests of the search.
#pragma once
#include <cmath>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/space/space.h"
#include "core/spec/spec.h"
#include "devices/device.h"

namespace tw {

// Returns `knobs` integer knobs of `values` values each, without constraints.
inline SearchSpace grid_space(int knobs, int values) {
  std::vector<Knob> list;
  for (int k = 0; k < knobs; ++k) {
    Knob knob;
    knob.name = "k" + std::to_string(k);
    for (int v = 0; v < values; ++v) knob.values.push_back(v);
    list.push_back(knob);
  }
  return SearchSpace::enumerate(list, {}, 0, std::vector<std::int64_t>(list.size()));
}

// Returns twelve knobs of ten values: 10^12 combinations, of which `millions_size` are valid.
inline constexpr std::size_t millions_size = 3'520'440;
inline SearchSpace millions() {
  std::string text;
  for (int k = 0; k < 12; ++k) {
    text += "[[knob]]\nname = \"k" + std::to_string(k) +
            "\"\nvalues = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n";
  }
  const BareSpace bare = parse_bare_space(text + R"toml([require]
"a product" = "k0 * k1 * k2 == 24"
"another" = "k3 * k4 * k5 == 60"
"a sum" = "k6 + k7 + k8 == 12"
"a bound" = "k9 * k10 <= k11"
)toml",
                                          "millions.toml");
  return SearchSpace::enumerate(bare.knobs, bare.require, 0, {});
}

// Returns the time of a bowl, which grows with the distance of the configuration from (3, 3, ...).
inline double bowl_ns(const SearchSpace& space, std::size_t index) {
  double time = 1000;
  for (const std::int64_t value : space[index]) {
    time += 100 * std::abs(static_cast<double>(value) - 3);
  }
  return time;
}

// A device that answers one job for each wait, the oldest first (or the newest), with what `answer`
// returns for the job.
class FakeDevice : public Device {
 public:
  FakeDevice(int capacity, std::function<Measurement(const Job&)> answer, bool newest_first = false)
      : capacity_(capacity), answer_(std::move(answer)), newest_first_(newest_first) {}
  const DeviceInfo& info() const override { return info_; }
  int capacity() const override { return capacity_; }
  void submit(Job job) override {
    most_queued = std::max(most_queued, queue_.size() + 1);
    submitted.push_back(job);
    queue_.push_back(std::move(job));
  }
  std::vector<Finished> wait(std::chrono::steady_clock::time_point) override {
    if (queue_.empty()) return {};
    Job job = newest_first_ ? queue_.back() : queue_.front();
    newest_first_ ? queue_.pop_back() : queue_.pop_front();
    return {{job.id, answer_(job)}};
  }
  void cancel() override { queue_.clear(); }

  std::vector<Job> submitted;
  std::size_t most_queued = 0;

 private:
  DeviceInfo info_;
  int capacity_;
  std::function<Measurement(const Job&)> answer_;
  bool newest_first_;
  std::deque<Job> queue_;
};

inline Measurement measured(double time_ns) {
  Measurement measurement;
  measurement.samples_ns = {time_ns};
  return measurement;
}

}  // namespace tw
