// Completes the model of a header: decides everything that the header says.
#pragma once
#include "emit/header/model.h"
#include "emit/tuning/tuning.h"

namespace tw {

// Returns the model of the header. Its digest is empty. Throws Error if a source of a kernel has
// the path of a part that all headers share, or if an expression reads a name that has no meaning
// in a header.
header::Model model_of(const Tuning& tuning);

}  // namespace tw
