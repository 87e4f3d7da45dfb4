// The flags that describe a kernel by its source, without a file of ours.
#pragma once
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "options/options.h"

namespace tw {

std::vector<Flag> source_flags();

// Returns whether --kernel names a source: FILE.cu:NAME. Throws Error if it does not, and another
// of the flags is there.
bool has_source(const Arguments& arguments);
// Loads the kernel of --kernel FILE.cu:NAME. With --save-spec, writes its spec and its sources to a
// folder. Throws Error that names the flag.
Catalog catalog_of_source(const Arguments& arguments);

}  // namespace tw
