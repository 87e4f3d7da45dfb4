#include "session/finalist_counters.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <optional>

namespace tw {
namespace {

constexpr auto tick = std::chrono::milliseconds(100);  // between checks of `stopped`
// Distinct from the job ids of a driver and of a race.
constexpr std::uint64_t first_id = std::uint64_t{3} << 61;

std::optional<Measurement> count(Device& device, const Job& subject, std::uint64_t id,
                                 const std::function<bool()>& stopped) {
  Job job = subject;
  job.id = id;
  job.purpose = Purpose::counters;
  device.submit(std::move(job));
  while (!stopped()) {
    for (Finished& finished : device.wait(std::chrono::steady_clock::now() + tick)) {
      if (finished.id == id) return std::move(finished.measurement);
    }
  }
  device.cancel();
  return std::nullopt;
}

}  // namespace

void add_counters(Device& device, std::vector<Race::Entrant>& ranking, Progress& progress,
                  const std::function<bool()>& stopped) {
  if (!device.has_counters() || stopped()) return;
  std::uint64_t done = 0;
  for (Race::Entrant& entrant : ranking) {
    Status status;
    status.what = fmt::format("counters of {} of {}", ++done, ranking.size());
    progress.update(status);
    const auto counted = count(device, entrant.job, first_id + done, stopped);
    if (!counted) return;
    if (counted->outcome != Outcome::ok) {
      progress.note(fmt::format("no counters: {}", counted->note));
      return;
    }
    for (const auto& [name, value] : counted->metrics) entrant.pooled.metrics[name] = value;
  }
}

}  // namespace tw
