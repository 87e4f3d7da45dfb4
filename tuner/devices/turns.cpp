#include "devices/turns.h"

#include <cstdlib>

namespace tw {
namespace {

// A process that waits for the GPU holds the queue. So a process that has just ended its turn comes
// after the waiting one.
constexpr std::int64_t queue = 0, gpu = 1;

std::string path_of(const std::string& uuid) {
  const char* folder = std::getenv("TILEWRIGHT_LOCKS");
  std::string name = "tilewright-gpu-";
  for (const char letter : uuid) name += letter == '/' ? '_' : letter;
  return std::string(folder && *folder ? folder : "/tmp") + '/' + name + ".lock";
}

}  // namespace

Turns::Turns(const std::string& uuid) : lock_(path_of(uuid), true) {}

bool Turns::try_take() {
  if (!lock_.try_lock(queue)) return false;
  const bool is_free = lock_.try_lock(gpu);
  lock_.unlock(queue);
  return is_free;
}

void Turns::take() {
  while (why_not().empty() && !lock_.lock(queue)) {
  }
  while (why_not().empty() && !lock_.lock(gpu)) {
  }
  lock_.unlock(queue);
}

void Turns::end() { lock_.unlock(gpu); }

}  // namespace tw
