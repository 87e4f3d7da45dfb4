// Explains why a winner wins: the counters of winner and runner-up show what bounds the winner and
// how the two differ; the trials show which knobs matter.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/base/statistics.h"
#include "core/model/bottleneck.h"
#include "db/store.h"
#include "search/knob_effects.h"

namespace tw {

// A counter in which the winner and the runner-up differ.
struct CounterChange {
  std::string name;            // name of the metric, see docs/measuring.md
  std::string words;           // "bytes read from DRAM"
  bool is_percentage = false;  // if set, the difference in points counts; otherwise the ratio
  double winner = 0, runner_up = 0;
};

struct Explanation {
  Winner winner;
  // finalists of the winner's race, itself included; 1 if there was no race
  std::size_t finalists = 0;
  std::optional<Bottleneck> bottleneck;  // nothing if the winner was not counted
  // the first finalist that is not tied; otherwise the first tied one
  std::optional<Trial> runner_up;
  bool runner_up_is_tied = false;
  std::optional<Interval> slower;  // how much slower the runner-up is than the fastest, as a ratio
  std::optional<Bottleneck> runner_up_bottleneck;
  std::vector<CounterChange> changes;  // amounts first, then percentages; the largest change first
  std::vector<Knob> knobs;             // the knobs as the trials show them; each value is a word
  std::vector<KnobEffect> effects;
  std::vector<KnobPair> pairs;  // the strongest ones
  std::size_t trials = 0;       // trials of the winner's kernel that have a time
};

// Explains a winner. `finalists` are in the race's order, the winner first. `trials` are the trials
// of the winner's context.
Explanation explain(const Winner& winner, const std::vector<Trial>& finalists,
                    const std::vector<Trial>& trials);

// Returns whether the knob has a share of the variance: without a second trial of any value the
// values cannot be judged.
bool has_share(const Explanation& found, const KnobEffect& effect);

// Returns the effects of the knobs as JSON: [{"knob", "share", "values"}].
nlohmann::ordered_json effects_json(const Explanation& found);
// Returns the pairs as JSON: [{"knobs", "share", "best"}].
nlohmann::ordered_json pairs_json(const Explanation& found);

// Returns a value of the counter in its unit: "12 %", "1.2 GB".
std::string amount_text(const CounterChange& change, double value);
// Returns how the runner-up's value differs: "+3 points", "x 1.20".
std::string change_text(const CounterChange& change);

}  // namespace tw
