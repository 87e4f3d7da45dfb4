// Notices that are said once, however often they come up. Any thread may use them.
#pragma once
#include <mutex>
#include <set>
#include <span>
#include <string>

#include "ui/progress/progress.h"

namespace tw {

class Notices {
 public:
  // Prints those of the lines that were not printed before. An empty line says nothing.
  void say_once(std::span<const std::string> lines, Progress& progress);

 private:
  std::mutex mutex_;
  std::set<std::string> said_;
};

}  // namespace tw
