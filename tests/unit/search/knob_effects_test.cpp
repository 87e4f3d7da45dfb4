// Which knobs matter, from trials with invented times.
#include "search/knob_effects.h"

#include <gtest/gtest.h>

#include <cmath>

#include "search/strategies/random.h"

namespace tw {
namespace {

Knob knob(const std::string& name, std::vector<std::int64_t> values) {
  Knob knob;
  knob.name = name;
  knob.values = std::move(values);
  return knob;
}

const std::vector<Knob> knobs{knob("tile", {32, 64, 128}), knob("stages", {2, 3}),
                              knob("raster", {0, 1}), knob("fixed", {7})};

// Every configuration. The tile matters much, the stages little, the raster not at all.
std::vector<TimedConfiguration> all_trials() {
  std::vector<TimedConfiguration> trials;
  for (const std::int64_t tile : {32, 64, 128}) {
    for (const std::int64_t stages : {2, 3}) {
      for (const std::int64_t raster : {0, 1}) {
        const double by_tile = tile == 64 ? 1 : tile == 128 ? 1.25 : 2;
        trials.push_back({{tile, stages, raster, 7}, 1000 * by_tile * (stages == 3 ? 1 : 1.4)});
      }
    }
  }
  return trials;
}

TEST(KnobEffects, PutsTheKnobThatMattersFirst) {
  const auto effects = knob_effects(knobs, all_trials());
  ASSERT_EQ(effects.size(), 3u);  // a knob with one value has no effect
  EXPECT_EQ(effects[0].knob, 0u);
  EXPECT_EQ(effects[1].knob, 1u);
  EXPECT_EQ(effects[2].knob, 2u);
  EXPECT_GT(effects[0].share, 0.5);
  EXPECT_GT(effects[1].share, 0);
  EXPECT_LT(effects[1].share, 0.3);
  EXPECT_EQ(effects[2].share, 0);
}

TEST(KnobEffects, SaysWhatAnotherValueCosts) {
  const auto effects = knob_effects(knobs, all_trials());
  const std::vector<KnobEffect::Value>& tiles = effects[0].values;
  ASSERT_EQ(tiles.size(), 3u);
  EXPECT_EQ(tiles[0].value, 64);
  EXPECT_DOUBLE_EQ(tiles[0].ratio, 1);
  EXPECT_EQ(tiles[1].value, 128);
  EXPECT_NEAR(tiles[1].ratio, 1.25, 1e-9);
  EXPECT_EQ(tiles[2].value, 32);
  EXPECT_NEAR(tiles[2].ratio, 2, 1e-9);
  EXPECT_EQ(tiles[2].trials, 4u);
}

// With k groups of noise, the plain share would be about (k - 1) / n.
TEST(KnobEffects, SeesNothingInNoise) {
  Random random(3);
  double sum = 0;
  constexpr int repeats = 200;
  for (int i = 0; i < repeats; ++i) {
    std::vector<TimedConfiguration> trials;
    for (int j = 0; j < 20; ++j) {
      const auto value = static_cast<std::int64_t>(random.below(5));
      trials.push_back({{value}, std::exp(0.1 * random.uniform())});
    }
    const auto effects = knob_effects({{knob("noise", {0, 1, 2, 3, 4})}}, trials);
    if (!effects.empty()) sum += effects[0].share;
  }
  EXPECT_LT(sum / repeats, 0.12);  // (5 - 1) / 20 is 0.2; clipping at 0 leaves some
}

// One configuration that is a hundred times slower hides nothing.
TEST(KnobEffects, CountsTheBadAsTwiceAsSlow) {
  std::vector<TimedConfiguration> trials = all_trials();
  trials.push_back({{64, 3, 1, 7}, 1e5});
  const auto effects = knob_effects(knobs, trials);
  EXPECT_EQ(effects[0].knob, 0u);
  EXPECT_GT(effects[0].share, 0.3);
}

TEST(KnobEffects, OfNoTrialOrEqualTimesThereIsNone) {
  EXPECT_TRUE(knob_effects(knobs, {}).empty());
  std::vector<TimedConfiguration> equal = all_trials();
  for (TimedConfiguration& trial : equal) trial.time_ns = 5;
  for (const KnobEffect& effect : knob_effects(knobs, equal)) {
    EXPECT_EQ(effect.share, 0);
    EXPECT_DOUBLE_EQ(effect.values.back().ratio, 1);
  }
}

}  // namespace
}  // namespace tw
