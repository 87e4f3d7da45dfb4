// These are open file description locks (fcntl(2), "Open file description locks"). Unlike POSIX
// record locks, they do not vanish when another part of the process closes the file. Unlike
// flock(2), they lock parts of a file and work over NFS.
#include "devices/file_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace tw {
namespace {

// Opens an existing file without O_CREAT: in a sticky folder the kernel refuses O_CREAT on another
// user's file (fs.protected_regular).
int open_file(const std::string& path, bool shared_by_all) {
  const int flags = O_RDWR | O_CLOEXEC | (shared_by_all ? O_NOFOLLOW : 0);
  for (int attempt = 0; attempt < 2; ++attempt) {
    const int existing = ::open(path.c_str(), flags);
    if (existing >= 0 || errno != ENOENT) return existing;
    const int made = ::open(path.c_str(), flags | O_CREAT | O_EXCL, shared_by_all ? 0666 : 0644);
    if (made >= 0) {
      if (shared_by_all) (void)::fchmod(made, 0666);  // independent of the umask
      return made;
    }
    if (errno != EEXIST) return made;  // otherwise another process was faster
  }
  return -1;
}

}  // namespace

FileLock::FileLock(const std::string& path, bool shared_by_all)
    : descriptor_(open_file(path, shared_by_all)) {
  if (descriptor_ < 0) why_not_ = path + ": " + std::strerror(errno);
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

FileLock::FileLock(FileLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), why_not_(std::move(other.why_not_)) {}

bool FileLock::set(int command, short type, std::int64_t at, std::int64_t length) {
  if (descriptor_ < 0) return false;
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = at;
  range.l_len = length;
  if (::fcntl(descriptor_, command, &range) == 0) return true;
  const bool is_held = errno == EAGAIN || errno == EACCES || errno == EINTR;
  if (!is_held) why_not_ = std::string("its file cannot be locked: ") + std::strerror(errno);
  return false;
}

bool FileLock::try_lock(std::int64_t at) { return set(F_OFD_SETLK, F_WRLCK, at); }
// A length of 0 reaches to the end of the file, however long it gets.
bool FileLock::try_lock_all() { return set(F_OFD_SETLK, F_WRLCK, 0, 0); }
bool FileLock::lock(std::int64_t at) { return set(F_OFD_SETLKW, F_WRLCK, at); }
void FileLock::unlock(std::int64_t at) { set(F_OFD_SETLK, F_UNLCK, at); }

}  // namespace tw
