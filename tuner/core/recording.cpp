// Recognises which of the formats a file is in.
#include "recording.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "error.h"
#include "recording_file.h"
#include "recording_parts.h"

namespace tw {
namespace {

using nlohmann::json;

// The names of the first "configuration" in their order in the file, which a parsed object does not
// keep. Ends the parse, successfully or not, with that object.
class FirstConfiguration : public nlohmann::json_sax<json> {
 public:
  std::vector<std::string> names;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_array(std::size_t) override { return start(); }
  bool end_array() override { return end(); }
  bool start_object(std::size_t) override {
    if (is_next_) level_of_names_ = level_ + 1;
    return start();
  }
  bool end_object() override { return end(); }
  bool key(string_t& name) override {
    if (level_ == 1) in_results_ = name == "results";
    if (level_ == level_of_names_) names.push_back(name);
    is_next_ = level_of_names_ == 0 && in_results_ && name == "configuration";
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const json::exception&) override {
    return false;
  }

 private:
  bool start() {
    ++level_;
    is_next_ = false;
    return true;
  }
  bool end() { return level_-- != level_of_names_; }

  int level_ = 0;  // of nesting
  int level_of_names_ = 0;
  bool in_results_ = false, is_next_ = false;
};

// A Kernel Tuner that was interrupted leaves its cache open after the last entry, or within it; an
// entry is a line.
std::optional<json> parse_unfinished(std::string text) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    const std::size_t end = text.find_last_not_of(", \t\r\n");
    json document = json::parse(text.substr(0, end + 1) + "}}", nullptr, false);
    if (!document.is_discarded()) return document;
    text.resize(std::min(text.rfind('\n'), text.size()));
  }
  return std::nullopt;
}

// Finds the byte at which a text stops being JSON, or holds a number that is too large.
class Fault : public nlohmann::detail::json_sax_acceptor<json> {
 public:
  std::size_t bytes = 0;  // read until then
  bool parse_error(std::size_t position, const std::string&, const json::exception&) {
    bytes = position;
    return false;
  }
};

// "x.json:3:17": the character that is read last, counted from 1.
std::string fault_place(const std::string& text, const std::string& path) {
  Fault fault;
  json::sax_parse(text, &fault);
  const std::string_view before =
      std::string_view(text).substr(0, std::max<std::size_t>(fault.bytes, 1) - 1);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::string_view last = before.substr(before.rfind('\n') + 1);  // npos + 1 is 0
  const auto column = std::count_if(last.begin(), last.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;  // not a character's later byte
  });
  return fmt::format("{}:{}:{}", path, line, column + 1);
}

json parse_document(const std::string& text, const std::string& path) {
  try {
    return json::parse(text);
  } catch (const json::parse_error&) {
    if (text.find("\"tune_params_keys\"") != text.npos) {
      if (auto document = parse_unfinished(text)) return std::move(*document);
    }
    throw Error(
        fmt::format("{}: is not JSON from here on: name a T4 or Kernel Tuner file, or mend it",
                    fault_place(text, path)));
  } catch (const json::exception&) {
    throw Error(fmt::format("{}: has a number that is out of range", fault_place(text, path)));
  }
}

// "convolution.A100.t4.json.gz" -> "convolution.A100".
std::string name_from(const std::string& path) {
  std::filesystem::path name = std::filesystem::path(path).filename();
  for (const char* suffix : {".gz", ".json", ".t4", ".kernel_tuner"}) {
    if (name.extension() == suffix) name = name.stem();
  }
  return name.string();
}

}  // namespace

Recording parse_recording(std::string bytes, const std::string& path) {
  const std::string text = inflated(std::move(bytes), path);
  const json parsed = parse_document(text, path);
  const Place document(parsed, path);
  Recording recording;
  if (document.has("cache")) {
    recording = parse_kernel_tuner(document);
  } else if (document.has("results")) {
    FirstConfiguration first;
    json::sax_parse(text, &first);
    recording = parse_t4(document, first.names);
  } else {
    document.fail("is neither a T4 file (\"results\") nor a Kernel Tuner cache (\"cache\")");
  }
  recording.path = path;
  if (recording.name.empty()) recording.name = name_from(path);
  return recording;
}

Recording read_recording(const std::string& path) {
  return parse_recording(read_bytes(path), path);
}

SearchSpace space_of(const Recording& recording) {
  std::vector<Configuration> configurations;
  configurations.reserve(recording.trials.size());
  for (const RecordedTrial& trial : recording.trials) {
    configurations.push_back(trial.configuration);
  }
  return SearchSpace::from_list(recording.knobs, configurations);
}

}  // namespace tw
