// Trials on their way between databases, in files that people pass on: CSV, which holds all that
// the database knows of them, and T4, the form of recordings, which holds one search space.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/formats/recording.h"
#include "db/store.h"

namespace tw {

// A trial, its run, and its place if it was raced.
struct SharedTrial {
  Trial trial;  // its id and run mean something in its own database only
  RunInfo run;  // its context is the trial's, but for kernel, digests and toolchain
  std::string run_started, run_ended, run_status;  // run_ended: empty if it did not end
  std::string race_created;                        // empty: not raced, as the two below
  std::optional<std::int64_t> race_rank, tied;
};

// In the order in which they were committed; `filter`'s outcome and limit do not count. Throws
// Error, as Store::open does.
std::vector<SharedTrial> shared_trials(const std::string& path, const Filter& filter);

struct Imported {
  std::int64_t runs = 0, trials = 0;  // that are new
  std::int64_t known = 0;             // trials that were there already
  std::int64_t cpu = 0;               // trials left out: they say nothing about a GPU
};
// Adds the trials to the database `into`, which is created if it is not there, as `imported`. What
// is there already, from whatever source, is not added again. All or nothing. Throws Error.
Imported import_trials(const std::vector<SharedTrial>& trials, const std::string& into);

// All of a trial but its id, run and source: equal texts, equal trials.
std::string facts_of(const Trial& trial);

// A header and one record a trial; every number reads back as the same.
std::string csv_of(const std::vector<SharedTrial>& trials);
// `path` is for messages. Throws Error with the file and the line of what is malformed.
std::vector<SharedTrial> trials_from_csv(std::string_view text, const std::string& path);

// One search space of `trials`: of one problem, kernel, device, source and state of L2, the latest
// trial of each configuration under the digests and versions that were used last, and the newest
// baseline. `filter` narrows the choice; a problem or device that it names in full excludes those
// whose names contain it. Trials that do not fit count in `left_out`. Throws Error if there are
// several, with what tells them apart. No trials: there is none.
Recording recording_of(std::vector<SharedTrial> trials, const Filter& filter,
                       std::int64_t& left_out);
// The trials of a recording, as of one run; those of others' files are named as their replay is.
// Throws Error if a name in it cannot be one.
std::vector<SharedTrial> trials_of(const Recording& recording);

}  // namespace tw
