// Recognises the format of a file.
#include "core/formats/recording.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "core/base/error.h"
#include "core/formats/recording_file.h"
#include "core/formats/recording_parts.h"

namespace tw {
namespace {

using nlohmann::json;

// Collects the names of the first "configuration" in their order in the file, which a parsed object
// does not keep. The parse ends with that object, whether it succeeds or not.
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

// An interrupted Kernel Tuner leaves its cache open, either after the last entry or inside it. Each
// entry is one line. Returns the text of such a cache with the missing end.
std::optional<std::string> ended(std::string_view text) {
  if (text.find("\"tune_params_keys\"") == text.npos || json::accept(text)) return std::nullopt;
  for (int attempt = 0; attempt < 2; ++attempt) {
    std::string whole(text.substr(0, text.find_last_not_of(", \t\r\n") + 1));
    whole += "}}";
    if (json::accept(whole)) return whole;
    text = text.substr(0, text.rfind('\n'));
  }
  return std::nullopt;
}

// Files of others may have a key twice.
std::unique_ptr<JsonDocument> document_of(std::string text, const std::string& path) {
  if (auto whole = ended(text)) text = std::move(*whole);
  return std::make_unique<JsonDocument>(std::move(text), path, JsonDocument::Repeated::last_counts);
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
  const auto parsed = document_of(inflated(std::move(bytes), path), path);
  const Place document(*parsed);
  Recording recording;
  if (document.has("cache")) {
    recording = parse_kernel_tuner(document);
  } else if (document.has("results")) {
    FirstConfiguration first;
    json::sax_parse(parsed->text(), &first);
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
