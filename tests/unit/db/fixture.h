// Shared by the tests of the database: a folder that is removed at the end, and short ways to write
// rows.
#pragma once
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "db/store.h"

namespace tw {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "tilewright_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw Error("mkdtemp failed");
    path_ = name;
    std::filesystem::permissions(path_, std::filesystem::perms::all);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::permissions(path_, std::filesystem::perms::all, ignored);
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string operator/(std::string_view name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// Root ignores permissions. While this object lives, the process acts as nobody.
class WithoutRoot {
 public:
  WithoutRoot() {
    if (was_root_ && seteuid(65534) != 0) throw Error("seteuid failed");
  }
  ~WithoutRoot() {
    if (was_root_ && seteuid(0) != 0) abort();
  }
  WithoutRoot(const WithoutRoot&) = delete;
  WithoutRoot& operator=(const WithoutRoot&) = delete;

 private:
  bool was_root_ = geteuid() == 0;
};

class DbTest : public testing::Test {
 protected:
  static Context context(const std::string& kernel = "simt") {
    Context context;
    context.situation.op = "gemm";
    context.situation.problem = "gemm f32 m=64,n=64,k=64";
    context.code.kernel = kernel;
    context.code.source_digest = "d1";
    context.code.verdict_digest = "v1";
    context.situation.device_model = "NVIDIA H200";
    context.situation.device_limits = "cc=90 sms=132";
    context.situation.driver = "580.159";
    context.situation.toolchain = "NVRTC 13.0";
    return context;
  }

  static RunInfo run_info() {
    RunInfo run;
    run.context = context();
    run.space_digest = "s1";
    run.strategy = "exhaustive";
    run.command = "tune --op gemm --shape 64x64x64";
    run.device_json = "{}";
    run.seed = 18446744073709551615u;
    run.space_size = 12;
    return run;
  }

  static Measurement ok(double ns) {
    Measurement measurement;
    measurement.samples_ns = {ns, ns + 1, ns - 1};
    return measurement;
  }

  static Measurement failed(Outcome outcome, const std::string& note) {
    Measurement measurement;
    measurement.outcome = outcome;
    measurement.note = note;
    return measurement;
  }

  Store store() const { return Store::open(path(), Store::Mode::read_write); }
  std::string path() const { return folder_ / "tilewright.db"; }

  // Returns the message of the error when the file is opened; empty if there is none.
  static std::string refusal(const std::string& path, Store::Mode mode) {
    try {
      Store::open(path, mode);
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find(path), std::string::npos) << error.what();
      return error.what();
    }
    return "";
  }

  TemporaryFolder folder_;
};

}  // namespace tw
