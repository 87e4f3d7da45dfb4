// The replay device: a table from configurations to what was recorded.
#include "replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace tw {
namespace {

constexpr const char* missing = "not in the recording";
// A race round gives this part of the recorded samples, so that the first rounds are independent.
constexpr std::size_t rounds = 8;

class ReplayDevice : public Device {
 public:
  ReplayDevice(Recording recording, const std::string& current_source_digest);

  const DeviceInfo& info() const override { return info_; }
  // There is nothing to overlap, and a strategy that is told at once searches best.
  int capacity() const override { return 1; }
  void submit(Job job) override { finished_.push_back({job.id, answer(job)}); }
  std::vector<Finished> wait(std::chrono::steady_clock::time_point) override {
    return std::exchange(finished_, {});
  }
  void cancel() override { finished_.clear(); }
  std::vector<std::string> notices() override { return std::exchange(notices_, {}); }

 private:
  struct Entry {
    std::size_t trial = 0;
    std::size_t sample_next = 0;  // of the race rounds
    bool raced = false;
  };

  Measurement answer(const Job& job);
  Measurement baseline(const Job& job) const;
  std::string refusal(const Job& job) const;

  Recording recording_;
  DeviceInfo info_;
  std::unordered_map<std::string, Entry> by_configuration_;
  std::vector<Finished> finished_;
  std::vector<std::string> notices_;
};

Measurement failed(std::string note) {
  Measurement measurement;
  measurement.outcome = Outcome::launch_failed;
  measurement.note = std::move(note);
  measurement.timer = "replay";
  return measurement;
}

ReplayDevice::ReplayDevice(Recording recording, const std::string& current_source_digest)
    : recording_(std::move(recording)), info_(recording_.device) {
  info_.kind = "replay";
  if (info_.model.empty()) info_.model = "the device of " + recording_.name;
  by_configuration_.reserve(recording_.trials.size());
  for (std::size_t i = 0; i < recording_.trials.size(); ++i) {
    by_configuration_[text_of(recording_.knobs, recording_.trials[i].configuration)].trial = i;
  }
  const std::string& recorded = recording_.source_digest;
  if (!current_source_digest.empty() && !recorded.empty() && recorded != current_source_digest) {
    notices_.push_back(fmt::format(
        "{}: the source of {} has changed since the recording (digest {:.8} then, {:.8} now): its "
        "times are of the old one",
        recording_.path, recording_.kernel, recorded, current_source_digest));
  }
  if (recording_.protocol != protocol_version) {
    notices_.push_back(fmt::format(
        "{}: recorded by version {} of the way of measuring, this is version {}: do not compare "
        "the times",
        recording_.path, recording_.protocol, protocol_version));
  }
}

// Why the recording cannot answer; empty if it can. What a foreign recording does not say, fits.
std::string ReplayDevice::refusal(const Job& job) const {
  if (!recording_.problem.empty() && job.problem != recording_.problem) {
    return fmt::format("{}: it holds {}", missing, recording_.problem);
  }
  if (job.purpose == Purpose::baseline) return "";
  if (!recording_.kernel.empty() && job.kernel != recording_.kernel) {
    return fmt::format("{}: it holds the kernel {}", missing, recording_.kernel);
  }
  return by_configuration_.contains(job.configuration) ? "" : missing;
}

Measurement ReplayDevice::baseline(const Job& job) const {
  if (!recording_.baseline || recording_.baseline->name != job.kernel) return failed(missing);
  Measurement measurement;
  measurement.samples_ns = recording_.baseline->samples_ns;
  measurement.timer = "replay";
  return measurement;
}

Measurement ReplayDevice::answer(const Job& job) {
  if (std::string reason = refusal(job); !reason.empty()) return failed(std::move(reason));
  if (job.purpose == Purpose::baseline) return baseline(job);
  Entry& entry = by_configuration_.at(job.configuration);
  const RecordedTrial& trial = recording_.trials[entry.trial];
  Measurement measurement = trial.measurement;
  measurement.timer = "replay";
  if (measurement.outcome != Outcome::ok) return measurement;
  measurement.metrics["recorded_ns"] = trial.value_ns;
  std::vector<double>& samples = measurement.samples_ns;
  if (job.purpose == Purpose::verify || job.purpose == Purpose::counters) samples.clear();
  if (job.purpose != Purpose::race_round || samples.empty()) return measurement;

  if (!entry.raced) entry.sample_next = job.seed % samples.size();
  entry.raced = true;
  const auto most = static_cast<std::size_t>(std::max(job.limits.max_samples, 1));
  const std::size_t count = std::min(most, (samples.size() + rounds - 1) / rounds);
  std::vector<double> round;
  for (std::size_t i = 0; i < count; ++i) {
    round.push_back(samples[entry.sample_next]);
    entry.sample_next = (entry.sample_next + 1) % samples.size();
  }
  samples = std::move(round);
  return measurement;
}

}  // namespace

std::unique_ptr<Device> open_replay(Recording recording, const std::string& current_source_digest) {
  return std::make_unique<ReplayDevice>(std::move(recording), current_source_digest);
}

}  // namespace tw
