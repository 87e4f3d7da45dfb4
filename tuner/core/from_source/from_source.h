// Writes the specs of a kernel that options of the command line describe.
#pragma once
#include <string>
#include <vector>

#include "core/base/texts.h"
#include "core/from_source/data_files.h"
#include "core/from_source/source_option.h"
#include "core/spec/generated_specs.h"

namespace tw {

// Returns op.toml and the kernel's TOML (docs/search_spaces.md). `file` is the source's name in its
// folder, and `name` the kernel's, which may be empty (kernel_choice.h). `sources` has the source
// and all that it includes, `files` what data_files_of() returns. Throws Error that names an
// option.
GeneratedSpecs<SourceOption> specs_of_source(const SourceOptions& options, const std::string& file,
                                             const std::string& name, const Texts& sources,
                                             const std::vector<DataFile>& files = {});

}  // namespace tw
