// Chooses what an emitted header would run for a problem, before the header is text. It uses the
// rules that the header itself contains (emitted/choose.h).
#pragma once
#include "emit/emitted/choose.h"
#include "emit/tuning/tuning.h"

namespace tw {

// Returns what choose_branch() of emitted/selection.h returns in the header, for a program that
// holds all code for the device.
dispatch::Choice choice_of(const Tuning& tuning, const Problem& problem, const DeviceInfo& device);

}  // namespace tw
