// Reads the logs of cuBLAS, cuBLASLt and cuDNN line by line. Each line says by its form whose it
// is, so that a file may hold the logs of several libraries.
#pragma once
#include <istream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capture/findings.h"

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
  std::string end{};  // the line that says process, handle and math mode

  // Returns the value of an outermost field; empty if there is none.
  std::string_view value(std::string_view name) const;
  // Returns the number of the process that made the call; empty if the log does not say.
  std::string_view process() const;
};

// Reads one log. The lines of an entry follow each other.
class LogReader {
 public:
  explicit LogReader(Findings& findings) : findings_(findings) {}
  void read(std::istream& log);
  void read_line(std::string_view line);
  // Takes the last entry, which has no line after it.
  void finish();
  // Returns how many lines were of a library's log.
  std::int64_t known_lines() const { return known_lines_; }

 private:
  enum class Library { none, cublas, cudnn };
  void begin(Library library, std::string_view line);
  void take_field(std::string_view line);

  Findings& findings_;
  Library library_ = Library::none;  // of the entry that is open
  LogEntry entry_{};
  std::int64_t known_lines_ = 0;
};

}  // namespace tw::capture
