// The replay device: answers with the measurements of a recorded search space.
#pragma once
#include <memory>
#include <vector>

#include "core/formats/recording.h"
#include "devices/device.h"

namespace tw {

// Opens the replay device. It answers each job by its kernel and its configuration's text, with the
// recorded outcome and samples and the timer "replay"; the recorded objective is
// metrics["recorded_ns"]. A configuration, a problem, a kernel or a baseline that was not recorded
// gives launch_failed, "not in the recording". A race round returns the next max_samples of the
// recorded samples, and the recorded energy. It starts at a place that the job's seed decides, and
// wraps around after the last sample. The device is deterministic: the same jobs in the same order
// give the same answers.
//
// `recordings` is one or more recordings of different kernels, made on one model of device. info()
// is the first recording's device, with the kind "replay".
std::unique_ptr<Device> open_replay(std::vector<Recording> recordings);

}  // namespace tw
