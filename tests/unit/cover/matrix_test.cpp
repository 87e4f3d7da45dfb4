#include "cover/matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "unit/db/fixture.h"

namespace tw {
namespace {

using testing::ElementsAre;

Contender simt(int x) { return {"simt", "x=" + std::to_string(x)}; }

TEST(WorthRacing, AreThoseThatAreClearlyFasterThanTheWinner) {
  const std::vector<TimedContender> times{
      {simt(1), 100}, {simt(2), 90}, {simt(3), 99.5}, {simt(4), 80}, {simt(5), 200}};
  EXPECT_THAT(worth_racing(times, simt(1), {}), ElementsAre(simt(1), simt(4), simt(2)));
  EXPECT_TRUE(worth_racing(times, simt(4), {}).empty());
}

TEST(WorthRacing, AreNotThoseThatLostARaceAgainstIt) {
  const std::vector<TimedContender> times{{simt(1), 100}, {simt(2), 90}, {simt(4), 80}};
  const std::vector<Contender> raced{simt(1), simt(2), simt(4)};
  EXPECT_TRUE(worth_racing(times, simt(1), raced).empty());
  EXPECT_THAT(worth_racing(times, simt(1), std::vector<Contender>{simt(1), simt(4)}),
              ElementsAre(simt(1), simt(2)));
}

TEST(WorthRacing, AreFiveWithTheWinner) {
  std::vector<TimedContender> times{{simt(0), 100}};
  for (int i = 1; i < 9; ++i) times.push_back({simt(i), 90.0 - i});
  EXPECT_THAT(worth_racing(times, simt(0), {}),
              ElementsAre(simt(0), simt(8), simt(7), simt(6), simt(5)));
}

TEST(WorthRacing, AreNoneIfTheWinnerHasNoTime) {
  EXPECT_TRUE(worth_racing({{simt(2), 90}}, simt(1), {}).empty());
}

// The database knows two configurations of three.
class KnownTimes : public DbTest {
 protected:
  KnownTimes() {
    Knob knob;
    knob.name = "x";
    knob.values = {1, 2, 3, 4};
    request_.situation = context().situation;
    Competitor simt{.kernel = nullptr,
                    .name = "simt",
                    .space = SearchSpace::from_list({knob}, {{1}, {2}, {4}}),
                    .code = context().code,
                    .space_digest = "s1"};
    request_.competitors.push_back(std::move(simt));
    const std::int64_t run = store_.begin_run(run_info());
    store_.append(run, TrialKind::search, context(), "x=1", ok(100));
    store_.append(run, TrialKind::search, context(), "x=2", failed(Outcome::wrong_result, "y"));
    store_.append(run, TrialKind::search, context(), "x=3", ok(50));
    Context other = context();
    other.situation.driver = "570.1";
    store_.append(run, TrialKind::search, other, "x=4", ok(10));
  }
  SessionRequest request_;
  Store store_ = store();
};

TEST_F(KnownTimes, AreThoseOfTheSpaceThatWorked) {
  const std::vector<TimedContender> times = times_in(request_, store_);
  ASSERT_EQ(times.size(), 1u);
  EXPECT_EQ(times[0].contender, simt(1));
  EXPECT_EQ(times[0].median_ns, 100);
}

TEST_F(KnownTimes, AFailureIsKnownToo) { EXPECT_EQ(unknown_in(request_, store_), 1u) << "x=4"; }

}  // namespace
}  // namespace tw
