// What wins a problem, by how much, and why, as JSON.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "report/group.h"
#include "report/work.h"

namespace tw {

// Returns the verdict of a group that has a winner. Its texts are those of `tune` and `tune query`.
nlohmann::ordered_json verdict_json(const Group& group, const Work& work);

// Returns what `tune explain` says: what bounds the winner, how the runner-up differs, and the
// effect of each knob.
nlohmann::ordered_json explanation_json(const Group& group);

// Returns the newest median of each library that was measured as a baseline.
nlohmann::ordered_json baselines_json(const Group& group);

}  // namespace tw
