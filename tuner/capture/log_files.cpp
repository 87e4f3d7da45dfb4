#include "capture/log_files.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "core/base/error.h"

namespace tw::capture {
namespace {

namespace fs = std::filesystem;

// Adds what one file says to `read`. Throws Error if the file cannot be read.
void read_file(const fs::path& path, Findings& findings, const Stop& stop, LogFiles& read) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(fmt::format("{}: {}", path.string(), std::strerror(errno)));
  LogReader reader(findings);
  read.is_stopped = !reader.read(file, stop);
  if (file.bad()) throw Error(fmt::format("{}: cannot be read to its end", path.string()));
  if (reader.known_lines() == 0) return;
  ++read.files;
  std::error_code ignored;
  const auto bytes = fs::file_size(path, ignored);
  if (!ignored) read.bytes += static_cast<std::int64_t>(bytes);
}

// Returns why an entry of a folder is no log; empty if it may be one.
std::string refusal_of(const fs::path& path) {
  std::error_code fault;
  const fs::file_status status = fs::status(path, fault);
  if (fs::is_regular_file(status)) return "";
  if (fs::is_directory(status)) return "a folder in a folder of logs: add --logs with it";
  return fault ? fault.message() : "no regular file";
}

}  // namespace

std::vector<std::string> logging_environment(const std::string& folder) {
  // %i is the process's number. Level 2 of cuBLASLt has the calls that launch something.
  return {
      "CUBLAS_LOGINFO_DBG=1",
      fmt::format("CUBLAS_LOGDEST_DBG={}/cublas_%i.log", folder),
      "CUBLASLT_LOG_LEVEL=2",
      fmt::format("CUBLASLT_LOG_FILE={}/cublaslt_%i.log", folder),
      "CUDNN_LOGLEVEL_DBG=3",
      "CUDNN_LOGINFO_DBG=1",  // before cuDNN 9
      fmt::format("CUDNN_LOGDEST_DBG={}/cudnn_%i.log", folder),
  };
}

std::vector<std::string> removed_from_environment() { return {"CUBLASLT_LOG_MASK"}; }

LogFolder::LogFolder() {
  std::error_code fault;
  fs::path temporary = fs::temp_directory_path(fault);
  if (!fault) temporary = fs::absolute(temporary, fault);  // the program may work elsewhere
  std::string name = (temporary / "tilewright-capture-XXXXXX").lexically_normal().string();
  if (fault || !mkdtemp(name.data())) {
    throw Error(
        fmt::format("no folder for temporary files: {}: set TMPDIR, or name a folder with "
                    "--keep-logs",
                    fault ? fault.message() : std::strerror(errno)));
  }
  path_ = name;
}

LogFolder::~LogFolder() {
  if (is_kept_) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string make_log_folder(const std::string& path) {
  std::error_code fault;
  fs::create_directories(path, fault);
  if (fault) throw Error(fmt::format("--keep-logs {}: {}", path, fault.message()));
  const bool empty = fs::is_empty(path, fault);
  if (fault) throw Error(fmt::format("--keep-logs {}: {}", path, fault.message()));
  if (!empty) {
    throw Error(fmt::format("--keep-logs {}: is not empty: name a new folder", path));
  }
  return fs::absolute(path).string();
}

LogFiles read_logs(const std::string& path, Findings& findings, const Stop& stop) {
  LogFiles read;
  std::error_code fault;
  if (!fs::is_directory(path, fault)) {
    read_file(path, findings, stop, read);
    return read;
  }
  std::vector<fs::path> files;
  fs::directory_iterator entry(path, fault);
  for (; !fault && entry != fs::directory_iterator(); entry.increment(fault)) {
    files.push_back(entry->path());
  }
  if (fault) throw Error(fmt::format("{}: {}", path, fault.message()));
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    if (const std::string why = refusal_of(file); !why.empty()) {
      read.faults.push_back(fmt::format("{}: {}", file.string(), why));
      continue;
    }
    try {
      read_file(file, findings, stop, read);
    } catch (const Error& error) {
      read.faults.emplace_back(error.what());
    }
    if (read.is_stopped) break;
  }
  return read;
}

}  // namespace tw::capture
