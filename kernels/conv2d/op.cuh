// The words of the op: how the tensors of a convolution are stored.
#pragma once

#include "common/config.cuh"

namespace tw::conv2d {

// The axes, slowest first. Weights are [k][c / groups][r][s] with nchw, and [k][r][s][c / groups]
// with nhwc.
enum class Layout { nchw, nhwc };

struct Choices {
  Layout layout;
};

}  // namespace tw::conv2d
