// Several users share a device through one runner; nobody gets an answer to a job of another.
#include "devices/job_runner.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace tw {
namespace {

// Answers all its jobs at once, last first, when it is waited for. The note is the configuration.
class LastFirst : public Device {
 public:
  const DeviceInfo& info() const override { return info_; }
  int capacity() const override { return 8; }
  void submit(Job job) override { jobs_.push_back(std::move(job)); }
  std::vector<Finished> wait(std::chrono::steady_clock::time_point) override {
    ++waits;
    std::vector<Finished> finished;
    for (; !jobs_.empty() && answers; jobs_.pop_back()) {
      Measurement measurement;
      measurement.note = jobs_.back().configuration;
      finished.push_back({jobs_.back().id, std::move(measurement)});
    }
    return finished;
  }
  void cancel() override { jobs_.clear(); }

  bool answers = true;
  int waits = 0;

 private:
  DeviceInfo info_;
  std::vector<Job> jobs_;
};

Job named(const std::string& configuration) {
  Job job;
  job.configuration = configuration;
  return job;
}

TEST(JobRunner, EachQueueGetsItsOwnAnswersUnderItsOwnKeys) {
  LastFirst device;
  JobRunner runner(device);
  JobQueue<std::string> words(runner);
  JobQueue<int> numbers(runner);
  words.submit("first", named("a"));
  numbers.submit(7, named("b"));
  words.submit("second", named("c"));
  EXPECT_EQ(words.size(), 2u);
  const auto of_numbers = numbers.wait({});
  ASSERT_EQ(of_numbers.size(), 1u);
  EXPECT_EQ(of_numbers[0].key, 7);
  EXPECT_EQ(of_numbers[0].measurement.note, "b");
  EXPECT_TRUE(numbers.is_idle());
  const auto of_words = words.wait({});  // they have arrived already
  EXPECT_EQ(device.waits, 1);
  ASSERT_EQ(of_words.size(), 2u);
  EXPECT_EQ(of_words[0].key, "first");
  EXPECT_EQ(of_words[0].measurement.note, "a");
  EXPECT_EQ(of_words[1].key, "second");
  EXPECT_TRUE(words.wait({}).empty());
  EXPECT_EQ(device.waits, 1) << "an idle queue does not wait";
}

TEST(JobRunner, AJobThatRunsAloneLeavesOtherAnswersToTheirQueues) {
  LastFirst device;
  JobRunner runner(device);
  JobQueue<int> others(runner);
  others.submit(1, named("other"));
  int looks = 0;
  const auto answer = runner.run(
      named("alone"), [] { return false; }, [&] { ++looks; });
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->note, "alone");
  EXPECT_EQ(looks, 1);
  EXPECT_EQ(others.wait({}).at(0).measurement.note, "other");
}

TEST(JobRunner, StopsWhenItIsToldTo) {
  LastFirst device;
  device.answers = false;
  JobRunner runner(device);
  int looks = 0;
  EXPECT_FALSE(runner.run(
      named("a"), [&] { return looks == 3; }, [&] { ++looks; }));
  device.answers = true;
  EXPECT_TRUE(device.wait({}).empty()) << "the job was dropped";
}

TEST(JobRunner, CancellingAQueueForgetsItsJobs) {
  LastFirst device;
  JobRunner runner(device);
  JobQueue<int> queue(runner);
  queue.submit(1, named("a"));
  queue.cancel();
  EXPECT_TRUE(queue.is_idle());
  queue.submit(2, named("b"));
  const auto answers = queue.wait({});
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].key, 2);
}

// A device on which two compilers are at work during the first wait, a compiler and a GPU during
// the second, and nothing afterwards. Each wait takes a second of the test's clock.
class SlowDevice : public Device {
 public:
  using Clock = std::chrono::steady_clock;

  const DeviceInfo& info() const override { return info_; }
  int capacity() const override { return 1; }
  void submit(Job) override { activity_ = {.compiling = 2, .compilers = 4, .measurers = 1}; }
  std::vector<Finished> wait(Clock::time_point) override {
    now += std::chrono::seconds(1);
    activity_ = std::exchange(next_, {.compilers = 4, .measurers = 1});
    return {};
  }
  void cancel() override {}
  Activity activity() const override { return activity_; }

  Clock::time_point now{};

 private:
  DeviceInfo info_;
  Activity activity_{.compilers = 4, .measurers = 1};
  Activity next_{.compiling = 1, .compilers = 4, .measuring = 1, .measurers = 1};
};

TEST(JobRunner, SaysHowTheTimeWasSpent) {
  SlowDevice device;
  JobRunner runner(device, EventLog::none(), [&] { return device.now; });
  runner.submit({});
  device.now += std::chrono::seconds(3);  // the caller does something else
  EXPECT_EQ(runner.time_spent().seconds, 3);
  for (int i = 0; i < 3; ++i) runner.wait({});
  const TimeSpent spent = runner.time_spent();
  EXPECT_EQ(spent.seconds, 6);
  EXPECT_EQ(spent.awaiting_compilers_s, 1);
  EXPECT_EQ(spent.awaiting_measurers_s, 1);
  // The device was not looked at while the caller did something else, before it got the job.
  EXPECT_EQ(spent.compiling_s, 2 + 1);
  EXPECT_EQ(spent.measuring_s, 1);
}

}  // namespace
}  // namespace tw
