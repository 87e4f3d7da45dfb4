// Why a winner wins: what bounds it and how it differs from the runner-up, by their counters, and
// which knobs matter, by the trials.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/base/statistics.h"
#include "core/model/bottleneck.h"
#include "db/store.h"
#include "search/knob_effects.h"

namespace tw {

// A counter of which winner and runner-up differ.
struct CounterChange {
  std::string name;            // of the metric, docs/measuring.md
  std::string words;           // "bytes read from DRAM"
  bool is_percentage = false;  // then the difference counts, in points; else the ratio
  double winner = 0, runner_up = 0;
};

struct Explanation {
  Winner winner;
  std::size_t finalists = 0;             // of its race, itself included; 1: there was none
  std::optional<Bottleneck> bottleneck;  // nothing: it was not counted
  std::optional<Trial> runner_up;        // the first that is not tied; else the first tied one
  bool runner_up_is_tied = false;
  std::optional<Interval> slower;  // the runner-up than the fastest, as a ratio
  std::optional<Bottleneck> runner_up_bottleneck;
  std::vector<CounterChange> changes;  // amounts first, then percentages; the largest first
  std::vector<Knob> knobs;             // as far as the trials show them: each a word
  std::vector<KnobEffect> effects;
  std::size_t trials = 0;  // of the winner's kernel, with a time
};

// `finalists` in the race's order, the winner first; `trials` of the winner's context.
Explanation explain(const Winner& winner, const std::vector<Trial>& finalists,
                    const std::vector<Trial>& trials);

}  // namespace tw
