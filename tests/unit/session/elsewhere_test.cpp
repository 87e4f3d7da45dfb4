// The trials with which a search begins.
#include "session/elsewhere.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/catalog/catalog.h"
#include "unit/db/fixture.h"

namespace tw {
namespace {

const Catalog& catalog() {
  static const Catalog loaded = Catalog::load(builtin_spaces(), builtin_sources());
  return loaded;
}
const OpSpec& gemm() { return catalog().at("gemm").op; }

Problem problem(const std::string& key) { return problem_from_key(gemm(), key); }

TEST(Difference, CountsDoublingsAndWhatElseDiffers) {
  const auto from = [](const std::string& key) {
    return difference(gemm(), problem("gemm f32 m=1024,n=1024,k=1024"), problem(key), true);
  };
  EXPECT_EQ(from("gemm f32 m=1024,n=1024,k=1024"), 0);
  EXPECT_NEAR(from("gemm f32 m=2048,n=1024,k=1024"), 1, 0.01);
  EXPECT_LT(from("gemm f32 m=1100,n=1024,k=1024"), from("gemm f32 m=2048,n=1024,k=1024"));
  EXPECT_GT(from("gemm bf16 m=1024,n=1024,k=1024"), 2);
  EXPECT_GT(from("gemm f32 m=1024,n=1024,k=1024,layout=nt"), 1);
  EXPECT_GT(from("gemm f32 m=1024,n=1024,k=1024 epilogue=relu"), 0);
  EXPECT_GT(
      difference(gemm(), problem("gemm f32 m=1,n=1,k=1"), problem("gemm f32 m=1,n=1,k=1"), false),
      0);
}

class ElsewhereTest : public testing::Test {
 protected:
  ElsewhereTest() : store_(Store::open(folder_ / "t.db", Store::Mode::read_write)) {
    Knob knob;
    knob.name = "x";
    for (int i = 0; i < 40; ++i) knob.values.push_back(i);
    request_.catalog = &catalog();
    request_.problem_key = "gemm f32 m=1024,n=1024,k=1024";
    request_.problem = problem(request_.problem_key);
    request_.situation = context(request_.problem_key).situation;
    request_.competitors.push_back(
        {.kernel = nullptr,
         .name = "simt",
         .space = SearchSpace::enumerate({knob}, {}, 0, std::vector<std::int64_t>(1)),
         .code = context(request_.problem_key).code,
         .space_digest = "s"});
  }

  static Context context(const std::string& problem) {
    Context context;
    context.situation.op = "gemm";
    context.situation.problem = problem;
    context.code.kernel = "simt";
    context.code.source_digest = "d";
    context.situation.device_model = "GPU";
    return context;
  }

  void add(const Context& context, int trials) {
    RunInfo run;
    run.context = context;
    run.device_json = "{}";
    const std::int64_t id = store_.begin_run(run);
    for (int i = 0; i < trials; ++i) {
      Measurement measurement;
      measurement.timer = "test";
      measurement.samples_ns = {100.0 + i};
      if (i == 1) {
        measurement.outcome = Outcome::faulted;
        measurement.samples_ns.clear();
      }
      store_.append(id, TrialKind::search, context, "x=" + std::to_string(i), measurement);
    }
  }

  std::optional<Elsewhere> found() {
    return known_elsewhere(store_, request_, request_.competitors.front());
  }

  TemporaryFolder folder_;
  Store store_;
  SessionRequest request_;
};

TEST_F(ElsewhereTest, TheNearestOfWhichEnoughIsKnown) {
  EXPECT_FALSE(found());
  add(context(request_.problem_key), 40);  // trials of the problem itself are no hint
  EXPECT_FALSE(found());
  add(context("gemm f32 m=4096,n=1024,k=1024"), 20);
  ASSERT_TRUE(found());
  EXPECT_EQ(found()->context.situation.problem, "gemm f32 m=4096,n=1024,k=1024");
  add(context("gemm f32 m=2048,n=1024,k=1024"), 20);
  EXPECT_EQ(found()->context.situation.problem, "gemm f32 m=2048,n=1024,k=1024");
  add(context("gemm f32 m=1025,n=1024,k=1024"), 16);  // 15 of them worked
  EXPECT_EQ(found()->context.situation.problem, "gemm f32 m=2048,n=1024,k=1024");
  const std::vector<Evaluation> evaluations = found()->evaluations;
  ASSERT_EQ(evaluations.size(), 20u);
  EXPECT_EQ(evaluations[2].index, 2u);
  EXPECT_EQ(evaluations[2].time_ns, 102);
  EXPECT_TRUE(std::isinf(evaluations[1].time_ns));
}

TEST_F(ElsewhereTest, AnotherDevicesTrialsOfTheSameProblem) {
  Context other = context(request_.problem_key);
  other.situation.device_model = "older GPU";
  add(other, 20);
  ASSERT_TRUE(found());
  EXPECT_EQ(found()->context.situation.device_model, "older GPU");
  request_.catalog = nullptr;  // as for a foreign recording
  EXPECT_TRUE(found());
}

TEST_F(ElsewhereTest, NotWhatIsTooDifferentOrOfAnotherSource) {
  add(context("gemm f32 m=16,n=16,k=16"), 40);
  Context other = context("gemm f32 m=1025,n=1024,k=1024");
  other.situation.source = Source::cpu;
  add(other, 40);
  other.code.kernel = "mma";
  other.situation.source = Source::measured;
  add(other, 40);
  EXPECT_FALSE(found());
  other = context("gemm f32 m=1025,n=1024,k=1024");
  other.situation.source = Source::imported;
  add(other, 40);
  EXPECT_TRUE(found());
}

}  // namespace
}  // namespace tw
