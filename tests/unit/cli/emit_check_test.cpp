// The check before emit, with a fake device that finds wrong what the test names.
#include "check/emit_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "core/catalog/catalog.h"
#include "unit/emit/fixture.h"

namespace tw {
namespace {

using testing::HasSubstr;

class VerifyingDevice : public Device {
 public:
  using Faulty = std::function<bool(const Job&)>;
  explicit VerifyingDevice(Faulty faulty) : faulty_(std::move(faulty)) {
    info_ = emit_fixture::device();
    info_.kind = DeviceKind::cuda;
    info_.model = "fake";
    info_.memory_bytes = std::int64_t{8} << 30;
  }
  const DeviceInfo& info() const override { return info_; }
  int capacity() const override { return 3; }
  void submit(Job job) override {
    EXPECT_EQ(job.purpose, Purpose::verify);
    EXPECT_EQ(job.plan.problem->oracle.kind, OraclePlan::Kind::reference);
    EXPECT_LT(queue_.size(), 3u);
    EXPECT_TRUE(seen.insert(job.kernel + job.configuration + job.problem).second) << "run twice";
    queue_.push_back(std::move(job));
  }
  // Returns the newest job first.
  std::vector<Finished> wait(std::chrono::steady_clock::time_point) override {
    if (queue_.empty()) return {};
    Finished finished;
    finished.id = queue_.back().id;
    if (faulty_(queue_.back())) {
      finished.measurement.outcome = Outcome::wrong_result;
      finished.measurement.note = "out[3] = 7";
    }
    queue_.pop_back();
    return {finished};
  }
  void cancel() override { queue_.clear(); }

  std::set<std::string> seen;

 private:
  Faulty faulty_;
  DeviceInfo info_;
  std::deque<Job> queue_;
};

class EmitCheck : public testing::Test {
 protected:
  const Catalog catalog_ = emit_fixture::catalog();
  EmitRequest request_ = emit_fixture::request(catalog_);

  std::vector<LeftOut> check(VerifyingDevice& device) {
    Progress progress(stderr, Progress::Mode::quiet, 80,
                      [] { return std::chrono::steady_clock::time_point{}; });
    return check_before_emit(request_, device, {}, progress, [] { return false; });
  }
  bool holds(const std::string& problem) const {
    return std::any_of(request_.winners.begin(), request_.winners.end(), [&](const Winner& winner) {
      return winner.trial.context.situation.problem == problem;
    });
  }
};

TEST_F(EmitCheck, EntersWhatWasChecked) {
  VerifyingDevice device([](const Job&) { return false; });
  const std::size_t winners = request_.winners.size();
  EXPECT_TRUE(check(device).empty());
  EXPECT_EQ(request_.winners.size(), winners);
  EXPECT_EQ(request_.checked_on, "fake");
  for (const Winner& winner : request_.winners) {
    EXPECT_EQ(request_.checked.at(winner.trial.context.situation.problem), 8);
  }
  const std::string text = emit(request_).at("blend.cuh");
  EXPECT_THAT(text, HasSubstr("//     checked on fake, 8 shapes\n"));
  EXPECT_THAT(text, HasSubstr("// Checked on fake before it was written"));
  EXPECT_THAT(text, HasSubstr("that were not tuned; checked on fake, "));
}

TEST_F(EmitCheck, WithoutItTheHeaderSaysSo) {
  const std::string text = emit(request_).at("blend.cuh");
  EXPECT_THAT(text, HasSubstr("// Not checked before it was written"));
  EXPECT_THAT(text, HasSubstr("//     not checked\n"));
}

TEST_F(EmitCheck, LeavesOutAWinnerThatIsWrongNearItsProblem) {
  const std::string tuned = "blend f32 rows=64,columns=4096";
  VerifyingDevice device([&](const Job& job) {
    return job.configuration == "threads=128 vector=4 path=straight streaming=true" &&
           job.problem != tuned;
  });
  const std::vector<LeftOut> left_out = check(device);
  ASSERT_EQ(left_out.size(), 1u);
  EXPECT_EQ(left_out[0].subject, tuned);
  EXPECT_FALSE(left_out[0].is_default);
  EXPECT_EQ(left_out[0].why, "wrong_result: out[3] = 7");
  EXPECT_NE(left_out[0].problem, tuned);
  EXPECT_FALSE(holds(tuned));
  EXPECT_EQ(request_.winners.size(), 5u);
  EXPECT_THAT(emit(request_).at("blend.cuh"), testing::Not(HasSubstr("streaming=true")));
}

// A branch that takes over is checked on the problem that failed. Here everything of one kernel is
// wrong.
TEST_F(EmitCheck, GoesOnUntilWhatTakesOverIsRight) {
  VerifyingDevice device([&](const Job& job) { return job.kernel == "direct"; });
  const std::vector<LeftOut> left_out = check(device);
  EXPECT_TRUE(std::any_of(left_out.begin(), left_out.end(),
                          [](const LeftOut& one) { return one.is_default; }));
  ASSERT_EQ(request_.winners.size(), 1u);
  EXPECT_EQ(request_.winners[0].trial.context.code.kernel, "passes");
  for (const auto& [subject, shapes] : request_.checked) {
    EXPECT_THAT(subject, testing::Not(HasSubstr("direct")));
  }
}

TEST_F(EmitCheck, WithoutWinnersChecksTheDefaultsForTheDevice) {
  request_.winners.clear();
  VerifyingDevice device([](const Job&) { return false; });
  EXPECT_TRUE(check(device).empty());
  EXPECT_FALSE(request_.checked.empty());
}

TEST_F(EmitCheck, EndsWhenItIsStopped) {
  VerifyingDevice device([](const Job&) { return false; });
  Progress progress(stderr, Progress::Mode::quiet, 80,
                    [] { return std::chrono::steady_clock::time_point{}; });
  int asked = 0;
  check_before_emit(request_, device, {}, progress, [&] { return ++asked > 5; });
  EXPECT_LT(device.seen.size(), 20u);
}

}  // namespace
}  // namespace tw
