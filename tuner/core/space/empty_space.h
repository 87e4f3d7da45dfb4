// The Error that SearchSpace::enumerate throws if no configuration is valid.
#pragma once
#include "core/base/error.h"

namespace tw {

class EmptySpace : public Error {
 public:
  using Error::Error;
};

}  // namespace tw
