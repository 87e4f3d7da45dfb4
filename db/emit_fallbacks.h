// Which configurations an emitted header keeps for what was never tuned.
#pragma once
#include <vector>

#include "emit_model.h"

namespace tw {

// Branches of `form`, in the order in which they are to be tried: of each kernel the default
// configuration, and the fewest further ones with which every case is served that the kernel serves
// at all: the op's edge shapes and a round one, for each value of each choice, with aligned and
// merely natural pointers, on the tuned device and on smaller ones.
std::vector<Branch> fallbacks_of(const EmitModel& model, int form);

}  // namespace tw
