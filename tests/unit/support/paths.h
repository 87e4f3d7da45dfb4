// The place of the sources. The paths are compiled in one file, so that ccache shares the objects
// of tests between clones.
#pragma once
#include <string>

namespace tw {

// Returns the path of a file of the sources, such as source_path("reports/suites"). A test that was
// built on another machine runs in the folder of the sources.
std::string source_path(const std::string& path);

// Returns the path of a file of tests/data, such as test_data("emit/op.toml").
std::string test_data(const std::string& path);

}  // namespace tw
