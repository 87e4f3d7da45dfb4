// The options that a kernel of others may give its compiler. None of them names a file, because a
// verdict depends on every file that is read.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace tw {

// Returns the remedy if `option` is not one of the options that NVRTC gets; empty if it is.
std::string option_fault(std::string_view option);
// Returns "inc" for "-Iinc" and "--include-path=inc"; nothing for other options. Its files are part
// of the program, so compilers do not get the option.
std::optional<std::string> include_folder_of(std::string_view option);
// Returns 17 for "-std=c++17" and "--std=c++17"; nothing for other options.
std::optional<int> standard_of(std::string_view option);
// Returns "WIDTH=4" for "-DWIDTH=4" and for "--define-macro=WIDTH=4", "WIDTH=1" for "-DWIDTH", and
// nothing for other options.
std::optional<std::string> define_of(std::string_view option);

}  // namespace tw
