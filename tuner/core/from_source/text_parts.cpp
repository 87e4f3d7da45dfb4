#include "core/from_source/text_parts.h"

#include <fmt/format.h>

#include "core/expr/expr.h"
#include "core/text/words.h"

namespace tw {

std::vector<std::string> split_outside(std::string_view text, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '(' || c == '[' || c == '{') ++depth;
    if (c == ')' || c == ']' || c == '}') --depth;
    if (c != separator || depth > 0) continue;
    parts.emplace_back(trimmed(text.substr(begin, i - begin)));
    begin = i + 1;
  }
  parts.emplace_back(trimmed(text.substr(begin)));
  return parts;
}

std::pair<std::string, std::string> named_value(const SourceOption& option,
                                                std::string_view example) {
  const std::size_t equals = option.text.find('=');
  const std::string_view text = option.text;
  const std::string name(trimmed(text.substr(0, equals)));
  if (equals == text.npos || !is_identifier(name)) {
    option.fail(fmt::format("is no name with a value: write it as in {}", example));
  }
  return {name, std::string(trimmed(text.substr(equals + 1)))};
}

}  // namespace tw
