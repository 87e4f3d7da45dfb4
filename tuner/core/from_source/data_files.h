// The files that --values and --expected name.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "core/from_source/source_option.h"
#include "core/from_source/values_text.h"

namespace tw {

struct DataFile {
  std::string text;   // the path as the user gave it
  std::string name;   // in the spec: its path in the folder of the source, else its absolute path
  std::string saved;  // in a saved spec: relative to the spec's folder
};

// Returns each file once. Throws Error that names the option if a file is not there.
std::vector<DataFile> data_files_of(const SourceOptions& options,
                                    const std::filesystem::path& folder);
// Returns the name in the spec of the file that the values come from; empty if they come from none.
std::string name_in_spec(const std::vector<DataFile>& files, const ValuesText& values);
// Returns the text of op.toml with the names that the files have beside a saved one.
std::string with_saved_names(std::string op, const std::vector<DataFile>& files);

}  // namespace tw
