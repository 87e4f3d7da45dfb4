// The log of events: one JSON object a line, whatever the values are.
#include "devices/event_log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/base/error.h"
#include "devices/job_runner.h"

namespace tw {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class EventLogTest : public testing::Test {
 protected:
  ~EventLogTest() override { fs::remove(path_); }
  std::vector<json> lines() const {
    std::vector<json> all;
    std::ifstream file(path_);
    for (std::string line; std::getline(file, line);) all.push_back(json::parse(line));
    return all;
  }
  const std::string path_ =
      (fs::temp_directory_path() / ("tilewright-log-" + std::to_string(getpid()))).string();
};

TEST_F(EventLogTest, WritesEachEventAtOnce) {
  EventLog log(path_);
  log.add("one", {{"text", std::string("a\nb\xff")},
                  {"time", std::numeric_limits<double>::infinity()},
                  {"count", std::int64_t{3}},
                  {"flag", true}});
  const std::vector<json> first = lines();
  ASSERT_EQ(first.size(), 1u) << "the line is there while the log is open";
  EXPECT_EQ(first[0].at("event"), "one");
  EXPECT_TRUE(first[0].at("time").is_null());
  EXPECT_EQ(first[0].at("count"), 3);
  EXPECT_EQ(first[0].at("flag"), true);
  log.add("two", {});
  ASSERT_EQ(lines().size(), 2u);
  EXPECT_LE(lines()[0].at("t"), lines()[1].at("t"));
}

TEST_F(EventLogTest, SaysWhyItCannotWrite) {
  EXPECT_THROW(EventLog("/no/such/folder/log"), Error);
  if (fs::exists("/dev/full")) {
    EventLog full("/dev/full");
    full.add("one", {});
    EXPECT_NE(full.fault().find("the rest is missing"), std::string::npos);
    EXPECT_FALSE(full.is_on());
    full.add("two", {});
  }
  EXPECT_FALSE(EventLog::none().is_on());
}

// Answers each job by its configuration: "slow" takes no compiler, "broken" does not compile.
class Scripted : public Device {
 public:
  const DeviceInfo& info() const override { return info_; }
  int capacity() const override { return 1; }
  void submit(Job job) override { jobs_.push_back(std::move(job)); }
  std::vector<Finished> wait(std::chrono::steady_clock::time_point) override {
    std::vector<Finished> finished;
    for (const Job& job : jobs_) {
      Measurement measurement;
      measurement.compile_ms = job.configuration == "slow" ? 0 : 12;
      if (job.configuration == "broken") {
        measurement.outcome = Outcome::compile_failed;
        measurement.note = "no such name";
      } else {
        measurement.samples_ns = {4, 5, 6};
      }
      finished.push_back({job.id, measurement});
    }
    jobs_.clear();
    return finished;
  }
  void cancel() override { jobs_.clear(); }

 private:
  DeviceInfo info_;
  std::vector<Job> jobs_;
};

TEST_F(EventLogTest, ARunnerLogsJobsAndTheirAnswers) {
  EventLog log(path_);
  Scripted device;
  JobRunner runner(device, log);
  std::string events;
  for (const char* configuration : {"good", "slow", "broken"}) {
    Job job;
    job.kernel = "simt";
    job.configuration = configuration;
    runner.run(job, [] { return false; });
  }
  JobQueue<int> queue(runner);
  queue.submit(1, Job{});
  queue.cancel();
  for (const json& one : lines()) events += one.at("event").get<std::string>() + ' ';
  EXPECT_EQ(events,
            "job compile measurement verdict job measurement verdict job compile verdict job "
            "cancel ");
  const std::vector<json> all = lines();
  EXPECT_EQ(all[2].at("median_ns"), 5);
  EXPECT_EQ(all[8].at("ok"), false);
  EXPECT_EQ(all[9].at("outcome"), "compile_failed");
  EXPECT_EQ(all[9].at("note"), "no such name");
  EXPECT_EQ(all[9].at("configuration"), "broken");
  EXPECT_EQ(all[9].at("job"), all[7].at("job"));
}

}  // namespace
}  // namespace tw
