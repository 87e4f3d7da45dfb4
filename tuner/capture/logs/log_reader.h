// Reads the logs of cuBLAS, cuBLASLt and cuDNN line by line. Each line says by its form whose it
// is, so that a file may hold the logs of several libraries.
#pragma once
#include <cstdint>
#include <functional>
#include <istream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capture/calls/findings.h"

namespace tw::capture {

// An entry of the logs of cuBLAS and cuDNN: the call of a function with its parameters.
struct LogEntry {
  // A parameter. Those of cuDNN nest: `depth` is 0 for the outermost ones.
  struct Field {
    std::string name, type, value;  // "m", "int", "4096"; no value if it has fields instead
    int depth = 0;
  };
  std::string function;  // "cublasGemmEx"
  std::vector<Field> fields{};
  std::string end{};      // the line that says process, handle and math mode; empty if cut off
  bool is_error = false;  // cuDNN says that the call failed

  // Returns the value of an outermost field; empty if there is none.
  std::string_view value(std::string_view name) const;
  // Return the number of the process and of the thread that made the call; empty if the log does
  // not say.
  std::string_view process() const;
  std::string_view thread() const;
};

// Why a call is not read whose entry has a longer line or more fields than a library writes.
inline constexpr std::string_view too_long = "the log's entry is too long";

// Asks whether reading must end.
using Stop = std::function<bool()>;

// Reads one log. The lines of an entry follow each other.
class LogReader {
 public:
  explicit LogReader(Findings& findings) : findings_(findings) {}
  // Reads to the end. Returns false if `stop` ended it before.
  bool read(std::istream& log, const Stop& stop = nullptr);
  // Returns how many lines were of a library's log.
  std::int64_t known_lines() const { return known_lines_; }

 private:
  enum class Library { none, cublas, cudnn };
  // Reads a line, or the begin of one that is too long.
  void read_line(std::string_view line, bool is_whole);
  void begin(Library library, std::string_view line, bool is_whole);
  void take_field(std::string_view line, bool is_whole);
  // Takes the entry that is open.
  void finish();

  Findings& findings_;
  Library library_ = Library::none;  // of the entry that is open
  LogEntry entry_{};
  bool is_too_long_ = false;  // the entry that is open
  std::int64_t known_lines_ = 0;
};

}  // namespace tw::capture
