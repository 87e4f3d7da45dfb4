// The lines of a header's comments that say where its numbers come from.
#pragma once
#include <string>
#include <vector>

#include "emit/tuning/left_out.h"
#include "emit/tuning/tuning.h"

namespace tw {

// Returns the origin of the whole header, one string for each line: the device, the digests of the
// kernels, and the check.
std::vector<std::string> origins_of(const Tuning& tuning);
// Returns the measurement of a row, one string for each line: time, rate, registers, place, date.
std::vector<std::string> evidence_of(const Tuning& tuning, const TunedRow& row);
// Returns the regrets of a branch, one string for each: the measured one on the problems that it
// serves, and the predicted one for problems that were not tuned. `left_out` is
// choices_left_out(tuning).
std::vector<std::string> regrets_of(const Tuning& tuning, int branch,
                                    const std::vector<LeftOutChoice>& left_out);
// Returns "checked on NVIDIA H200, 8 shapes", or "not checked", for the subject of a row or a
// fallback.
std::string check_of(const Tuning& tuning, const std::string& subject);

}  // namespace tw
