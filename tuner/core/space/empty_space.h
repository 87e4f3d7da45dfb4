// The Error of SearchSpace::enumerate that says how many configurations there are: none.
#pragma once
#include "core/base/error.h"

namespace tw {

class EmptySpace : public Error {
 public:
  using Error::Error;
};

}  // namespace tw
