#include "devices/cpu/compile/refusals.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <string_view>
#include <vector>

#include "core/spec/system_headers.h"
#include "devices/cpu/compile/shim_headers.h"
#include "devices/toolkit.h"

namespace tw::cpu {
namespace {

constexpr const char* remedy = "use --device cuda";

std::vector<std::string> lines_of(const std::string& output) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < output.size();) {
    const std::size_t end = std::min(output.find('\n', at), output.size());
    // A regular expression is recursive, and no longer line matters.
    lines.push_back(output.substr(at, std::min<std::size_t>(end - at, 1000)));
    at = end + 1;
  }
  return lines;
}

// Returns the place in the sources that the line names, "saxpy.cu:3"; empty if it names none.
std::string place_in(const std::string& line, const Texts& sources) {
  static const std::regex pattern(R"((?:^|\s)(?:\./)?([^\s:]+):(\d+)(?=[:,]))");
  for (std::sregex_iterator at(line.begin(), line.end(), pattern), end; at != end; ++at) {
    if (sources.contains((*at)[1])) return fmt::format("{}:{}", (*at)[1].str(), (*at)[2].str());
  }
  return "";
}

// Returns whether the line of the sources at the place launches a kernel.
bool launches(const Texts& sources, const std::string& place) {
  const std::size_t colon = place.rfind(':');
  const auto source = sources.find(place.substr(0, colon));
  if (colon == place.npos || source == sources.end()) return false;
  const std::vector<std::string> lines = lines_of(source->second);
  const std::size_t line = std::stoul(place.substr(colon + 1));
  return line >= 1 && line <= lines.size() && lines[line - 1].find("<<<") != std::string::npos;
}

// Returns the place in the sources that belongs to the error in line `at`: in that line, in the
// chain of includes and instantiations that g++ writes before it, or in the notes that clang adds.
std::string place_of(const std::vector<std::string>& lines, std::size_t at, const Texts& sources) {
  for (std::size_t i = at + 1; i-- > 0;) {
    if (const std::string place = place_in(lines[i], sources); !place.empty()) return place;
  }
  for (std::size_t i = at + 1; i < lines.size(); ++i) {
    if (lines[i].find("error: ") != std::string::npos) break;
    if (const std::string place = place_in(lines[i], sources); !place.empty()) return place;
  }
  return "the kernel";
}

std::string missing_header(const std::string& header, const std::string& place,
                           const Texts& sources) {
  const std::string found = place_of_include(sources, header);
  const std::string text = fmt::format("{} includes <{}>", found.empty() ? place : found, header);
  switch (kind_of_header(header)) {
    case HeaderKind::toolkit:
      if (!is_of_libcudacxx(header) || !toolkit_headers().libcudacxx.empty()) break;
      return text +
             ", which comes with the CUDA toolkit: install the toolkit's headers, or set "
             "CUDA_HOME to the toolkit that has them";
    case HeaderKind::standard:
      return text + ", which the host compiler does not have: leave it out";
    case HeaderKind::other:
      return text +
             ", which is not in the folder of the source: copy it there, and write "
             "#include \"...\"";
  }
  return fmt::format("{}, which the cpu device does not emulate: {}", text, remedy);
}

// Returns whether a name that the compiler does not know is CUDA's, or looks like CUDA's.
bool is_cudas(const std::string& name) {
  static const std::regex pattern(
      "(__[a-z]|u?tex(1D|2D|3D|Cubemap)|surf(1D|2D|3D|Cubemap)|cuda[A-Z]|cu[A-Z]|curand|nvcuda|"
      "cub$|thrust$|cluster_group|this_cluster).*");
  return std::regex_match(name, pattern);
}

// Returns what the line says about something that is not emulated; empty if it says nothing such.
std::string refused_in(const std::string& line) {
  static const std::regex unknown_name(
      R"(error: (?:use of undeclared identifier )?'(?:[\w:]*::)?(\w+)')"
      R"((?: was not declared| has not been declared| does not name a type|$))");
  static const std::regex ours(R"(the cpu device does not emulate ([^"]*))");
  std::smatch found;
  if (std::regex_search(line, found, ours)) return found[1];
  if (std::regex_search(line, found, unknown_name) && is_cudas(found[1])) return found[1];
  const bool is_assembly =
      line.find(": Error: ") != line.npos || line.find(" in 'asm'") != line.npos ||
      line.find("in an 'asm'") != line.npos || line.find("invalid 'asm'") != line.npos ||
      line.find("inline asm") != line.npos || line.find("instruction mnemonic") != line.npos;
  if (is_assembly && (line.find("rror: ") != line.npos)) return "PTX";
  return "";
}

}  // namespace

Refusal refusal_of(const std::string& output, const Texts& sources) {
  static const std::regex no_header(R"(fatal error: '?([^':]+)'?(?:: No such| file not found))");
  const std::vector<std::string> lines = lines_of(output);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].find("rror: ") == std::string::npos) continue;
    const std::string place = place_of(lines, i, sources);
    std::smatch found;
    if (std::regex_search(lines[i], found, no_header)) {
      return {missing_header(found[1], place, sources), true};
    }
    if (launches(sources, place)) {
      return {
          fmt::format("{}: the cpu device does not emulate launches: put host code between "
                      "#ifndef __CUDACC_RTC__ and #endif",
                      place)};
    }
    if (const std::string refused = refused_in(lines[i]); !refused.empty()) {
      return {fmt::format("{}: the cpu device does not emulate {}: {}", place, refused, remedy)};
    }
  }
  return {};
}

}  // namespace tw::cpu
