#include "capture/logs/cudnn_activation.h"

#include <fmt/format.h>

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace tw::capture {
namespace {

// A bound from here on is none. The log rounds the largest float down to 3.40282e+38.
constexpr double no_bound = 3.4e38;

CapturedStep relu_of(const CudnnFields& descriptor) {
  const auto lower = descriptor.number("ReluLowerClip"), upper = descriptor.number("ReluUpperClip"),
             slope = descriptor.number("ReluLowerClipSlope");
  if (!lower || !upper || !slope) return Unread{"the log does not say the bounds of RELU"};
  if (*slope == 0 && *upper < no_bound) {
    if (*lower == 0 && *upper == 6) return "relu6";
    return fmt::format("clamp({},{})", *lower, *upper);
  }
  if (*lower == 0 && *upper >= no_bound) {
    return *slope == 0 ? "relu" : fmt::format("leaky_relu({})", *slope);
  }
  return Unread{"a RELU with other bounds than a step of ours"};
}

CapturedStep elu_of(const CudnnFields& descriptor) {
  const auto alpha = descriptor.number("EluAlpha");
  if (!alpha) return Unread{"the log does not say EluAlpha"};
  return fmt::format("elu({})", *alpha);
}

// A step that has no scalar. It computes a mode whose parameter, if the mode has one, is 1.
struct PlainStep {
  std::string_view mode, step, parameter;
};
// cuDNN 9 does not log the parameter of SWISH.
constexpr PlainStep pointwise_steps[] = {{"TANH_FWD", "tanh", ""},
                                         {"SIGMOID_FWD", "sigmoid", ""},
                                         {"GELU_FWD", "gelu", ""},
                                         {"GELU_APPROX_TANH_FWD", "gelu_tanh", ""},
                                         {"SOFTPLUS_FWD", "softplus", "SoftplusBeta"},
                                         {"SWISH_FWD", "silu", "SwishBeta"}};
constexpr PlainStep activation_steps[] = {{"IDENTITY", "", ""},
                                          {"SIGMOID", "sigmoid", ""},
                                          {"TANH", "tanh", ""},
                                          {"SWISH", "silu", "swish_beta"}};

template <std::size_t Count>
std::optional<CapturedStep> plain_of(const PlainStep (&steps)[Count], std::string_view mode,
                                     const CudnnFields& descriptor) {
  for (const PlainStep& one : steps) {
    if (one.mode != mode) continue;
    std::string why = one.parameter.empty() ? "" : descriptor.other_than(1, one.parameter);
    if (!why.empty()) return Unread{std::move(why)};
    return std::string(one.step);
  }
  return std::nullopt;
}

}  // namespace

CapturedStep step_of_pointwise(const CudnnFields& descriptor) {
  const std::string_view mode = descriptor.word("mode", "CUDNN_POINTWISE_");
  if (mode == "RELU_FWD") return relu_of(descriptor);
  if (mode == "ELU_FWD") return elu_of(descriptor);
  if (auto step = plain_of(pointwise_steps, mode, descriptor)) return *std::move(step);
  return Unread{fmt::format("pointwise operation {}", mode)};
}

CapturedStep step_of_activation(const CudnnFields& descriptor) {
  const std::string_view mode = descriptor.word("mode", "CUDNN_ACTIVATION_");
  if (mode == "RELU") {
    // An upper bound; programs that want none give 0 or the largest number.
    const auto bound = descriptor.number("coef");
    if (!bound) return Unread{"the log does not say the bound of RELU"};
    if (*bound != 0 && !(*bound >= no_bound)) return Unread{"a RELU with an upper bound"};
    return "relu";
  }
  if (auto step = plain_of(activation_steps, mode, descriptor)) return *std::move(step);
  return Unread{fmt::format("activation {}", mode)};
}

}  // namespace tw::capture
