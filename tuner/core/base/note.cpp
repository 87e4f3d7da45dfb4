#include "core/base/note.h"

namespace tw {

std::string note_at(std::string_view text, std::size_t at) {
  constexpr std::size_t most = 1000;
  const std::size_t before = text.rfind('\n', at);
  const std::size_t from = before == std::string_view::npos ? 0 : before + 1;
  const std::string_view line = text.substr(from, text.find('\n', from) - from);
  std::string note(line.substr(0, most));
  for (char& c : note) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
  }
  return line.size() > most ? note + " ..." : note;
}

}  // namespace tw
