// The replay device: answers from a recorded search space what was measured when it was recorded.
#pragma once
#include <memory>
#include <vector>

#include "core/formats/recording.h"
#include "devices/device.h"

namespace tw {

// Answers each job by its kernel and its configuration's text, with the recorded outcome and samples
// and the timer "replay"; the recorded objective is metrics["recorded_ns"]. A configuration, a
// problem, a kernel or a baseline that was not recorded gives launch_failed, "not in the
// recording". A race round gives the next max_samples of the recorded samples, beginning again
// after the last and at a place that the job's seed decides. Deterministic: the same jobs in the
// same order give the same answers.
//
// `recordings`: one or more, of different kernels, taken on one model of device. info() is the
// first one's device, of the kind "replay".
std::unique_ptr<Device> open_replay(std::vector<Recording> recordings);

}  // namespace tw
