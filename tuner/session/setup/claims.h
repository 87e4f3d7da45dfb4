// Claims on problems: processes that share a database do not search the same problem at the same
// time. A claim ends with its process, however the process ends.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "db/store.h"
#include "devices/file_lock.h"

namespace tw {

class Claims {
 public:
  // The locks are on bytes of a file beside the database, PATH-claims, which stays empty.
  explicit Claims(const std::string& database);

  // Returns whether a process has ever claimed a problem of the database.
  static bool has_file(const std::string& database);
  // Claims all problems on all devices if no other process has a claim. Returns like try_claim.
  bool try_claim_all();

  // Claims the problem on its device if no other process has it. Returns whether this process has
  // the claim now. If claims cannot be kept, it always returns true, and notice() says why.
  bool try_claim(const Situation& situation);
  // Waits until the process that has the claim ends its search or ends itself, and takes the claim.
  // Returns false if `stopped` returns true first.
  bool wait(const Situation& situation, const std::function<bool()>& stopped);
  void release(const Situation& situation);
  // Returns one line if claims cannot be kept, else an empty text. The line is returned once.
  std::string notice();

 private:
  FileLock lock_;
  bool said_ = false;
};

}  // namespace tw
