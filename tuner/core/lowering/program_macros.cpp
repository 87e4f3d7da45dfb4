#include "core/lowering/program_macros.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "core/spec/sources.h"

namespace tw {

namespace {

// Adds the system's headers that a source includes before anything but its own guard and #pragma
// once. Sources that it includes there count as their text.
class Leading {
 public:
  explicit Leading(const Texts& sources) : sources_(sources) {}

  // Returns whether everything in the source is leading, so that what follows its #include is, too.
  bool add(const std::string& path) {
    const auto source = sources_.find(path);
    if (source == sources_.end()) return false;
    if (!seen_.insert(path).second) return true;
    std::istringstream lines(without_comments(source->second));
    std::string guard;
    for (std::string line; std::getline(lines, line);) {
      const std::vector<Include> include = includes_of(line);
      line.erase(std::remove_if(line.begin(), line.end(),
                                [](char c) { return c == ' ' || c == '\t' || c == '\r'; }),
                 line.end());
      if (line.empty() || line == "#pragmaonce") continue;
      if (!include.empty()) {
        const std::string& name = include.front().path;
        const auto folder = path.rfind('/');
        const std::string beside = folder == path.npos ? name : path.substr(0, folder + 1) + name;
        if (!sources_.contains(beside) && !sources_.contains(name)) {
          headers.push_back(fmt::format("<{}>", name));
        } else if (!add(sources_.contains(beside) ? beside : name)) {
          return false;
        }
      } else if (guard.empty() && line.starts_with("#ifndef")) {
        guard = line.substr(7);
      } else if (guard.empty() || line != "#define" + guard) {
        return false;
      }
    }
    return true;
  }

  std::vector<std::string> headers;

 private:
  const Texts& sources_;
  std::set<std::string> seen_;
};

}  // namespace

std::vector<std::string> leading_headers(const Program& program) {
  const std::vector<Include> includes = includes_of(program.text);
  if (!program.as_given || includes.empty()) return {};
  Leading leading(program.headers);
  leading.add(includes.front().path);
  return leading.headers;
}

std::string macros_begin(const Program& program) {
  std::string text;
  for (const std::string& header : leading_headers(program)) {
    text += fmt::format("#include {}\n", header);
  }
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
