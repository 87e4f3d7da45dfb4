// The problems with which a header is checked. The emitted choice of branches, written and
// compiled, must give each problem to the branch for which it is sampled.
#include "emit/tuning/samples.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "emit/tuning/choice.h"
#include "selected.h"
#include "unit/emit/fixture.h"

namespace tw {
namespace {

constexpr SampleSize any_size{1e18, 1e18, INT64_MAX, INT64_MAX};

class EmitSamples : public testing::Test {
 protected:
  const Catalog catalog_ = emit_fixture::catalog();
  const OpSpec& op_ = catalog_.at("blend").op;
  EmitRequest request_ = emit_fixture::request(catalog_);
  Tuning tuning_ = tuning_of(request_);

  std::vector<EmitSample> samples(std::size_t most, std::uint64_t seed = 1,
                                  const SampleSize& size = any_size) const {
    return samples_of(tuning_, tuning_.device, most, size, seed);
  }
  std::vector<std::string> texts(const std::vector<EmitSample>& all) const {
    std::vector<std::string> texts;
    for (const EmitSample& one : all) texts.push_back(one.subject + " <- " + one.problem.key(op_));
    return texts;
  }
  // Returns what the compiled header chooses.
  selected_dispatch::Choice chosen(const Problem& problem, const DeviceInfo& device) const {
    const std::array common = common_slots(problem);
    selected::Query query;
    query.form = form_of(tuning_, problem);
    query.problem = {problem.dims[0],    problem.dims[1], problem.dims[2],
                     problem.choices[0], common[0],       common[1],
                     common[2],          common[3],       common[4]};
    for (std::size_t i = 0; i < problem.scalars.size(); ++i) {
      query.scalar[i] = selected_dispatch::kind_of(problem.scalars[i]);
    }
    return selected_dispatch::choose_branch<selected::Selector>(
        query, emit_fixture::emitted<selected::Device>(device));
  }
};

TEST_F(EmitSamples, AreOfTheBranchThatTheHeaderTakes) {
  const std::vector<EmitSample> all = samples(40);
  std::set<std::string> subjects;
  for (const EmitSample& one : all) {
    const auto choice = chosen(one.problem, tuning_.device);
    ASSERT_GE(choice.branch, 0) << one.problem.key(op_);
    const auto& branch = selected::branches[choice.branch];
    EXPECT_EQ(branch.kernel, one.kernel->name);
    EXPECT_EQ(branch.configuration, text_of(one.kernel->knobs, one.configuration));
    EXPECT_EQ(choice.match == selected_dispatch::Match::fallback, one.is_default);
    if (choice.row >= 0) {
      EXPECT_EQ(selected::rows[static_cast<std::size_t>(choice.row)].text, one.subject);
    }
    subjects.insert(one.subject);
  }
  for (const Winner& winner : request_.winners) {
    EXPECT_TRUE(subjects.contains(winner.trial.context.situation.problem))
        << winner.trial.context.situation.problem;
  }
  EXPECT_GT(subjects.size(), request_.winners.size());  // also defaults
}

TEST_F(EmitSamples, BeginWithTheTunedProblemAndAreNoMoreThanAsked) {
  std::map<std::string, std::vector<std::string>> problems;
  for (const EmitSample& one : samples(8)) {
    problems[one.subject].push_back(one.problem.key(op_));
  }
  for (const auto& [subject, keys] : problems) {
    EXPECT_LE(keys.size(), 8u);
    EXPECT_EQ(std::set(keys.begin(), keys.end()).size(), keys.size());
  }
  for (const Winner& winner : request_.winners) {
    const std::string& tuned = winner.trial.context.situation.problem;
    ASSERT_FALSE(problems[tuned].empty()) << tuned;
    EXPECT_EQ(problems[tuned].front(), tuned);
    EXPECT_EQ(problems[tuned].size(), 8u);
  }
}

// For a winner that accepts any rows and columns.
TEST_F(EmitSamples, HoldRaggedPaddedUnalignedAndEdgeShapes) {
  request_.winners.resize(2);
  request_.winners.erase(request_.winners.begin());
  ASSERT_EQ(request_.winners[0].trial.context.situation.problem,
            "blend f32 rows=64,columns=4096 align=4");
  tuning_ = tuning_of(request_);
  const auto any = [&](auto holds) {
    const std::vector<EmitSample> all = samples(8);
    return std::any_of(all.begin(), all.end(), [&](const EmitSample& one) {
      return !one.is_default && holds(one.problem);
    });
  };
  EXPECT_TRUE(any([](const Problem& p) { return p.dims[1] % 16 != 0 && p.dims[1] > 2000; }));
  EXPECT_TRUE(any([](const Problem& p) { return p.dims[2] > p.dims[1]; }));
  EXPECT_TRUE(any([](const Problem& p) { return p.align > 4; }));
  EXPECT_TRUE(any([](const Problem& p) { return p.scalars[0] != 1 || p.scalars[1] != 0; }));
  std::set<std::string> edges;
  for (const std::string& shape : op_.edge_shapes) {
    for (const int align : {4, 16}) {
      edges.insert(parse_problem(op_, {.shape = shape, .align = align}).key(op_));
    }
  }
  EXPECT_TRUE(any([&](const Problem& p) { return edges.contains(p.key(op_)); }));
}

TEST_F(EmitSamples, AreAFunctionOfTheSeed) {
  EXPECT_EQ(texts(samples(8)), texts(samples(8)));
  EXPECT_NE(texts(samples(8)), texts(samples(8, 2)));
}

TEST_F(EmitSamples, AreNoLargerThanAllowed) {
  const SampleSize size{.flops = 1e5, .own_flops = 1e6, .bytes = 1 << 20, .own_bytes = 1 << 24};
  std::size_t smaller = 0;
  for (const EmitSample& one : samples(8, 1, size)) {
    const double flops = flops_of(op_, one.problem, tuning_.device);
    const bool is_own = one.problem.key(op_) == one.subject;
    EXPECT_LE(flops, is_own || one.is_default ? 1e6 : 1e5) << one.problem.key(op_);
    smaller += !is_own;
  }
  EXPECT_GT(smaller, 8u);
}

TEST_F(EmitSamples, TakeTheProblemsThatAreAskedFor) {
  const Problem asked = problem_from_key(op_, "blend f32 rows=65,columns=4000");
  const auto all = samples_of(tuning_, tuning_.device, 2, any_size, 1, {asked});
  EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const EmitSample& one) {
    return one.problem.key(op_) == asked.key(op_) &&
           one.subject == "blend f32 rows=64,columns=4096";
  }));
}

