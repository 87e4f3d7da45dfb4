#include "session/setup/device_choice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/base/error.h"
#include "devices/registry/registry.h"
#include "session/setup/calibration.h"
#include "session/setup/device_names.h"

namespace tw {
namespace {

namespace fs = std::filesystem;

// Recordings have the name of their op first, so that not all of them must be read:
// gemm.simt.4096.t4.json.gz.
std::vector<std::string> shipped_recordings(const std::string& op) {
  std::vector<std::string> paths;
  for (const std::string& folder : recording_folders()) {
    std::error_code fault;
    for (fs::recursive_directory_iterator it(folder, fault), end; !fault && it != end;
         it.increment(fault)) {
      const std::string name = it->path().filename().string();
      if (name.starts_with(op + ".") && name.ends_with(".t4.json.gz")) {
        paths.push_back(it->path().string());
      }
    }
    if (!paths.empty()) break;
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

std::vector<Flag> device_flags() {
  std::vector<Flag> flags = {
      {"device", "DEVICE",
       "auto, cuda:N, all (GPUs), cpu (emulates sm_90), cpu:80, replay:FILE, or a list such as "
       "cuda:0,cuda:1. auto (the default) is the first GPU, else the shipped recordings of the "
       "problem, else cpu"},
      {"trust-code", "", "let --device cpu run the code of a --spec on this host"},
      {"no-cache", "", "compile all kernels again on a GPU"},
  };
  const std::vector<Flag> fleet = fleet_flags();
  flags.insert(flags.end(), fleet.begin(), fleet.end());
  return flags;
}

std::vector<std::string> recording_folders() {
  std::error_code fault;
  const fs::path executable = fs::read_symlink("/proc/self/exe", fault);
  const fs::path installed = executable.parent_path() / TW_RECORDINGS_FROM_BIN;
  return {installed.lexically_normal().string(), TW_RECORDINGS_IN_SOURCE};
}

Source source_of(const DeviceInfo& info) {
  if (info.kind == DeviceKind::cpu) return Source::cpu;
  return info.kind == DeviceKind::replay ? Source::replayed : Source::measured;
}

DeviceChooser::DeviceChooser(const Arguments& arguments, bool foreign)
    : names_(parse_device_names(arguments.text("device", "auto"))),
      fleet_(arguments),
      foreign_(foreign),
      trusted_(arguments.has("trust-code")),
      cache_(!arguments.has("no-cache")) {
  if (fleet_.has_ranks()) {
    names_ = {device_of_ranks(names_)};
    return;
  }
  if (names_.front() == "all") names_ = all_gpus(fleet_.has_commands());
}

const std::string& DeviceChooser::first_name() const {
  static const std::string none;
  return names_.empty() ? none : names_.front();
}

bool DeviceChooser::is_auto() const { return first_name() == "auto"; }

bool DeviceChooser::has_open_gpu() const {
  return device_ && device_->info().kind == DeviceKind::cuda;
}

const Recording& DeviceChooser::recording(const std::string& path) {
  const auto found = recordings_.find(path);
  if (found != recordings_.end()) return found->second;
  return recordings_.emplace(path, read_recording(path)).first->second;
}

const Recording* DeviceChooser::named_recording() {
  const std::string& name = first_name();
  return name.starts_with("replay:") ? &recording(name.substr(7)) : nullptr;
}

OpenDevice DeviceChooser::open(const std::string& op, const std::string& problem,
                               const std::string& kernel) {
  if (is_auto()) return choose(op, problem, kernel);
  if (const Recording* named = named_recording(); named && !op.empty()) {
    if (named->foreign()) {
      throw Error(fmt::format("{} is a foreign recording: replay it without --op and --shape",
                              named->path));
    }
    if (named->problem != problem) {
      throw Error(fmt::format("{} holds '{}', not '{}'", named->path, named->problem, problem));
    }
  }
  if (first_name().starts_with("replay:")) {
    return open_recordings({first_name().substr(7)}, names_.size(), "");
  }
  return open_live(names_, "");
}

DevicePlace DeviceChooser::place(const std::string& op, const std::string& problem,
                                 const std::string& kernel) {
  if (names_.empty() || first_name().starts_with("cuda")) return {};
  if (const Recording* named = named_recording()) {
    const bool holds = !named->foreign() && named->problem == problem;
    if (!holds) return {.kind = DevicePlace::Kind::nowhere, .recordings = {}};
    return {.kind = DevicePlace::Kind::replay, .recordings = {named->path}};
  }
  if (is_auto()) {
    if (has_open_gpu() || fleet_.has_commands() || has_gpu()) return {};
    if (foreign_) return {};  // open() reports the reason
    std::vector<std::string> paths = shipped(op, problem, kernel);
    if (!paths.empty()) return {.kind = DevicePlace::Kind::replay, .recordings = std::move(paths)};
  }
  DevicePlace cpu{.kind = DevicePlace::Kind::cpu, .recordings = {}};
  if (!is_auto()) cpu.emulated_cc = emulated_cc_of(first_name());
  return cpu;
}

OpenDevice DeviceChooser::choose(const std::string& op, const std::string& problem,
                                 const std::string& kernel) {
  if (has_open_gpu()) return open_live(open_names_, "as for the problems before");
  if (has_gpu()) {
    return fleet_.has_ranks() ? open_live({"cuda"}, "a GPU for each rank")
                              : open_live({"cuda:0"}, "the first GPU");
  }
  if (fleet_.has_commands()) return open_live({}, "no GPU here");
  if (foreign_) {
    throw Error(
        "no GPU here, and the code of a --spec does not run on the host by itself: add --device "
        "cpu --trust-code if you trust it");
  }
  const std::vector<std::string> paths = shipped(op, problem, kernel);
  if (paths.empty()) {
    return open_live({"cpu"}, "no GPU here, and no shipped recording of this problem");
  }
  return open_recordings(paths, 1,
                         paths.size() == 1 ? "no GPU here; a shipped recording holds this problem"
                                           : "no GPU here; shipped recordings hold this problem");
}

// Returns the recordings of the problem: the first one of each kernel, if they were made under the
// same conditions.
std::vector<std::string> DeviceChooser::shipped(const std::string& op, const std::string& problem,
                                                const std::string& kernel) {
  const auto alike = [](const Recording& a, const Recording& b) {
    return a.device.model == b.device.model && a.driver == b.driver && a.toolchain == b.toolchain &&
           a.protocol == b.protocol && a.l2 == b.l2;
  };
  std::vector<std::string> paths;
  std::set<std::string> kernels;
  for (const std::string& path : shipped_recordings(op)) {
    const Recording& one = recording(path);
    if (one.op != op || one.problem != problem) continue;
    if (!kernel.empty() && one.kernel != kernel) continue;
    if (!paths.empty() && !alike(one, recording(paths.front()))) continue;
    if (kernels.insert(one.kernel).second) paths.push_back(path);
  }
  return paths;
}

// Throws Error if a foreign spec would run on a host that the user has not called trusted.
void DeviceChooser::check_trust(bool runs_on_host) const {
  if (!runs_on_host || !foreign_ || trusted_) return;
  throw Error(
      "--device cpu would run the code of the --spec on this host: add --trust-code if you "
      "trust it");
}

// Keeps the devices open that are open already.
Device& DeviceChooser::device_of(const std::vector<std::string>& names) {
  if (!device_ || names != open_names_) {
    device_.reset();
    open_fleet_ = nullptr;
    calibrated_.reset();
    if (fleet_.is_wanted(names)) {
      std::unique_ptr<fleet::Fleet> fleet = fleet_.open(names);
      open_fleet_ = fleet.get();
      device_ = std::move(fleet);
    } else {
      device_ = open_named(names.front(), cache_, 1);
    }
    open_names_ = names;
  }
  const auto now = std::chrono::steady_clock::now();
  if (open_fleet_ && (!calibrated_ || now >= *calibrated_ + calibrate_every)) {
    calibrate(*open_fleet_);
    calibrated_ = now;
  }
  return *device_;
}

std::vector<std::unique_ptr<fleet::Fleet>> DeviceChooser::split_fleet(std::size_t problems) {
  if (!open_fleet_ || open_fleet_->info().kind == DeviceKind::replay) return {};
  const auto workers = static_cast<std::size_t>(open_fleet_->size());
  if (workers < 2 || problems < workers) return {};
  std::vector<std::unique_ptr<fleet::Fleet>> fleets = open_fleet_->split();
  open_fleet_ = nullptr;
  device_.reset();
  open_names_.clear();
  return fleets;
}

OpenDevice DeviceChooser::opened(const std::vector<std::string>& names, std::string why) {
  Device& device = device_of(names);
  if (open_fleet_) {
    why += fmt::format("{}{} worker{}", why.empty() ? "" : "; ", open_fleet_->size(),
                       open_fleet_->size() == 1 ? "" : "s");
  }
  return {&device, {}, std::move(why)};
}

OpenDevice DeviceChooser::open_live(const std::vector<std::string>& names, std::string why) {
  check_trust(std::any_of(names.begin(), names.end(),
                          [](const std::string& name) { return name.starts_with("cpu"); }));
  const OpenDevice open = opened(names, std::move(why));
  check_trust(open.device->info().kind == DeviceKind::cpu);
  if (open.device->info().kind == DeviceKind::replay) {
    throw Error("--workers: a worker replays a recording: give --device replay:FILE here, too");
  }
  return open;
}

OpenDevice DeviceChooser::open_recordings(const std::vector<std::string>& paths,
                                          std::size_t workers, std::string why) {
  const std::string name = fmt::format("replay:{}", fmt::join(paths, "\n"));
  OpenDevice open = opened(std::vector<std::string>(workers, name), std::move(why));
  for (const std::string& path : paths) open.recordings.push_back(&recording(path));
  return open;
}

}  // namespace tw
