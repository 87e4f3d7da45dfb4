#include "ui/progress/notices.h"

namespace tw {

void Notices::say_once(std::span<const std::string> lines, Progress& progress) {
  for (const std::string& line : lines) {
    bool is_new = false;
    {
      const std::scoped_lock lock(mutex_);
      is_new = !line.empty() && said_.insert(line).second;
    }
    if (is_new) progress.note(line);
  }
}

}  // namespace tw
