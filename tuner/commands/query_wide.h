// tune query --wide: the parts of a problem as columns of their own.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace tw {

// Puts the parts of each row's problem after its `problem`: dtype, math, every dim and choice with
// its value, and the epilogue. All rows get the columns of all ops; a part that the row's op does
// not have is null. Returns the names of the new columns.
std::vector<std::string> widen(nlohmann::ordered_json& rows);

}  // namespace tw
