// The sources of kernels that are compiled as their authors wrote them, several times in one file:
// each time with other macros, in a namespace of its own.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tw {

// Returns the source as it stands in a namespace. It includes no system header. `extern "C"`
// becomes `extern "C++"`, because two functions with C's linkage would be one. `::name` becomes
// `tilewright_unit::name` if the sources declare `name` at global scope: the namespace declares
// this alias of itself. #pragma once becomes a guard. An #include of a path in `sources` becomes
// relative to `path`.
std::string namespace_source(const std::string& path,
                             const std::map<std::string, std::string, std::less<>>& sources,
                             std::string_view digest);
// Makes the same replacements in other code about the source, such as the values of macros.
void replace_in_unit(const std::vector<std::string*>& texts, const std::string& path,
                     const std::map<std::string, std::string, std::less<>>& sources);
// Returns the directives of the source. They include the system headers that the source includes,
// under the same conditions.
std::string system_headers_of(const std::string& path,
                              const std::map<std::string, std::string, std::less<>>& sources,
                              std::string_view digest);
// A macro that a source defines.
struct SourceMacro {
  std::string name;
  bool is_fallback = false;  // it is only defined if it is not yet: behind #ifndef
  bool operator==(const SourceMacro&) const = default;
};
// Returns the macros that the two texts above define, each once.
std::vector<SourceMacro> macros_of(const std::string& path, std::string_view text,
                                   std::string_view digest);
// Returns the paths of the source and of all that it includes among the sources.
std::vector<std::string> closure_of(const std::string& path,
                                    const std::map<std::string, std::string, std::less<>>& sources);

}  // namespace tw
