#include "db/file_system.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "core/base/error.h"

namespace tw {
namespace {

// SQLite's locks are what keeps two tuners from destroying a database.
TEST(FileSystem, WithoutLocksIsRefused) {
  const auto network = [](const std::string&) { return true; };
  const auto local = [](const std::string&) { return false; };
  const auto fails = [](const std::string&) { return ENOLCK; };
  const auto works = [](const std::string&) { return 0; };
  EXPECT_NO_THROW(check_locks("a.db", "folder", network, works));
  EXPECT_NO_THROW(check_locks("a.db", "folder", local, fails));
  try {
    check_locks("a.db", "folder", network, fails);
    FAIL() << "no error";
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_EQ(text.rfind("a.db: its file system cannot lock files", 0), 0u) << text;
    EXPECT_NE(text.find("local disk"), std::string::npos) << text;
  }
  EXPECT_EQ(try_lock_in(std::filesystem::temp_directory_path()), 0);
  EXPECT_EQ(try_lock_in("/nonexistent"), 0);
}

}  // namespace
}  // namespace tw
