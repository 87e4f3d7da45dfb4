// The activations of cuDNN as steps of an epilogue.
#pragma once
#include <string>
#include <variant>

#include "capture/calls/library_call.h"
#include "capture/logs/cudnn_fields.h"

namespace tw::capture {

// A step as --epilogue takes it, empty for the identity; or why no step of ours computes the same.
using CapturedStep = std::variant<std::string, Unread>;

// Returns the step of a pointwise operation of the graph API, from its pwDesc.
CapturedStep step_of_pointwise(const CudnnFields& descriptor);
// Returns the step of an activation of the older API, from its activationDesc.
CapturedStep step_of_activation(const CudnnFields& descriptor);

}  // namespace tw::capture
