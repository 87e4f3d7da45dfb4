// The one exception of the project: a fault of the user or of the machine, caught once in main.
#pragma once
#include <stdexcept>

namespace tw {

// what() is one line for the user that names the input and the remedy; the process exits with
// code 2. A kernel that fails is not an Error: it is data, see measurement.h.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace tw
