// The cubin cache: damaged entries, and entries that are dropped.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "devices/gpu/compile/cubin_cache.h"

namespace tw::gpu {
namespace {

namespace fs = std::filesystem;

class Cache : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              (std::string("cubin_cache_") +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::shared_ptr<const Compiled> entry(std::size_t bytes) {
    auto compiled = std::make_shared<Compiled>();
    compiled->ok = true;
    compiled->cubin = std::string(bytes, 'x');
    compiled->names = {"kernel"};
    compiled->ms = 12;
    return compiled;
  }
  CubinCache open(std::int64_t most_bytes = 1 << 20) const { return {folder_, most_bytes}; }
  fs::path only_file() const { return fs::directory_iterator(folder_)->path(); }
  std::int64_t files() const {
    return std::distance(fs::directory_iterator(folder_), fs::directory_iterator());
  }

  fs::path folder_;
};

TEST_F(Cache, OutlivesTheProcessThatFilledIt) {
  open().put("a", entry(1000));
  const auto found = open().find("a");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->cubin, std::string(1000, 'x'));
  EXPECT_EQ(found->names, std::vector<std::string>{"kernel"});
  EXPECT_EQ(found->ms, 12);
  EXPECT_EQ(open().find("b"), nullptr);
  EXPECT_EQ(files(), 1);
}

TEST_F(Cache, DoesNotBelieveATruncatedEntry) {
  open().put("a", entry(1000));
  fs::resize_file(only_file(), fs::file_size(only_file()) - 1);
  EXPECT_EQ(open().find("a"), nullptr);
  fs::resize_file(only_file(), 5);
  EXPECT_EQ(open().find("a"), nullptr);
  fs::resize_file(only_file(), 0);
  EXPECT_EQ(open().find("a"), nullptr);
}

TEST_F(Cache, DoesNotBelieveACorruptedEntry) {
  open().put("a", entry(1000));
  {
    std::fstream file(only_file(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(500);
    file.put('y');
  }
  EXPECT_EQ(open().find("a"), nullptr);
  open().put("a", entry(1000));
  EXPECT_NE(open().find("a"), nullptr);
}

TEST_F(Cache, ForgetsWhatWasUsedLongestAgo) {
  CubinCache cache = open(10'000);
  const auto now = fs::file_time_type::clock::now();
  for (int i = 0; i < 8; ++i) {
    const std::string key(1, static_cast<char>('a' + i));
    cache.put(key, entry(1000));
    fs::last_write_time(folder_ / (key + ".cubin"), now - std::chrono::minutes(20 - i));
  }
  ASSERT_NE(open(10'000).find("a"), nullptr);  // this use makes it the most recent
  for (const char* key : {"i", "j", "k"}) cache.put(key, entry(1000));
  const CubinCache reader = open(10'000);
  EXPECT_TRUE(fs::exists(folder_ / "a.cubin"));
  EXPECT_TRUE(fs::exists(folder_ / "k.cubin"));
  EXPECT_FALSE(fs::exists(folder_ / "b.cubin"));
  std::uintmax_t bytes = 0;
  for (const auto& file : fs::directory_iterator(folder_)) bytes += file.file_size();
  EXPECT_LE(bytes, 10'000u);
}

TEST_F(Cache, AClockThatWasSetBackDoesNotCostTheNewest) {
  CubinCache cache = open(10'000);
  const auto ahead = fs::file_time_type::clock::now() + std::chrono::hours(48);
  for (const char* key : {"a", "b", "c", "d", "e", "f", "g", "h"}) {
    cache.put(key, entry(1000));
    fs::last_write_time(folder_ / (std::string(key) + ".cubin"), ahead);
  }
  for (const char* key : {"i", "j", "k"}) cache.put(key, entry(1000));
  for (const char* key : {"i", "j", "k"}) {
    EXPECT_TRUE(fs::exists(folder_ / (std::string(key) + ".cubin"))) << key;
  }
  EXPECT_LT(files(), 11);
}

TEST_F(Cache, WithoutAFolderRemembersInMemory) {
  CubinCache cache({}, 0);
  cache.put("a", entry(10));
  EXPECT_NE(cache.find("a"), nullptr);
  EXPECT_EQ(cache.find("b"), nullptr);
}

TEST_F(Cache, LeavesNoTemporaryFiles) {
  fs::create_directories(folder_);
  std::ofstream(folder_ / "left.123") << "by a crash";
  fs::last_write_time(folder_ / "left.123",
                      fs::file_time_type::clock::now() - std::chrono::hours(2));
  open().put("a", entry(10));
  EXPECT_EQ(files(), 1);
}

TEST(CacheKey, DependsOnEverythingThatTheResultDependsOn) {
  CompileRequest request;
  request.program.text = "text";
  request.program.headers = {{"a.cuh", "1"}};
  request.program.entries = {"kernel"};
  request.architecture = "sm_80";
  const std::string key = CubinCache::key(request, "13.0");
  EXPECT_EQ(CubinCache::key(request, "13.0"), key);
  EXPECT_NE(CubinCache::key(request, "12.9"), key);
  CompileRequest other = request;
  other.program.headers["a.cuh"] = "2";
  EXPECT_NE(CubinCache::key(other, "13.0"), key);
  other = request;
  other.architecture = "sm_90a";
  EXPECT_NE(CubinCache::key(other, "13.0"), key);
  other = request;
  other.program.defines = {"block_m=64"};
  EXPECT_NE(CubinCache::key(other, "13.0"), key);
  other = request;
  other.program.entries = {"other"};
  EXPECT_NE(CubinCache::key(other, "13.0"), key);
}

}  // namespace
}  // namespace tw::gpu
