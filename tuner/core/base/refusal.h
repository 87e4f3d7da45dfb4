// "No" as a value.
#pragma once
#include <string>

namespace tw {

// The reason why there is no result: one line for the user, as of an Error.
struct Refusal {
  std::string reason;
};

}  // namespace tw
