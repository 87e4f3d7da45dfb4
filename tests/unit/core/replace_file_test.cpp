// Files that are written as a whole or not at all.
#include "core/base/replace_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace tw {
namespace {

namespace fs = std::filesystem;

class ReplaceFile : public testing::Test {
 protected:
  ReplaceFile() {
    std::string pattern = (fs::temp_directory_path() / "tilewright-file-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~ReplaceFile() override { fs::remove_all(folder_); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string text(const std::string& name) const {
    std::ifstream file(path(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::ptrdiff_t files() const {
    return std::distance(fs::directory_iterator(folder_), fs::directory_iterator());
  }
  fs::path folder_;
};

TEST_F(ReplaceFile, WritesANewFileOrOverAnOldOne) {
  for (const char* bytes : {"one", "two"}) {
    EXPECT_FALSE(replace_file(path("x"), bytes));
    EXPECT_EQ(text("x"), bytes);
    EXPECT_EQ(files(), 1) << "nothing beside it";
  }
}

TEST_F(ReplaceFile, TheCheckFindsWhatWouldFailAndChangesNothing) {
  EXPECT_FALSE(check_replace_file(path("x")));
  EXPECT_EQ(files(), 0);
  replace_file(path("x"), "old");
  EXPECT_FALSE(check_replace_file(path("x")));
  EXPECT_EQ(text("x"), "old");
  EXPECT_EQ(files(), 1);
  EXPECT_EQ(check_replace_file(path("none/x")), std::errc::no_such_file_or_directory);
  EXPECT_EQ(check_replace_file(""), std::errc::no_such_file_or_directory);
  EXPECT_EQ(check_replace_file(path("x/y")), std::errc::not_a_directory);
  EXPECT_EQ(check_replace_file(folder_.string()), std::errc::is_a_directory);
  EXPECT_EQ(check_replace_file("/dev/null"), std::errc::invalid_argument);
}

}  // namespace
}  // namespace tw
