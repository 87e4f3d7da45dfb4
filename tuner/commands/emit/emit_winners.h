// The winners that a header is made of.
#pragma once
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "db/store.h"
#include "options/options.h"

namespace tw {

// Returns the filter of --problem, --device, --source and --l2. The default source is measured.
Filter emit_filter(const Arguments& arguments, const std::string& op);
// Returns the winners of the database that match the filter, without those of earlier versions of
// the kernels, of which a notice is printed. If there are none, `nothing` says why.
std::vector<Winner> emit_winners(const std::string& path, const Filter& filter,
                                 const OpEntry& entry, std::string& nothing);
// Returns the models of the winners' devices, each once.
std::vector<std::string> models_of(const std::vector<Winner>& winners);
// Throws Error if the winners are of several devices.
void check_one_device(const std::string& path, const std::vector<Winner>& winners);

}  // namespace tw
