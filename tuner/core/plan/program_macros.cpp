#include "core/plan/program_macros.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "core/spec/sources.h"

namespace tw {
namespace {

// Returns the system's headers that the source of a kernel of others includes first. They come
// before the macros, so that a macro called size does not change them. They are included only once
// in any case.
std::string leading_headers(const Program& program) {
  const std::vector<Include> includes = includes_of(program.text);
  const auto source =
      includes.empty() ? program.headers.end() : program.headers.find(includes.front().path);
  if (!program.as_given || source == program.headers.end()) return "";
  std::string headers;
  std::istringstream lines(without_comments(source->second));
  for (std::string line; std::getline(lines, line);) {
    line.erase(std::remove_if(line.begin(), line.end(),
                              [](char c) { return c == ' ' || c == '\t' || c == '\r'; }),
               line.end());
    if (line.empty() || line == "#pragmaonce") continue;
    const std::vector<Include> one = includes_of(line);
    if (one.empty() || program.headers.contains(one.front().path)) break;
    headers += fmt::format("#include <{}>\n", one.front().path);
  }
  return headers;
}

}  // namespace

std::string macros_begin(const Program& program) {
  std::string text = leading_headers(program);
  for (const std::string& define : program.defines) {
    const std::size_t equals = define.find('=');
    text += "#define " + define.substr(0, equals);
    if (equals != std::string::npos) text += ' ' + define.substr(equals + 1);
    text += '\n';
  }
  return text;
}

std::string macros_end(const Program& program) {
  std::string text;
  for (const std::string& define : program.defines) {
    text += "#undef " + define.substr(0, define.find('=')) + '\n';
  }
  return text;
}

}  // namespace tw
