// tune doctor: what this machine has, what is missing, and what to do about it.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "commands/commands.h"
#include "core/base/cache_folder.h"
#include "core/base/error.h"
#include "devices/registry/registry.h"
#include "options/options.h"
#include "session/result_report.h"
#include "session/setup/device_choice.h"
#include "session/setup/device_text.h"
#include "ui/json_text.h"
#include "ui/output.h"
#include "ui/table.h"
#include "ui/version.h"

namespace tw {
namespace {

namespace fs = std::filesystem;

struct Finding {
  std::string what, found;  // `found` is empty if the thing is missing
  std::string note;         // what it is needed for, or what to do
};

// Appends what a device needs. Returns whether the device can work.
bool examine_device(LiveDevice::Kind kind, std::vector<Finding>& findings) {
  const DeviceReport report = examine(kind);
  for (const DeviceFinding& one : report.findings) {
    findings.push_back({one.what, one.device ? describe(*one.device, {}) : one.found, one.note});
  }
  return report.works;
}

bool examine_recordings(std::vector<Finding>& findings) {
  std::int64_t count = 0;
  std::string where;
  for (const std::string& folder : recording_folders()) {
    std::error_code fault;
    for (fs::recursive_directory_iterator it(folder, fault), end; !fault && it != end;
         it.increment(fault)) {
      if (!it->path().string().ends_with(".t4.json.gz")) continue;
      ++count;
      where = folder;
    }
    if (count > 0) break;
  }
  findings.push_back({"recordings", count > 0 ? fmt::format("{} in {}", count, where) : "",
                      "replayed on machines without a GPU"});
  return count > 0;
}

void examine_cache(std::vector<Finding>& findings) {
  const fs::path folder = cache_folder();
  std::error_code fault;
  fs::path existing = folder;
  while (!existing.empty() && !fs::exists(existing, fault) && existing.has_relative_path()) {
    existing = existing.parent_path();
  }
  const bool usable = !folder.empty() && ::access(existing.c_str(), W_OK) == 0;
  findings.push_back({"cache folder", usable ? folder.string() : "",
                      usable ? "" : "cannot be written: set XDG_CACHE_HOME to another folder"});
}

void examine_database(const std::string& path, std::vector<Finding>& findings) {
  std::error_code fault;
  if (fs::exists(path, fault)) {
    try {
      Store::open(path, Store::Mode::read_only);
      findings.push_back({"database", path, ::access(path.c_str(), W_OK) == 0 ? "" : "read-only"});
    } catch (const Error& error) {
      findings.push_back({"database", "", error.what()});
    }
    return;
  }
  const fs::path parent = fs::absolute(path, fault).parent_path();
  const bool usable = ::access(parent.c_str(), W_OK) == 0;
  findings.push_back(
      {"database", usable ? fmt::format("{} (will be made)", path) : "",
       usable ? "" : fmt::format("{} cannot be written: name another --db", parent.string())});
}

}  // namespace

CommandSpec doctor_specification() {
  return {
      .name = "doctor",
      .summary =
          "Shows what this machine has, what is missing, and what to do. The exit code is 0 if a "
          "device can work.",
      .usage = "tune doctor [--db FILE] [--json]",
      .flags = {{"db", "FILE", "the database to check (default: tilewright.db here)"},
                {"json", "", "print JSON instead"}},
      .positional = "",
      .examples = {"tune doctor"},
  };
}

int doctor_command(const Arguments& arguments) {
  std::vector<Finding> findings{{"tilewright", version_text(), ""}};
  const bool cuda = examine_device(LiveDevice::Kind::cuda, findings);
  const bool cpu = examine_device(LiveDevice::Kind::cpu, findings);
  const bool recordings = examine_recordings(findings);
  examine_cache(findings);
  examine_database(arguments.text("db", default_database), findings);
  const std::string verdict = cuda ? "--device auto will use the GPU"
                              : recordings
                                  ? "--device auto will replay a shipped recording, or use cpu"
                              : cpu ? "--device auto will use cpu"
                                    : "no device can work";
  if (arguments.has("json")) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Finding& one : findings) {
      list.push_back({{"what", one.what}, {"found", one.found}, {"note", one.note}});
    }
    const nlohmann::ordered_json document{
        {"findings", list}, {"cuda", cuda}, {"cpu", cpu}, {"recordings", recordings}};
    fmt::print("{}\n", json_text(document));
  } else {
    Table table({{""}, {"what"}, {"found"}, {"note"}});
    for (const Finding& one : findings) {
      const bool is_remark = one.what.empty();
      table.add({is_remark           ? ""
                 : one.found.empty() ? "missing"
                                     : "ok",
                 one.what, one.found, one.note});
    }
    show(table.text() + verdict + "\n");
  }
  return cuda || cpu || recordings ? exit_found : exit_fault;
}

}  // namespace tw
