// The replay device: a table from configurations to recorded measurements.
#include "devices/replay/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace tw {
namespace {

constexpr const char* missing = "not in the recording";
// A race round returns this fraction of the recorded samples, so that the first rounds are
// independent.
constexpr std::size_t rounds = 8;

Measurement failed(std::string note) {
  Measurement measurement;
  measurement.outcome = Outcome::launch_failed;
  measurement.note = std::move(note);
  measurement.timer = "replay";
  return measurement;
}

// One recording, indexed by its configurations.
class Tape {
 public:
  explicit Tape(Recording recording);

  // A foreign recording does not name its kernel.
  bool is_of(const std::string& kernel) const {
    return recording_.kernel.empty() || recording_.kernel == kernel;
  }
  bool has_baseline(const std::string& library) const {
    return recording_.baseline && recording_.baseline->name == library;
  }
  Measurement answer(const Job& job);

 private:
  struct Entry {
    std::size_t trial = 0;
    std::size_t sample_next = 0;  // next sample for the race rounds
    bool raced = false;
  };

  std::string refusal(const Job& job) const;
  Measurement baseline() const;

  Recording recording_;
  std::unordered_map<std::string, Entry> by_configuration_;
};

Tape::Tape(Recording recording) : recording_(std::move(recording)) {
  by_configuration_.reserve(recording_.trials.size());
  for (std::size_t i = 0; i < recording_.trials.size(); ++i) {
    by_configuration_[text_of(recording_.knobs, recording_.trials[i].configuration)].trial = i;
  }
}

// Returns why the recording cannot answer; empty if it can. Data that a foreign recording lacks
// counts as matching.
std::string Tape::refusal(const Job& job) const {
  if (!recording_.problem.empty() && job.problem != recording_.problem) {
    return fmt::format("{}: it holds {}", missing, recording_.problem);
  }
  if (job.purpose == Purpose::baseline) return has_baseline(job.kernel) ? "" : missing;
  if (!is_of(job.kernel)) {
    return fmt::format("{}: it holds the kernel {}", missing, recording_.kernel);
  }
  return by_configuration_.contains(job.configuration) ? "" : missing;
}

Measurement Tape::baseline() const {
  Measurement measurement;
  measurement.samples_ns = recording_.baseline->samples_ns;
  measurement.energy_mj = recording_.baseline->energy_mj;
  measurement.mean_power_w = recording_.baseline->mean_power_w;
  measurement.timer = "replay";
  return measurement;
}

Measurement Tape::answer(const Job& job) {
  if (std::string reason = refusal(job); !reason.empty()) return failed(std::move(reason));
  if (job.purpose == Purpose::baseline) return baseline();
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

class ReplayDevice : public Device {
 public:
  explicit ReplayDevice(std::vector<Recording> recordings);

  const DeviceInfo& info() const override { return info_; }
  // Nothing can overlap here, and a strategy searches best if it learns each result at once.
  int capacity() const override { return 1; }
  bool has_energy() const override { return has_energy_; }
  void submit(Job job) override { finished_.push_back({job.id, tape_of(job).answer(job)}); }
  std::vector<Finished> wait(std::chrono::steady_clock::time_point) override {
    return std::exchange(finished_, {});
  }
  void cancel() override { finished_.clear(); }
  std::vector<std::string> notices() override { return std::exchange(notices_, {}); }

 private:
  // Returns the recording that can answer. If none can, returns the first one, which gives the
  // reason.
  Tape& tape_of(const Job& job);

  std::vector<Tape> tapes_;
  DeviceInfo info_;
  bool has_energy_ = false;
  std::vector<Finished> finished_;
  std::vector<std::string> notices_;
};

ReplayDevice::ReplayDevice(std::vector<Recording> recordings) : info_(recordings.at(0).device) {
  info_.kind = DeviceKind::replay;
  // one formula for all rooflines, whatever was known at the time of the recording
  add_datasheet(info_);
  if (info_.model.empty()) info_.model = "the device of " + recordings[0].name;
  for (Recording& recording : recordings) {
    if (recording.protocol != protocol_version) {
      notices_.push_back(
          fmt::format("{}: recorded with version {} of the measuring protocol, but this is version "
                      "{}: do not compare the times",
                      recording.path, recording.protocol, protocol_version));
    }
    const auto has_energy = [](const RecordedTrial& trial) {
      return trial.measurement.energy_mj > 0;
    };
    has_energy_ =
        has_energy_ || std::any_of(recording.trials.begin(), recording.trials.end(), has_energy);
    tapes_.emplace_back(std::move(recording));
  }
}

Tape& ReplayDevice::tape_of(const Job& job) {
  const auto found = std::find_if(tapes_.begin(), tapes_.end(), [&](const Tape& tape) {
    return job.purpose == Purpose::baseline ? tape.has_baseline(job.kernel)
                                            : tape.is_of(job.kernel);
  });
  return found == tapes_.end() ? tapes_.front() : *found;
}

}  // namespace

std::unique_ptr<Device> open_replay(std::vector<Recording> recordings) {
  return std::make_unique<ReplayDevice>(std::move(recordings));
}

}  // namespace tw
