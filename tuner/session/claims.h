// Which problems are being searched: processes that share a database do not search one problem at
// the same time. A claim ends with its process, however that ends.
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

  // Whether the problem of `context` is ours now. Where claims cannot be kept everything is ours, and
  // notice() says so.
  bool try_claim(const Context& context);
  // Waits until the process that has it ends its search or itself. False if `stopped` says so first.
  bool wait(const Context& context, const std::function<bool()>& stopped);
  void release(const Context& context);
  // One line if claims cannot be kept; else empty. Returned once.
  std::string notice();

 private:
  FileLock lock_;
  bool said_ = false;
};

}  // namespace tw
