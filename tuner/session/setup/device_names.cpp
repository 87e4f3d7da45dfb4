#include "session/setup/device_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <utility>

#include "core/base/error.h"
#include "core/formats/recording.h"
#include "core/text/nearest.h"
#include "devices/registry/registry.h"
#include "devices/replay/replay.h"

namespace tw {
namespace {

[[noreturn]] void fail(const std::string& name) {
  const std::vector<std::string> known{"auto", "all", "cuda:N", "cpu", "cpu:90", "replay:FILE"};
  throw Error(fmt::format("--device {}: {}", name, one_of(name, known)));
}

// Returns the number after "cuda:" or "cpu:".
int number_after(const std::string& name, std::size_t prefix) {
  int value = -1;
  const char* end = name.data() + name.size();
  const auto [at, fault] = std::from_chars(name.data() + prefix, end, value);
  if (fault != std::errc() || at != end || value < 0) fail(name);
  return value;
}

// Returns the name in its full form.
std::string checked(const std::string& name) {
  if (name == "cuda") return "cuda:0";
  if (name.starts_with("cuda:")) {
    number_after(name, 5);
  } else if (name.starts_with("cpu:")) {
    number_after(name, 4);
  } else if (name != "cpu" && !name.starts_with("replay:")) {
    fail(name);
  }
  return name;
}

bool starts_a_name(std::string_view text) {
  return text == "cuda" || text == "cpu" || text.starts_with("cuda:") || text.starts_with("cpu:") ||
         text.starts_with("replay:");
}

}  // namespace

std::vector<std::string> parse_device_names(const std::string& text) {
  if (text == "auto" || text == "all") return {text};
  std::vector<std::string> names;
  std::istringstream pieces(text);
  for (std::string piece; std::getline(pieces, piece, ',');) {
    // a path may have commas
    if (!names.empty() && names.back().starts_with("replay:") && !starts_a_name(piece)) {
      names.back() += ',' + piece;
    } else {
      names.push_back(piece);
    }
  }
  const bool has_empty = std::find(names.begin(), names.end(), "") != names.end();
  if (names.empty() || has_empty || text.ends_with(',')) {
    throw Error(fmt::format("--device {}: a name is missing between the commas", text));
  }
  for (std::string& name : names) {
    name = checked(name);
    if (names.front().starts_with("replay:") && name != names.front()) {
      throw Error(fmt::format("--device {}: all workers of a list replay the same file", text));
    }
  }
  return names;
}

int emulated_cc_of(const std::string& name) {
  return name.starts_with("cpu:") ? number_after(name, 4) : 90;
}

std::vector<std::string> all_gpus(bool may_be_none) {
  std::vector<std::string> names;
  const int count = gpu_count();
  for (int i = 0; i < count; ++i) names.push_back(fmt::format("cuda:{}", i));
  if (names.empty() && !may_be_none) throw Error("--device all: there is no GPU here");
  return names;
}

std::unique_ptr<Device> open_named(const std::string& name, bool cache, int sharers) {
  if (name.starts_with("replay:")) {
    std::vector<Recording> recordings;
    std::istringstream paths(name.substr(7));
    for (std::string path; std::getline(paths, path);) recordings.push_back(read_recording(path));
    if (recordings.empty()) fail(name);
    return open_replay(std::move(recordings));
  }
  LiveDevice device{.cache = cache, .sharers = sharers};
  if (name == "cuda" || name.starts_with("cuda:")) {
    device.kind = LiveDevice::Kind::cuda;
    device.ordinal = name == "cuda" ? 0 : number_after(name, 5);
  } else if (name == "cpu" || name.starts_with("cpu:")) {
    device.emulated_cc = emulated_cc_of(name);
  } else {
    fail(name);
  }
  return open_live(device);
}

}  // namespace tw
