// The flags that select rows of a database by their context. All subcommands that read a database
// share them.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "db/store.h"
#include "options/options.h"

namespace tw {

std::vector<Flag> filter_flags();
// Returns the filter. Throws Error if a value is not allowed.
Filter filter_of(const Arguments& arguments);

// Returns why no row may have matched: "; there is no op 'gemn': did you mean 'gemm'?" if the
// database has no row of the filter's op or kernel. Empty if it has.
std::string hint_of_filter(const std::string& database, const Filter& filter);

// Returns the winners that match the filter. There is one winner for each source and L2 state; if
// the filter names none of them, the result has the winners of all.
std::vector<Winner> winners_of(const Store& store, Filter filter);

// The flag --objective, and its value. Throws Error if the value is not allowed.
Flag objective_flag(std::string doc);
Objective objective_of(const Arguments& arguments);
// Returns the flag with its value as a shell takes them: "--objective 'time*energy'".
std::string objective_words(Objective objective);

std::span<const std::string> source_names();  // in the order in which winners are shown
std::span<const std::string> l2_states();
std::span<const std::string> outcome_names();

}  // namespace tw
