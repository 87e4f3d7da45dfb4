#include "ui/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace tw {

std::string printable(std::string_view text) {
  std::string out(text);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto byte = static_cast<unsigned char>(out[i]);
    const auto next = static_cast<unsigned char>(i + 1 < out.size() ? out[i + 1] : 0);
    if (byte == '\t') {
      out[i] = ' ';
    } else if ((byte < ' ' && byte != '\n') || byte == 0x7f) {
      out[i] = '?';
    } else if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {  // U+0080 to U+009F
      out[i] = out[i + 1] = '?';
    }
  }
  return out;
}

std::string one_line(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return printable(line);
}

void show(std::string_view text) { fmt::print("{}", printable(text)); }

void say(std::string_view line) { std::fputs((one_line(line) + "\n").c_str(), stderr); }

}  // namespace tw
