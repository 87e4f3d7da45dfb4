#include "capture/logs/log_reader.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "capture/logs/cublas_log.h"
#include "capture/logs/cublaslt_log.h"
#include "capture/logs/cudnn_log.h"

namespace tw::capture {
namespace {

// No library's entry has more fields, or a longer line.
constexpr std::size_t most_fields = 20000, longest_line = 1 << 20;

// Returns the name of the function of "I! CuDNN (v91900 56) function cudnnCreate() called:" and of
// "I! cuBLAS (v13.1.0) function cublasStatus_t cublasCreate_v2(cublasContext**) called:".
std::string function_of(std::string_view line) {
  constexpr std::string_view mark = " function ";
  const std::size_t begin = line.find(mark);
  if (begin == line.npos) return "";
  line.remove_prefix(begin + mark.size());
  line = line.substr(0, line.find('('));
  const std::size_t blank = line.rfind(' ');
  return std::string(blank == line.npos ? line : line.substr(blank + 1));
}

// Reads "i!  m: type=int; val=300" and "i!         dimA: type=int; val=[8,64,28,28];".
LogEntry::Field field_of(std::string_view line) {
  LogEntry::Field field;
  const std::size_t blanks = std::min(line.find_first_not_of(' '), line.size());
  field.depth = static_cast<int>(std::min<std::size_t>(blanks / 4, 100));
  if (field.depth > 0) --field.depth;
  line.remove_prefix(blanks);
  const std::size_t colon = std::min(line.find(':'), line.size());
  field.name = line.substr(0, colon);
  line.remove_prefix(colon);
  const auto after = [&](std::string_view mark, std::string_view end) -> std::string {
    const std::size_t at = line.find(mark);
    if (at == line.npos) return "";
    const std::string_view rest = line.substr(at + mark.size());
    const std::size_t length = end.empty() ? rest.size() : rest.find_first_of(end);
    return std::string(rest.substr(0, length));
  };
  field.type = after("type=", ";:");
  field.value = after("val=", "");
  if (field.value.empty()) field.value = after("addr=", "");
  while (!field.value.empty() && (field.value.back() == ';' || field.value.back() == ' ')) {
    field.value.pop_back();
  }
  return field;
}

// Returns the number after a mark of the line; empty if there is none.
std::string_view number_after(std::string_view mark, std::string_view line) {
  const std::size_t begin = line.find(mark);
  if (begin == line.npos) return "";
  line.remove_prefix(begin + mark.size());
  return line.substr(0, line.find_first_not_of("0123456789"));
}

}  // namespace

std::string_view LogEntry::value(std::string_view name) const {
  for (const Field& field : fields) {
    if (field.depth == 0 && field.name == name) return field.value;
  }
  return "";
}

std::string_view LogEntry::process() const { return number_after("Process=", end); }

std::string_view LogEntry::thread() const { return number_after("Thread=", end); }

bool LogReader::read(std::istream& log, const Stop& stop) {
  std::vector<char> line(longest_line + 1);
  while (log.getline(line.data(), static_cast<std::streamsize>(line.size())) || log.gcount() > 0) {
    if (log.bad()) break;
    if (stop && stop()) return false;
    // A line that fills the buffer is not whole. gcount() counts the line's end too.
    const bool is_whole = !log.fail();
    const bool has_end = is_whole && !log.eof();
    read_line({line.data(), static_cast<std::size_t>(log.gcount()) - (has_end ? 1 : 0)}, is_whole);
    if (is_whole) continue;
    log.clear();
    log.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  finish();
  return true;
}

void LogReader::begin(Library library, std::string_view line, bool is_whole) {
  finish();
  entry_.function = function_of(line);
  entry_.is_error = line[0] == 'E';
  is_too_long_ = !is_whole;
  // Most entries do not count, and their fields are not read. Messages are no calls, but an error
  // of cuDNN says that one failed.
  const bool counts = library == Library::cublas ? line[0] == 'I' && counts_cublas(entry_.function)
                                                 : line[0] != 'W' && counts_cudnn(entry_.function);
  if (counts) library_ = library;
}

void LogReader::read_line(std::string_view line, bool is_whole) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  if (is_cublaslt_line(line)) {
    ++known_lines_;
    read_cublaslt_line(line, is_whole, findings_);
    return;
  }
  const bool is_head = line.size() > 3 && line[1] == '!' && line[2] == ' ' &&
                       (line[0] == 'I' || line[0] == 'E' || line[0] == 'W');
  if (is_head && line.substr(3).starts_with("cuBLAS ")) {
    ++known_lines_;
    begin(Library::cublas, line, is_whole);
  } else if (is_head && line.substr(3).starts_with("CuDNN ")) {
    ++known_lines_;
    begin(Library::cudnn, line, is_whole);
  } else if (library_ != Library::none && line.starts_with(entry_.is_error ? "e!" : "i!")) {
    ++known_lines_;
    take_field(line.substr(2), is_whole);
  }
}

void LogReader::take_field(std::string_view line, bool is_whole) {
  if (!is_whole || entry_.fields.size() >= most_fields) is_too_long_ = true;
  if (line.find("Process=") < 2) {
    entry_.end = line;
    finish();
  } else if (!is_too_long_) {
    entry_.fields.push_back(field_of(line));
  }
}

void LogReader::finish() {
  const Library library = std::exchange(library_, Library::none);
  const LogEntry entry = std::exchange(entry_, {});
  const bool is_long = std::exchange(is_too_long_, false);
  if (library == Library::none) return;
  // Nothing is taken from a part of an entry: without its last fields it is another call.
  if (is_long || entry.end.empty()) {
    if (entry.is_error) return;
    const std::string why(is_long ? too_long : "the log's entry is cut off");
    return findings_.add(entry.function, Unread{why});
  }
  if (library == Library::cublas) read_cublas_entry(entry, findings_);
  if (library == Library::cudnn) read_cudnn_entry(entry, findings_);
}

}  // namespace tw::capture
