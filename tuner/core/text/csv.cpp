// Writes and reads comma-separated values. See csv.h.
#include "core/text/csv.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"

namespace tw {

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string csv_record(const std::vector<std::string>& fields) {
  std::string record;
  for (std::size_t i = 0; i < fields.size(); ++i) record += (i ? "," : "") + csv_field(fields[i]);
  return record + "\n";
}

CsvReader::CsvReader(std::string_view text, std::string_view path) : rest_(text), path_(path) {
  constexpr std::string_view mark = "\xEF\xBB\xBF";  // some spreadsheets write this byte-order mark
  if (rest_.starts_with(mark)) rest_.remove_prefix(mark.size());
}

bool CsvReader::next(std::vector<std::string>& fields) {
  fields.clear();
  while (rest_.starts_with('\n') || rest_.starts_with("\r\n")) {
    rest_.remove_prefix(rest_.front() == '\r' ? 2 : 1);
    ++next_line_;
  }
  if (rest_.empty()) return false;
  line_ = next_line_;
  for (;;) {
    fields.push_back(rest_.starts_with('"') ? quoted_field() : field());
    if (!rest_.starts_with(',')) break;
    rest_.remove_prefix(1);
  }
  if (rest_.starts_with("\r\n")) rest_.remove_prefix(1);
  if (rest_.empty()) return true;
  if (rest_.front() != '\n') fail("has text after a closing quote");
  rest_.remove_prefix(1);
  ++next_line_;
  return true;
}

std::string CsvReader::field() {
  std::string_view text = rest_.substr(0, rest_.find_first_of(",\n"));
  rest_.remove_prefix(text.size());
  if (text.ends_with('\r') && !rest_.starts_with(',')) text.remove_suffix(1);
  if (text.find('"') != text.npos) fail("has a quote within a field that does not begin with one");
  return std::string(text);
}

std::string CsvReader::quoted_field() {
  std::string text;
  for (;;) {
    rest_.remove_prefix(1);  // the opening quote, or the second quote of a pair
    const std::size_t end = rest_.find('"');
    if (end == rest_.npos) fail("has a quote that is never closed");
    text += rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    if (!rest_.starts_with('"')) break;
    text += '"';
  }
  next_line_ += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  return text;
}

void CsvReader::fail(std::string_view what) const {
  throw Error(fmt::format("{}: line {} {}: correct it, or export it again", path_, line_, what));
}

}  // namespace tw
