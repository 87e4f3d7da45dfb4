// A summary of a database: how large it is, and what its rows are about.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tw {

// The rows of one op, or of one device under one driver and toolchain.
struct RowGroup {
  std::string name, driver, toolchain;  // an op, or a device's model with its driver and toolchain
  std::int64_t problems = 0, trials = 0;
  std::string first, last;  // dates of the trials: UTC, ISO 8601; empty if there are none
};

struct DatabaseInfo {
  std::string path;
  std::int64_t bytes = 0, log_bytes = 0;  // of the file, and of its write-ahead log
  std::int64_t free_bytes = 0;            // of pages that hold nothing: what `vacuum` gives back
  int schema = 0;
  std::string sqlite;                                         // the library's version
  std::vector<std::pair<std::string, std::int64_t>> tables;   // rows, by table
  std::vector<std::pair<std::string, std::int64_t>> sources;  // trials, by source
  std::int64_t winners = 0, unfinished_runs = 0;
  std::string first, last;  // dates of all trials
  std::vector<RowGroup> ops, devices;
};

// Reads the summary. Throws Error like Store::open.
DatabaseInfo database_info(const std::string& path);

std::string sqlite_version();  // of the library that runs: "3.40.1"
int schema_version();          // of the databases that this executable writes

}  // namespace tw
