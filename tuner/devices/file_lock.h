// Locks on parts of a file, between processes. The kernel releases a process's locks whenever the
// process ends.
#pragma once
#include <cstdint>
#include <string>

namespace tw {

class FileLock {
 public:
  // Opens `path`, and creates it if it does not exist. With `shared_by_all` other users may lock it
  // too, and it is never opened through a symbolic link. why_not() tells the reason of a failure.
  explicit FileLock(const std::string& path, bool shared_by_all = false);
  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;

  // Returns why nothing can be locked (no permission, a file system without locks); empty if it
  // can.
  const std::string& why_not() const { return why_not_; }
  // Locks byte `at` if it is free. Returns whether this process holds it now; false too if nothing
  // can be locked.
  bool try_lock(std::int64_t at);
  // Locks every byte if another process holds none. Returns like try_lock.
  bool try_lock_all();
  // Waits for byte `at` and locks it. Returns false if a signal came first, or if nothing can be
  // locked.
  bool lock(std::int64_t at);
  void unlock(std::int64_t at);

 private:
  bool set(int command, short type, std::int64_t at, std::int64_t length = 1);
  int descriptor_ = -1;
  std::string why_not_;
};

}  // namespace tw
