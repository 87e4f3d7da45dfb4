// The files of the logs: how the libraries are told to write them, and which are read.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "capture/calls/findings.h"
#include "capture/logs/log_reader.h"

namespace tw::capture {

// Returns the environment ("NAME=value") that makes the libraries log all calls, each library and
// each process to a file of its own in the folder.
std::vector<std::string> logging_environment(const std::string& folder);
// Variables that would change what these mean.
std::vector<std::string> removed_from_environment();

// A new folder for logs in the folder for temporary files. It is removed with what it holds, unless
// it is kept.
class LogFolder {
 public:
  LogFolder();  // throws Error
  ~LogFolder();
  LogFolder(const LogFolder&) = delete;
  LogFolder& operator=(const LogFolder&) = delete;
  const std::string& path() const { return path_; }  // absolute
  void keep() { is_kept_ = true; }

 private:
  std::string path_;
  bool is_kept_ = false;
};

// Makes the folder of --keep-logs if it is not there, and returns its absolute path: the program
// may work elsewhere. Throws Error if it cannot, or if the folder holds files: logs of another run
// would be counted too.
std::string make_log_folder(const std::string& path);

// The text that was read.
struct LogFiles {
  std::int64_t files = 0, bytes = 0;  // that have lines of a library's log
  std::vector<std::string> faults{};  // a line for each entry of a folder that was not read
  bool is_stopped = false;            // `stop` ended it before all was read
};
// Reads the log at `path`, or the files of the folder at `path` by name. Throws Error if there is
// no such file or folder, or if it cannot be read.
LogFiles read_logs(const std::string& path, Findings& findings, const Stop& stop = nullptr);

}  // namespace tw::capture
