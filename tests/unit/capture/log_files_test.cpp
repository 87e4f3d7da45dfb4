// The environment of the logs, and the files that are read.
#include "capture/log_files.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "core/base/error.h"
#include "unit/capture/fixture.h"

namespace tw::capture {
namespace {

using testing::Contains;
using testing::HasSubstr;

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
  std::filesystem::create_directory(folder_.path() + "/more");
  Findings findings(catalog());
  const LogFiles read = read_logs(folder_.path(), findings);
  EXPECT_EQ(read.files, 2);
  EXPECT_EQ(read.bytes, static_cast<std::int64_t>(2 * data("cublas.log").size()));
  Findings once(catalog());
  EXPECT_EQ(read_logs(folder_.path() + "/cublas_1.log", once).files, 1);
  EXPECT_GT(once.problem_calls(), 0);
  EXPECT_EQ(findings.problem_calls(), 2 * once.problem_calls());
  EXPECT_EQ(findings.problems().size(), once.problems().size());
}

TEST_F(LogFilesTest, AMissingFileIsAFault) {
  EXPECT_THAT(fault_of(folder_.path() + "/none"), HasSubstr("none: No such file"));
}

TEST_F(LogFilesTest, LogsAreKeptInANewFolder) {
  const std::string kept = folder_.path() + "/a/kept";
  EXPECT_EQ(make_log_folder(kept), kept);
  EXPECT_EQ(make_log_folder(kept), kept) << "empty still";
  std::ofstream(kept + "/cublas_1.log") << "x";
  EXPECT_THROW(make_log_folder(kept), Error);
  EXPECT_THROW(make_log_folder(kept + "/cublas_1.log"), Error);
}

TEST_F(LogFilesTest, TheTemporaryFolderIsRemoved) {
  std::string path;
  {
    const LogFolder folder;
    path = folder.path();
    std::ofstream(path + "/x") << "x";
    EXPECT_TRUE(std::filesystem::is_directory(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace tw::capture
