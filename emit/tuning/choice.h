// Chooses what an emitted header would run for a problem, before the header is text. It uses the
// rules that the header itself contains (emitted/choose.h).
#pragma once
#include "emit/emitted/choose.h"
#include "emit/tuning/tuning.h"

namespace tw {

// Returns what choose_branch() of emitted/selection.h returns in the header, for a program that
// holds all code for the device.
dispatch::Choice choice_of(const Tuning& tuning, const Problem& problem, const DeviceInfo& device);
// Returns whether the kernel's sources test for a target with an "a" or "f", such as sm_90a. If so,
// only code for that target was measured.
bool has_own_target(const Catalog& catalog, const KernelSpec& kernel);
// Returns whether the branch can run the problem, as `serves` of dispatch/select.h does in such a
// program: needs and requirements hold, and the launches are possible.
bool can_run(const Tuning& tuning, const Branch& branch, const Problem& problem,
             const DeviceInfo& device);

}  // namespace tw
