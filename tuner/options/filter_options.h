// The flags that choose rows of a database by their context; shared by the subcommands that read it.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "db/store.h"
#include "options/options.h"

namespace tw {

std::vector<Flag> filter_flags();
// Throws Error if a value is none of those allowed.
Filter filter_of(const Arguments& arguments);

// A winner is asked for by source and state of L2; without them, the winners of all of each.
std::vector<Winner> winners_of(const Store& store, Filter filter);

std::span<const std::string> source_names();  // in the order in which winners are shown
std::span<const std::string> l2_states();

}  // namespace tw
