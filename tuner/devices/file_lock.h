// Locks on parts of a file, between processes. The kernel frees a process's locks when it ends,
// however it ends.
#pragma once
#include <cstdint>
#include <string>

namespace tw {

class FileLock {
 public:
  // Opens `path`, and makes it if there is none. `shared_by_all`: other users may lock it too; it is
  // then never opened through a symbolic link. What fails is said by why_not().
  explicit FileLock(const std::string& path, bool shared_by_all = false);
  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;

  // Why nothing can be locked (no permission, a file system without locks); empty: it can.
  const std::string& why_not() const { return why_not_; }
  // Whether this process now has byte `at`. False too where nothing can be locked.
  bool try_lock(std::int64_t at);
  // Waits for byte `at`. False if a signal came first, or nothing can be locked.
  bool lock(std::int64_t at);
  void unlock(std::int64_t at);

 private:
  bool set(int command, short type, std::int64_t at);
  int descriptor_ = -1;
  std::string why_not_;
};

}  // namespace tw
