// The project's exception: a fault of the user or of the machine. It is caught once, in main.
#pragma once
#include <stdexcept>

namespace tw {

// what() is one line for the user that names the input and the remedy. The process exits with code
// 2. A kernel that fails is not an Error but data: see measurement.h.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace tw
