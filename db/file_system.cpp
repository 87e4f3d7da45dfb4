#include "db/file_system.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "core/base/error.h"

namespace tw {

bool is_on_network(const std::string& folder) {
  // The numbers are those of statfs(2) and of the file systems' own sources.
  constexpr std::array<std::uint32_t, 10> types{
      0x6969,      // NFS
      0xFF534D42,  // CIFS
      0xFE534D42,  // SMB 2
      0x65735546,  // FUSE: sshfs and others
      0x0BD00BD0,  // Lustre
      0x47504653,  // GPFS
      0x00C36400,  // Ceph
      0x5346414F,  // AFS
      0x01021997,  // 9P
      0x19830326,  // BeeGFS
  };
  struct statfs status {};
  if (::statfs(folder.c_str(), &status) != 0) return false;
  return std::find(types.begin(), types.end(), static_cast<std::uint32_t>(status.f_type)) !=
         types.end();
}

int try_lock_in(const std::string& folder) {
  std::string name = folder + "/.tilewright-lock-XXXXXX";
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) return 0;
  ::unlink(name.c_str());
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_len = 1;
  const int error = ::fcntl(descriptor, F_SETLK, &lock) == 0 ? 0 : errno;
  ::close(descriptor);
  return error;
}

void check_locks(const std::string& database, const std::string& folder,
                 const std::function<bool(const std::string&)>& on_network,
                 const std::function<int(const std::string&)>& try_lock) {
  if (!on_network(folder)) return;
  if (const int error = try_lock(folder); error != 0) {
    throw Error(
        fmt::format("{}: its file system cannot lock files ({}), so that two processes would "
                    "destroy the database: name a file on a local disk with --db, and copy or "
                    "`tune merge` it afterwards",
                    database, std::strerror(error)));
  }
}

}  // namespace tw
