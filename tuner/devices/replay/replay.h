// The replay device: answers from a recorded search space what was measured when it was recorded.
#pragma once
#include <memory>
#include <string>

#include "device.h"
#include "recording.h"

namespace tw {

// Answers each job by its configuration's text, with the recorded outcome and samples and the timer
// "replay"; the recorded objective is metrics["recorded_ns"]. A configuration, a problem, a kernel
// or a baseline that was not recorded gives launch_failed, "not in the recording". A race round
// gives the next max_samples of the recorded samples, beginning again after the last and at a place
// that the job's seed decides. Deterministic: the same jobs in the same order give the same
// answers.
//
// info() is the recorded device, of the kind "replay". `current_source_digest`: of the kernel's
// source as it is now, empty if it is unknown; if another source was recorded, that is a notice.
std::unique_ptr<Device> open_replay(Recording recording,
                                    const std::string& current_source_digest = "");

}  // namespace tw
