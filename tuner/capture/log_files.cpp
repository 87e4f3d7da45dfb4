#include "capture/log_files.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "capture/log_reader.h"
#include "core/base/error.h"

namespace tw::capture {
namespace {

namespace fs = std::filesystem;

// Adds what one file says to `read`.
void read_file(const fs::path& path, Findings& findings, LogFiles& read) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(fmt::format("{}: {}", path.string(), std::strerror(errno)));
  LogReader reader(findings);
  reader.read(file);
  if (file.bad()) throw Error(fmt::format("{}: cannot be read to its end", path.string()));
  if (reader.known_lines() == 0) return;
  ++read.files;
  std::error_code ignored;
  const auto bytes = fs::file_size(path, ignored);
  if (!ignored) read.bytes += static_cast<std::int64_t>(bytes);
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
  std::string name = (fs::temp_directory_path(fault) / "tilewright-capture-XXXXXX").string();
  if (fault || !mkdtemp(name.data())) {
    throw Error(
        fmt::format("no folder for temporary files: {}: set TMPDIR, or name a folder with "
                    "--keep-logs",
                    fault ? fault.message() : std::strerror(errno)));
  }
  path_ = name;
}

LogFolder::~LogFolder() {
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

LogFiles read_logs(const std::string& path, Findings& findings) {
  std::error_code fault;
  LogFiles read;
  if (!fs::is_directory(path, fault)) {
    read_file(path, findings, read);
    return read;
  }
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path, fault)) {
    if (entry.is_regular_file(fault)) files.push_back(entry.path());
  }
  if (fault) throw Error(fmt::format("{}: {}", path, fault.message()));
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) read_file(file, findings, read);
  return read;
}

}  // namespace tw::capture
