// What is told to the user beside the result.
#pragma once
#include <string_view>

namespace tw {

// One line on stderr. That nobody can read it there is no fault: the results go elsewhere.
void say(std::string_view line);

}  // namespace tw