TEST_F(EmitSamples, WithoutWinnersAreOfTheDefaults) {
  request_.winners.clear();
  tuning_ = tuning_of(request_);
  const auto all = samples_of(tuning_, emulated_device(90), 8, any_size, 1);
  EXPECT_GE(all.size(), 8u);
  for (const EmitSample& one : all) EXPECT_TRUE(one.is_default);
}

TEST_F(EmitSamples, LeaveOutADefaultThatWasRejected) {
  request_.winners.clear();
  tuning_ = tuning_of(request_);
  const EmitSample first = samples_of(tuning_, emulated_device(90), 8, any_size, 1).front();
  request_.rejected.push_back(
      {first.kernel->name, text_of(first.kernel->knobs, first.configuration), first.problem});
  tuning_ = tuning_of(request_);
  for (const EmitSample& one : samples_of(tuning_, emulated_device(90), 8, any_size, 1)) {
    EXPECT_NE(one.subject, first.subject);
  }
}

TEST(EmitSamplesOfShippedOps, ReachADefaultOfEach) {
  const Catalog& catalog = emit_fixture::builtin_catalog();
  for (const OpEntry& entry : catalog.ops()) {
    EmitRequest request;
    request.catalog = &catalog;
    request.op = entry.op.name;
    const Tuning tuning = tuning_of(request);
    const auto all = samples_of(tuning, emulated_device(90), 8, any_size, 1);
    EXPECT_GE(all.size(), 8u) << entry.op.name;
  }
}

// The choice before the header is text is also the header's own choice.
TEST_F(EmitSamples, ChooseAsTheHeaderDoes) {
  std::mt19937 random(3);
  const auto draw = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  std::map<dispatch::Match, int> matches;
  for (int round = 0; round < 400; ++round) {
    DeviceInfo device = emulated_device(draw(0, 3) == 0 ? 80 : 90);
    if (draw(0, 3) == 0) device.sms = 114;
    if (draw(0, 9) == 0) device.max_threads = 128;
    Problem problem = tuning_.rows[static_cast<std::size_t>(draw(0, 5))].problem;
    const int columns = draw(0, 2) == 0 ? 4096 : draw(1, 300) * (draw(0, 1) ? 16 : 1);
    problem.dims = {draw(0, 2) == 0 ? 64 : draw(1, 5000), columns,
                    columns + draw(0, 1) * draw(0, 9)};
    problem.align = std::max(size_of(problem.dtype), 4 << draw(0, 2));
    if (draw(0, 3) == 0) problem.scalars[1] = draw(0, 2);
    const dispatch::Choice here = choice_of(tuning_, problem, device);
    const auto there = chosen(problem, device);
    ASSERT_EQ(here.branch, there.branch) << problem.key(op_);
    ASSERT_EQ(here.row, there.row) << problem.key(op_);
    ASSERT_EQ(static_cast<int>(here.match), static_cast<int>(there.match));
    ++matches[here.match];
  }
  for (const auto match :
       {dispatch::Match::exact, dispatch::Match::nearest, dispatch::Match::fallback}) {
    EXPECT_GT(matches[match], 5);
  }
}

}  // namespace
}  // namespace tw
