// Several users share a device through one runner; nobody gets an answer to a job of another.
#include "devices/job_runner.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
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

// A device on which a job is compiled during the first wait, and measured during the second.
class SlowDevice : public Device {
 public:
  const DeviceInfo& info() const override { return info_; }
  int capacity() const override { return 1; }
  void submit(Job) override { activity_.compiling = 2; }
  std::vector<Finished> wait(std::chrono::steady_clock::time_point) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    activity_ = std::exchange(next_, {.compilers = 4, .measurers = 1});
    return {};
  }
  void cancel() override {}
  Activity activity() const override { return activity_; }

 private:
  DeviceInfo info_;
  Activity activity_{.compilers = 4, .measurers = 1};
  Activity next_{.compiling = 1, .compilers = 4, .measuring = 1, .measurers = 1};
};

TEST(JobRunner, SaysHowTheTimeWasSpent) {
  SlowDevice device;
  JobRunner runner(device);
  runner.submit({});
  const TimeSpent begun = runner.time_spent();
  EXPECT_EQ(begun.awaiting_compilers_s, 0);
  runner.wait({});
  const TimeSpent compiled = runner.time_spent();
  EXPECT_GE(compiled.awaiting_compilers_s, 0.005);
  EXPECT_EQ(compiled.awaiting_measurers_s, 0);
  EXPECT_GE(compiled.compiling_s, 0.010) << "two compilers were at work";
  runner.wait({});
  runner.wait({});  // nothing is at work
  const TimeSpent all = runner.time_spent();
  EXPECT_EQ(all.awaiting_compilers_s, compiled.awaiting_compilers_s);
  EXPECT_GE(all.awaiting_measurers_s, 0.005);
  EXPECT_GE(all.seconds, 0.015);
  EXPECT_LE(all.awaiting_compilers_s + all.awaiting_measurers_s, all.seconds - 0.005);
  EXPECT_GE(all.measuring_s, all.awaiting_measurers_s);
}

}  // namespace
}  // namespace tw
