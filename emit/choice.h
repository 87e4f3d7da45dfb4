// What an emitted header would run for a problem, before it is text: by the rules that it carries
// itself (emitted/choose.h).
#pragma once
#include "emit/emitted/choose.h"
#include "emit/model.h"

namespace tw {

// As `choose` of dispatch/select.h. Throws Error if the op's reference cannot compute the problem.
dispatch::Choice choice_of(const EmitModel& model, const Problem& problem,
                           const DeviceInfo& device);

}  // namespace tw
