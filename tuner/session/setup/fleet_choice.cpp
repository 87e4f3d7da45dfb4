#include "session/setup/fleet_choice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <map>
#include <utility>

#include "core/base/error.h"
#include "devices/fleet/process_transport.h"
#include "ui/version.h"

namespace tw {
namespace {

RankConnector& rank_connector() {
  static RankConnector connector;
  return connector;
}

fleet::Connection connection_to(const std::string& name, std::size_t sharers) {
  auto transport = std::make_unique<fleet::ProcessTransport>(WorkerProcess({"fleet"}));
  return {.name = name,
          .device = name,
          .sharers = static_cast<int>(sharers),
          .transport = std::move(transport)};
}

}  // namespace

std::vector<Flag> fleet_flags() {
  return {
      {"workers", "COMMAND",
       "measure on another host, too: a command that starts `tune worker` there and passes its "
       "stdin and stdout on, such as \"ssh host2 tune worker\". Several times for several GPUs",
       true},
      {"in-flight", "N",
       "evaluations under way at the same time (default: as many as all workers want). With the "
       "same number and seed, a search is the same for any number of workers"},
      {"silence", "SECONDS",
       "leave out a worker that says nothing for so long (default: 30). Workers say each second "
       "that they are alive"},
  };
}

std::string device_of_ranks(const std::vector<std::string>& names) {
  if (names.size() == 1) {
    const std::string& name = names.front();
    if (name == "all" || name == "cuda:0") return "cuda";
    if (!name.starts_with("cuda:")) return name;
  }
  throw Error(
      fmt::format("--device {}: MPI gives each rank the GPU of its number on its host: give "
                  "--device cuda",
                  fmt::join(names, ",")));
}

bool FleetChoice::has_ranks() const { return static_cast<bool>(rank_connector()); }

void set_rank_connector(RankConnector connector) { rank_connector() = std::move(connector); }

std::string build_of_fleets() { return version_text(); }

FleetChoice::FleetChoice(const Arguments& arguments)
    : commands_(arguments.texts("workers")),
      in_flight_(static_cast<int>(arguments.integer("in-flight", 0, 1, 4096))),
      silence_s_(static_cast<int>(arguments.integer("silence", 30, 5, 86'400))),
      cache_(!arguments.has("no-cache")) {}

bool FleetChoice::is_wanted(const std::vector<std::string>& names) const {
  return names.size() > 1 || in_flight_ > 0 || has_commands() || has_ranks();
}

std::unique_ptr<fleet::Fleet> FleetChoice::open(const std::vector<std::string>& names) const {
  std::vector<fleet::Connection> connections;
  if (has_ranks()) {
    connections = rank_connector()();
    for (fleet::Connection& connection : connections) connection.device = names.front();
  } else {
    for (const std::string& name : names) connections.push_back(connection_to(name, names.size()));
  }
  // Workers replay what this process replays, so that their times are of one recording.
  const bool replays = !names.empty() && names.front().starts_with("replay:");
  std::map<std::string, int> count;
  for (const std::string& command : commands_) {
    auto transport = std::make_unique<fleet::ProcessTransport>(WorkerProcess::of_command(command));
    const int number = ++count[command];
    connections.push_back({.name = number == 1 ? command : fmt::format("{} (#{})", command, number),
                           .device = replays ? names.front() : "",
                           .sharers = static_cast<int>(commands_.size()),
                           .transport = std::move(transport)});
  }
  return fleet::open_fleet(std::move(connections),
                           {.build = build_of_fleets(),
                            .cache = cache_,
                            .in_flight = in_flight_,
                            .silence_limit = std::chrono::seconds(silence_s_)});
}

}  // namespace tw
