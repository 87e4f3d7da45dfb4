#include "capture/log_reader.h"

#include <algorithm>

#include "capture/cublas_log.h"
#include "capture/cublaslt_log.h"
#include "capture/cudnn_log.h"

namespace tw::capture {
namespace {

// More fields, or a longer line, are no call of ours.
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

}  // namespace

std::string_view LogEntry::value(std::string_view name) const {
  for (const Field& field : fields) {
    if (field.depth == 0 && field.name == name) return field.value;
  }
  return "";
}

std::string_view LogEntry::process() const {
  constexpr std::string_view mark = "Process=";
  const std::size_t begin = end.find(mark);
  if (begin == end.npos) return "";
  const std::string_view rest = std::string_view(end).substr(begin + mark.size());
  return rest.substr(0, rest.find_first_not_of("0123456789"));
}

void LogReader::read(std::istream& log) {
  for (std::string line; std::getline(log, line);) read_line(line);
  finish();
}

void LogReader::begin(Library library, std::string_view line) {
  finish();
  library_ = library;
  entry_.function = function_of(line);
  const bool counts =
      library == Library::cublas ? counts_cublas(entry_.function) : counts_cudnn(entry_.function);
  if (!counts) library_ = Library::none;  // most entries: their fields are not read
}

void LogReader::read_line(std::string_view line) {
  if (line.size() > longest_line) return;
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  const auto known_line = [&] { ++known_lines_; };
  if (is_cublaslt_line(line)) {
    known_line();
    read_cublaslt_line(line, findings_);
    return;
  }
  const bool is_head = line.size() > 3 && line[1] == '!' && line[2] == ' ' &&
                       (line[0] == 'I' || line[0] == 'E' || line[0] == 'W');
  if (is_head && line.substr(3).starts_with("cuBLAS ")) {
    known_line();
    begin(Library::cublas, line);
  } else if (is_head && line.substr(3).starts_with("CuDNN ")) {
    known_line();
    begin(Library::cudnn, line);
    if (line[0] != 'I') library_ = Library::none;  // a message, no call
  } else if (library_ != Library::none && line.starts_with("i!")) {
    known_line();
    take_field(line.substr(2));
  }
}

void LogReader::take_field(std::string_view line) {
  if (line.find("Process=") < 2) {
    entry_.end = line;
    finish();
  } else if (entry_.fields.size() < most_fields) {
    entry_.fields.push_back(field_of(line));
  }
}

void LogReader::finish() {
  const Library library = std::exchange(library_, Library::none);
  const LogEntry entry = std::exchange(entry_, {});
  if (library == Library::cublas) read_cublas_entry(entry, findings_);
  if (library == Library::cudnn) read_cudnn_entry(entry, findings_);
}

}  // namespace tw::capture
