// The environment of the logs, and the files that are read.
#include "capture/log_files.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "core/base/error.h"
#include "unit/capture/fixture.h"
#include "unit/support/variable.h"

namespace tw::capture {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class LogFilesTest : public CaptureTest {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() + "/" + name) << text;
  }
  std::string fault_of(const std::string& path) {
    Findings findings(catalog());
    try {
      read_logs(path, findings);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  LogFolder folder_;
};

TEST_F(LogFilesTest, EachLibraryHasAFile) {
  const std::vector<std::string> environment = logging_environment("/logs");
  for (const char* one :
       {"CUBLAS_LOGINFO_DBG=1", "CUBLAS_LOGDEST_DBG=/logs/cublas_%i.log", "CUBLASLT_LOG_LEVEL=2",
        "CUBLASLT_LOG_FILE=/logs/cublaslt_%i.log", "CUDNN_LOGLEVEL_DBG=3", "CUDNN_LOGINFO_DBG=1",
        "CUDNN_LOGDEST_DBG=/logs/cudnn_%i.log"}) {
    EXPECT_THAT(environment, Contains(one));
  }
  EXPECT_THAT(removed_from_environment(), Contains("CUBLASLT_LOG_MASK"));
}

TEST_F(LogFilesTest, AFolderIsReadByNameAndOtherFilesDoNotCount) {
  write("cublas_1.log", data("cublas.log"));
  write("cublas_2.log", data("cublas.log"));
  write("notes.txt", "nothing of a library\n");
  Findings findings(catalog());
  const LogFiles read = read_logs(folder_.path(), findings);
  EXPECT_EQ(read.files, 2);
  EXPECT_EQ(read.bytes, static_cast<std::int64_t>(2 * data("cublas.log").size()));
  EXPECT_TRUE(read.faults.empty());
  Findings once(catalog());
  EXPECT_EQ(read_logs(folder_.path() + "/cublas_1.log", once).files, 1);
  EXPECT_GT(once.problem_calls(), 0);
  EXPECT_EQ(findings.problem_calls(), 2 * once.problem_calls());
  EXPECT_EQ(findings.problems().size(), once.problems().size());
}

TEST_F(LogFilesTest, AMissingFileIsAFault) {
  EXPECT_THAT(fault_of(folder_.path() + "/none"), HasSubstr("none: No such file"));
  EXPECT_THAT(fault_of("/proc/self/mem"), HasSubstr("mem: cannot be read to its end"));
}

// Each is named, and the files after it are read.
TEST_F(LogFilesTest, WhatCannotBeReadInAFolderIsNamed) {
  const std::string& path = folder_.path();
  std::filesystem::create_directory(path + "/a");
  ASSERT_EQ(mkfifo((path + "/b").c_str(), 0600), 0);
  std::filesystem::create_symlink(path + "/none", path + "/c");
  std::filesystem::create_symlink("/proc/self/mem", path + "/d");
  write("e.log", data("cublas.log"));
  std::filesystem::create_symlink(path + "/none", path + "/f");
  Findings findings(catalog());
  const LogFiles read = read_logs(path, findings);
  EXPECT_THAT(
      read.faults,
      ElementsAre(path + "/a: a folder in a folder of logs: add --logs with it",
                  path + "/b: no regular file", path + "/c: No such file or directory",
                  path + "/d: cannot be read to its end", path + "/f: No such file or directory"));
  EXPECT_EQ(read.files, 1);
  EXPECT_GT(findings.problem_calls(), 0);
}

TEST_F(LogFilesTest, ReadingEndsWhenItIsAsked) {
  write("a.log", data("cublas.log"));
  write("b.log", data("cublas.log"));
  int lines = 0;
  Findings findings(catalog());
  const LogFiles read = read_logs(folder_.path(), findings, [&] { return ++lines > 25; });
  EXPECT_TRUE(read.is_stopped);
  EXPECT_EQ(lines, 26) << "no line of the other file";
  EXPECT_EQ(findings.problem_calls(), 1);
  EXPECT_FALSE(read_logs(folder_.path(), findings, [] { return false; }).is_stopped);
}

TEST_F(LogFilesTest, LogsAreKeptInANewFolder) {
  const std::string kept = folder_.path() + "/a/kept";
  EXPECT_EQ(make_log_folder(kept), kept);
  EXPECT_EQ(make_log_folder(kept), kept) << "empty still";
  std::ofstream(kept + "/cublas_1.log") << "x";
  EXPECT_THROW(make_log_folder(kept), Error);
  EXPECT_THROW(make_log_folder(kept + "/cublas_1.log"), Error);
}

TEST_F(LogFilesTest, TheTemporaryFolderIsRemovedUnlessItIsKept) {
  for (const bool is_kept : {false, true}) {
    std::string path;
    {
      LogFolder folder;
      path = folder.path();
      std::ofstream(path + "/x") << "x";
      EXPECT_TRUE(std::filesystem::is_directory(path));
      if (is_kept) folder.keep();
    }
    EXPECT_EQ(std::filesystem::exists(path), is_kept);
    std::filesystem::remove_all(path);
  }
}

// The program may work in another folder.
TEST_F(LogFilesTest, TheTemporaryFolderIsAbsolute) {
  const Variable temporary("TMPDIR", ".");
  const LogFolder folder;
  EXPECT_THAT(folder.path(), StartsWith(std::filesystem::current_path().string() + "/tilewright"));
}

}  // namespace
}  // namespace tw::capture
