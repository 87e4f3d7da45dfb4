#include "core/base/replace_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

namespace tw {
namespace {

std::error_code last_error() { return {errno, std::generic_category()}; }

std::error_code write_new_file(const std::string& path, std::string_view bytes) {
  // With O_EXCL, open also fails if the path is a link.
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0) return last_error();
  std::error_code failure;
  while (!bytes.empty() && !failure) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      failure = last_error();
    }
  }
  if (::close(file) != 0 && !failure) failure = last_error();
  return failure;
}

// Writes the bytes beside `path`, and sets `temporary` to the name.
std::error_code write_beside(const std::string& path, std::string_view bytes,
                             std::string& temporary) {
  temporary = fmt::format("{}.{}.tmp", path, ::getpid());
  ::unlink(temporary.c_str());  // left by a crash, or a link
  return write_new_file(temporary, bytes);
}

}  // namespace

std::error_code replace_file(const std::string& path, std::string_view bytes) {
  std::string temporary;
  std::error_code failure = write_beside(path, bytes, temporary);
  if (!failure && std::rename(temporary.c_str(), path.c_str()) != 0) failure = last_error();
  if (failure) ::unlink(temporary.c_str());
  return failure;
}

std::error_code check_replace_file(const std::string& path) {
  if (path.empty()) return {ENOENT, std::generic_category()};
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  if (std::filesystem::is_directory(status)) return {EISDIR, std::generic_category()};
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    return {EINVAL, std::generic_category()};
  }
  std::string temporary;
  const std::error_code failure = write_beside(path, "", temporary);
  ::unlink(temporary.c_str());
  return failure;
}

}  // namespace tw
