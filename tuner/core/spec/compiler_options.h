// What a kernel of others may ask of its compiler: options that name no file, since what is read
// decides what a verdict depends on.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace tw {

// The remedy if `option` is none of those that NVRTC is given; empty: it is.
std::string option_fault(std::string_view option);
// "WIDTH=4" of "-DWIDTH=4" and of "--define-macro=WIDTH=4", "WIDTH=1" of "-DWIDTH"; none of others.
std::optional<std::string> define_of(std::string_view option);

}  // namespace tw
