#include "session/setup/device_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include "core/base/error.h"
#include "core/base/nearest.h"
#include "devices/registry/registry.h"
#include "devices/replay/replay.h"

namespace tw {
namespace {

namespace fs = std::filesystem;

Error unknown_device(const std::string& name) {
  const std::vector<std::string> known{"auto", "cuda:N", "cpu", "cpu:90", "replay:FILE"};
  return Error(fmt::format("--device {}: {}", name, one_of(name, known)));
}

// Returns the number after "cuda:" or "cpu:".
int number_after(const std::string& name, std::size_t prefix) {
  int value = -1;
  const char* end = name.data() + name.size();
  const auto [at, fault] = std::from_chars(name.data() + prefix, end, value);
  if (fault != std::errc() || at != end || value < 0) {
    throw unknown_device(name);
  }
  return value;
}

// Returns the device that "cuda:1", "cpu" or "cpu:80" names.
LiveDevice live_device(const std::string& name, bool cache) {
  LiveDevice device;
  device.cache = cache;
  if (name.starts_with("cuda:")) {
    device.kind = LiveDevice::Kind::cuda;
    device.ordinal = number_after(name, 5);
  } else if (name != "cpu") {
    device.emulated_cc = number_after(name, 4);
  }
  return device;
}

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
  return {
      {"device", "DEVICE",
       "auto, cuda:N, cpu (emulates sm_90), cpu:80, or replay:FILE. auto (the default) is the "
       "first GPU, else the shipped recordings of the problem, else cpu"},
      {"trust-code", "", "let --device cpu run the code of a --spec on this host"},
      {"no-cache", "", "compile all kernels again on a GPU"},
  };
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
    : name_(arguments.text("device", "auto")),
      foreign_(foreign),
      trusted_(arguments.has("trust-code")),
      cache_(!arguments.has("no-cache")) {
  if (name_ == "auto" || name_.starts_with("replay:") || name_ == "cpu") return;
  if (name_ == "cuda") {
    name_ = "cuda:0";
  } else if (name_.starts_with("cuda:")) {
    number_after(name_, 5);
  } else if (name_.starts_with("cpu:")) {
    number_after(name_, 4);
  } else {
    throw unknown_device(name_);
  }
}

const Recording& DeviceChooser::recording(const std::string& path) {
  const auto found = recordings_.find(path);
  if (found != recordings_.end()) return found->second;
  return recordings_.emplace(path, read_recording(path)).first->second;
}

const Recording* DeviceChooser::named_recording() {
  return name_.starts_with("replay:") ? &recording(name_.substr(7)) : nullptr;
}

OpenDevice DeviceChooser::open(const std::string& op, const std::string& problem,
                               const std::string& kernel) {
  if (name_ == "auto") return choose(op, problem, kernel);
  if (const Recording* named = named_recording(); named && !op.empty()) {
    if (named->foreign()) {
      throw Error(fmt::format("{} is a foreign recording: replay it without --op and --shape",
                              named->path));
    }
    if (named->problem != problem) {
      throw Error(fmt::format("{} holds '{}', not '{}'", named->path, named->problem, problem));
    }
  }
  if (name_.starts_with("replay:")) return open_recordings({name_.substr(7)}, "");
  return open_live(name_, "");
}

DevicePlace DeviceChooser::place(const std::string& op, const std::string& problem,
                                 const std::string& kernel) {
  if (name_.starts_with("cuda:")) return {};
  if (const Recording* named = named_recording()) {
    const bool holds = !named->foreign() && named->problem == problem;
    if (!holds) return {.kind = DevicePlace::Kind::nowhere, .recordings = {}};
    return {.kind = DevicePlace::Kind::replay, .recordings = {named->path}};
  }
  if (name_ == "auto") {
    if (open_name_.starts_with("cuda:") || has_gpu()) return {};
    if (foreign_) return {};  // open() reports the reason
    std::vector<std::string> paths = shipped(op, problem, kernel);
    if (!paths.empty()) return {.kind = DevicePlace::Kind::replay, .recordings = std::move(paths)};
  }
  DevicePlace cpu{.kind = DevicePlace::Kind::cpu, .recordings = {}};
  if (name_.starts_with("cpu:")) cpu.emulated_cc = number_after(name_, 4);
  return cpu;
}

OpenDevice DeviceChooser::choose(const std::string& op, const std::string& problem,
                                 const std::string& kernel) {
  if (open_name_.starts_with("cuda:") || has_gpu()) return open_live("cuda:0", "the first GPU");
  if (foreign_) {
    throw Error(
        "no GPU here, and the code of a --spec does not run on the host by itself: add --device "
        "cpu --trust-code if you trust it");
  }
  const std::vector<std::string> paths = shipped(op, problem, kernel);
  if (paths.empty()) {
    return open_live("cpu", "no GPU here, and no shipped recording of this problem");
  }
  return open_recordings(paths, paths.size() == 1
                                    ? "no GPU here; a shipped recording holds this problem"
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

OpenDevice DeviceChooser::open_live(const std::string& name, std::string why) {
  if (name != open_name_) {
    device_.reset();
    open_name_.clear();
    const LiveDevice device = live_device(name, cache_);
    if (device.kind == LiveDevice::Kind::cpu && foreign_ && !trusted_) {
      throw Error(
          "--device cpu would run the code of the --spec on this host: add --trust-code if you "
          "trust it");
    }
    device_ = tw::open_live(device);
    open_name_ = name;
  }
  return {device_.get(), {}, std::move(why)};
}

OpenDevice DeviceChooser::open_recordings(const std::vector<std::string>& paths, std::string why) {
  OpenDevice opened{nullptr, {}, std::move(why)};
  for (const std::string& path : paths) opened.recordings.push_back(&recording(path));
  const std::string name = fmt::format("replay:{}", fmt::join(paths, "\n"));
  if (name != open_name_) {
    std::vector<Recording> copies;
    for (const Recording* one : opened.recordings) copies.push_back(*one);
    device_ = open_replay(std::move(copies));
    open_name_ = name;
  }
  opened.device = device_.get();
  return opened;
}

}  // namespace tw
