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

// Trials of all values of three knobs, twice, with noise of 1 %. `log_of` is the logarithm of a
// configuration's time.
template <class LogOf>
std::vector<TimedConfiguration> noisy_trials(Random& random, LogOf log_of) {
  std::vector<TimedConfiguration> trials;
  for (int repeat = 0; repeat < 2; ++repeat) {
    for (const std::int64_t tile : {32, 64, 128}) {
      for (const std::int64_t stages : {2, 3}) {
        for (const std::int64_t raster : {0, 1}) {
          const double noise = 0.01 * (random.uniform() - 0.5);
          trials.push_back(
              {{tile, stages, raster, 7}, 1000 * std::exp(log_of(tile, stages, raster) + noise)});
        }
      }
    }
  }
  return trials;
}

TEST(KnobPairs, FindsTheKnobsThatInteract) {
  Random random(1);
  // Two stages are best for the small tile, three for the others; the raster adds its own.
  const auto trials = noisy_trials(random, [](auto tile, auto stages, auto raster) {
    return (tile == 32) == (stages == 2) ? 0.1 * static_cast<double>(raster)
                                         : 0.3 + 0.1 * static_cast<double>(raster);
  });
  const std::vector<KnobPair> pairs = knob_pairs(knobs, trials);
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_EQ(pairs[0].first, 0u);
  EXPECT_EQ(pairs[0].second, 1u);
  EXPECT_GT(pairs[0].share, 0.6);
  EXPECT_LT(pairs[0].share, 0.9);  // a tenth is the raster's, a tenth what stages do alone
  ASSERT_EQ(pairs[0].best.size(), 3u);
  for (const KnobPair::Best& best : pairs[0].best) {
    EXPECT_EQ(best.second, best.first == 32 ? 2 : 3) << best.first;
    EXPECT_NEAR(best.ratio, 1, 0.02);
    EXPECT_EQ(best.trials, 4u);
  }
}

TEST(KnobPairs, EffectsThatAddAreNoPair) {
  Random random(2);
  int found = 0;
  for (int i = 0; i < 100; ++i) {
    const auto trials = noisy_trials(random, [](auto tile, auto stages, auto raster) {
      return 0.2 * std::log2(static_cast<double>(tile) / 32) +
             0.1 * static_cast<double>(stages - 2) + 0.05 * static_cast<double>(raster);
    });
    found += static_cast<int>(knob_pairs(knobs, trials).size());
  }
  EXPECT_LE(found, 12);  // 5 % of 100, with room for chance
}

// A search does not try all pairs of values. Without some, knobs that only add could look as if
// they depended on each other.
TEST(KnobPairs, MissingPairsOfValuesAreNoEffect) {
  Random random(3);
  int found = 0;
  for (int i = 0; i < 100; ++i) {
    auto trials = noisy_trials(random, [](auto tile, auto stages, auto raster) {
      return 0.3 * std::log2(static_cast<double>(tile) / 32) +
             0.2 * static_cast<double>(stages - 2) + 0.05 * static_cast<double>(raster);
    });
    std::erase_if(trials, [](const TimedConfiguration& trial) {
      return trial.values[0] == 128 && trial.values[1] == 2;
    });
    found += static_cast<int>(knob_pairs(knobs, trials).size());
  }
  EXPECT_LE(found, 12);
}

TEST(KnobPairs, OneTrialOfEachPairShowsNothing) {
  EXPECT_TRUE(knob_pairs(knobs, {}).empty());
  const std::vector<TimedConfiguration> trials{
      {{32, 2, 0, 7}, 1}, {{32, 3, 0, 7}, 2}, {{64, 2, 0, 7}, 2}, {{64, 3, 0, 7}, 1}};
  EXPECT_TRUE(knob_pairs(knobs, trials).empty());
  // No trial connects these two tiles by a number of stages.
  const std::vector<TimedConfiguration> apart{{{32, 2, 0, 7}, 1}, {{32, 2, 1, 7}, 2},
                                              {{64, 3, 0, 7}, 2}, {{64, 3, 1, 7}, 1},
                                              {{64, 3, 0, 7}, 2}, {{32, 2, 1, 7}, 2}};
  for (const KnobPair& pair : knob_pairs(knobs, apart)) {
    EXPECT_FALSE(pair.first == 0 && pair.second == 1);
  }
}

}  // namespace
}  // namespace tw
