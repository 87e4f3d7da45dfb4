// Comma-separated values as in RFC 4180. The writer quotes the fields that need quotes, and the
// reader gives back exactly what was written. Lines end in a newline; the reader also accepts a
// carriage return before the newline.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tw {

std::string csv_field(const std::string& text);
// Returns the fields as one record, with its newline.
std::string csv_record(const std::vector<std::string>& fields);

class CsvReader {
 public:
  // `text` and `path` must outlive the reader. `path` is for messages.
  CsvReader(std::string_view text, std::string_view path);
  // Reads the next record; returns false at the end. Skips empty lines. Throws Error, with the file
  // and the line, if a quote is out of place or never closed.
  bool next(std::vector<std::string>& fields);
  // The line on which the record that was read last begins; the first line is 1.
  std::size_t line() const { return line_; }

 private:
  std::string field();
  std::string quoted_field();
  [[noreturn]] void fail(std::string_view what) const;

  std::string_view rest_, path_;
  std::size_t line_ = 0, next_line_ = 1;
};

}  // namespace tw
