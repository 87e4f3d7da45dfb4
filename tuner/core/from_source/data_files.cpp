#include "core/from_source/data_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text/toml_text.h"

namespace tw {
namespace {

namespace fs = std::filesystem;

bool is_saved(const std::vector<DataFile>& files, const std::string& name) {
  return std::any_of(files.begin(), files.end(),
                     [&](const DataFile& one) { return one.saved == name; });
}

DataFile file_at(const std::string& text, const fs::path& folder,
                 const std::vector<DataFile>& others) {
  std::error_code ignored;
  const fs::path whole = fs::weakly_canonical(text, ignored);
  const fs::path inside =
      whole.lexically_relative(fs::weakly_canonical(folder.empty() ? "." : folder, ignored));
  const bool is_inside = !inside.empty() && *inside.begin() != "..";
  DataFile file{text, (is_inside ? inside : whole).generic_string(), ""};
  file.saved = is_inside ? file.name : whole.filename().generic_string();
  // Two files of other folders can have one name.
  const fs::path name = whole.filename();
  for (int i = 1; is_saved(others, file.saved); ++i) {
    file.saved = fmt::format("{}_{}{}", name.stem().string(), i, name.extension().string());
  }
  return file;
}

}  // namespace

std::vector<DataFile> data_files_of(const SourceOptions& options, const fs::path& folder) {
  std::vector<DataFile> files;
  for (const auto* list : {&options.values, &options.expected}) {
    for (const SourceOption& option : *list) {
      const ValuesText values = read_values_text(option);
      if (values.rule != "file") continue;
      const std::string& path = values.arguments.front();
      std::error_code ignored;
      if (!fs::is_regular_file(path, ignored)) {
        option.fail(fmt::format("{}: there is no such file", path));
      }
      if (name_in_spec(files, values).empty()) files.push_back(file_at(path, folder, files));
    }
  }
  return files;
}

std::string name_in_spec(const std::vector<DataFile>& files, const ValuesText& values) {
  if (values.rule != "file") return "";
  const auto at = std::find_if(files.begin(), files.end(), [&](const DataFile& one) {
    return one.text == values.arguments.front();
  });
  return at == files.end() ? "" : at->name;
}

std::string with_saved_names(std::string op, const std::vector<DataFile>& files) {
  // One pass: a saved name may be the name of another file.
  std::string result;
  for (std::size_t at = 0; at < op.size();) {
    const auto found = std::find_if(files.begin(), files.end(), [&](const DataFile& file) {
      return op.compare(at, toml_string(file.name).size(), toml_string(file.name)) == 0;
    });
    result += found == files.end() ? op.substr(at, 1) : toml_string(found->saved);
    at += found == files.end() ? 1 : toml_string(found->name).size();
  }
  return result;
}

}  // namespace tw
