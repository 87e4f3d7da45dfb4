// Comma-separated values as RFC 4180 has them: what needs quotes gets them, and what was written
// is read back unchanged. Lines end in a newline; a carriage return before it is read too.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tw {

std::string csv_field(const std::string& text);
// The fields of one record, with its newline.
std::string csv_record(const std::vector<std::string>& fields);

class CsvReader {
 public:
  // Both must outlive the reader. `path` is for messages.
  CsvReader(std::string_view text, std::string_view path);
  // The next record; false at the end. Empty lines are passed over. Throws Error, with the file
  // and the line, if a quote is out of place or never closed.
  bool next(std::vector<std::string>& fields);
  // Where the record that was read last begins; the first line is 1.
  std::size_t line() const { return line_; }

 private:
  std::string field();
  std::string quoted_field();
  [[noreturn]] void fail(std::string_view what) const;

  std::string_view rest_, path_;
  std::size_t line_ = 0, next_line_ = 1;
};

}  // namespace tw
