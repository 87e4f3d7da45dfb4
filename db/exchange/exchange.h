// Exchanges trials between databases through files. CSV holds everything that the database knows of
// the trials. T4, the format of recordings, holds one search space.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/formats/recording.h"
#include "db/store.h"

namespace tw {

// A trial, its run, and its place in a race if it was raced.
struct SharedTrial {
  Trial trial;  // its id and run are valid in its own database only
  RunInfo run;  // its context is the trial's, except kernel, digests and toolchain
  std::string run_started, run_ended, run_status;  // run_ended: empty if it did not end
  std::string race_created;                        // empty, like the two below: not raced
  std::optional<std::int64_t> race_rank, tied;
};

// Returns the trials in the order in which they were committed. Ignores the outcome and limit of
// `filter`. Throws Error like Store::open.
std::vector<SharedTrial> shared_trials(const std::string& path, const Filter& filter);

// The result of an import.
struct Imported {
  std::int64_t runs = 0, trials = 0;  // new ones
  std::int64_t known = 0;             // trials that were there before
  std::int64_t cpu = 0;               // trials left out, because they say nothing about a GPU
};
// Adds the trials to the database `into` as `imported`, and creates the database if it is missing.
// Trials that are there already, from any source, are not added again. Adds all or nothing. Throws
// Error.
Imported import_trials(const std::vector<SharedTrial>& trials, const std::string& into);

// Returns everything about a trial except its id, run and source. Trials are equal if these texts
// are.
std::string facts_of(const Trial& trial);

// Returns a header and one record for each trial. Every number reads back as the same number.
std::string csv_of(const std::vector<SharedTrial>& trials);
// `path` is for messages. Throws Error with the file and the line of the malformed part.
std::vector<SharedTrial> trials_from_csv(std::string_view text, const std::string& path);

// Returns one search space of `trials`: of one problem, kernel, device, source and state of L2.
// Contains the latest trial of each configuration under the digests and versions that were used
// last, and the newest baseline. `filter` narrows the choice. If it gives the full name of a
// problem or device, longer names that contain this name are excluded. Trials that do not fit are
// counted in `left_out`. Throws Error if there are several search spaces, with what distinguishes
// them. If there is none, the recording has no trials.
Recording recording_of(std::vector<SharedTrial> trials, const Filter& filter,
                       std::int64_t& left_out);
// Returns the trials of a recording as the trials of one run. The trials of others' files get the
// same names as their replay. Throws Error if a name in the recording is not allowed.
std::vector<SharedTrial> trials_of(const Recording& recording);

}  // namespace tw
