#include "capture/cudnn_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "capture/convolution_call.h"
#include "capture/cudnn_fields.h"
#include "capture/launch_buffers.h"

namespace tw::capture {
namespace {

// The functions that compute something, and are none of ours. They end in one of these words, or
// have one of them before "Ex" and the like.
constexpr std::array<std::string_view, 20> computing{"Forward",
                                                     "ForwardInference",
                                                     "ForwardTraining",
                                                     "Backward",
                                                     "BackwardData",
                                                     "BackwardWeights",
                                                     "BackwardFilter",
                                                     "BackwardBias",
                                                     "AddTensor",
                                                     "OpTensor",
                                                     "ReduceTensor",
                                                     "ScaleTensor",
                                                     "SetTensor",
                                                     "TransformTensor",
                                                     "TransformFilter",
                                                     "Im2Col",
                                                     "ReorderFilterAndBias",
                                                     "BackwardEx",
                                                     "ForwardTrainingEx",
                                                     "FusedOpsExecute"};

// Strides of a dense filter, whose log has a format instead.
std::vector<std::int64_t> filter_strides(const std::vector<std::int64_t>& dims, bool nhwc) {
  std::vector<std::int64_t> strides(dims.size(), 1);
  std::int64_t stride = 1;
  const auto take = [&](std::size_t axis) {
    strides[axis] = stride;
    if (__builtin_mul_overflow(stride, dims[axis], &stride)) stride = 0;
  };
  if (nhwc) take(1);
  for (std::size_t axis = dims.size(); axis-- > 2;) take(axis);
  if (!nhwc && dims.size() > 1) take(1);
  if (!dims.empty()) take(0);
  return strides;
}

CudnnTensor tensor_of(const CudnnFields& fields) {
  return {.type = std::string(fields.word("dataType", "CUDNN_DATA_")),
          .dims = fields.numbers("dimA"),
          .strides = fields.numbers("strideA")};
}

CudnnTensor filter_of(const CudnnFields& fields) {
  CudnnTensor filter = tensor_of(fields);
  const bool nhwc = fields.word("format", "CUDNN_TENSOR_") == "NHWC";
  if (filter.dims.size() > 1) filter.strides = filter_strides(filter.dims, nhwc);
  return filter;
}

ConvolutionCall call_of(const CudnnFields& entry, const char* x, const char* y) {
  const CudnnFields descriptor = entry.below("convDesc");
  ConvolutionCall call;
  call.x = tensor_of(entry.below(x));
  call.w = filter_of(entry.below("wDesc"));
  call.y = tensor_of(entry.below(y));
  call.pad = descriptor.numbers("padA");
  call.stride = descriptor.numbers("strideA");
  call.dilation = descriptor.numbers("dilationA");
  call.compute = descriptor.word("dataType", "CUDNN_DATA_");
  // Since Ampere every math but FMA rounds operands of f32 to TF32.
  call.tf32 = descriptor.word("mathType", "CUDNN_") != "FMA_MATH";
  call.is_correlation = descriptor.word("mode", "CUDNN_") == "CROSS_CORRELATION";
  return call;
}

// Adds the steps of cudnnConvolutionBiasActivationForward. Returns false if we have no such steps.
bool add_activation(const CudnnFields& entry, ConvolutionCall& call) {
  call.epilogue = "bias";
  if (entry.number("alpha2", 0) != 0) call.epilogue += ",residual";
  const std::string_view mode = entry.below("activationDesc").word("mode", "CUDNN_ACTIVATION_");
  constexpr std::pair<std::string_view, std::string_view> steps[] = {{"IDENTITY", ""},
                                                                     {"RELU", ",relu"},
                                                                     {"SIGMOID", ",sigmoid"},
                                                                     {"TANH", ",tanh"},
                                                                     {"SWISH", ",silu"}};
  for (const auto& [name, step] : steps) {
    if (name != mode) continue;
    call.epilogue += step;
    return true;
  }
  return false;
}

CudnnLaunch transposed_of(const LogEntry& entry) {
  const CudnnFields fields(entry);
  const ConvolutionCall call = call_of(fields, "dxDesc", "dyDesc");
  CudnnLaunch launch{.call = fields.number("beta", 0) == 0 ? transposed_problem(call)
                                                           : CapturedCall(Unread{"beta is not 0"})};
  launch.buffers = LaunchBuffers{.process = entry.process(),
                                 .inputs = {fields.value("dyData"), fields.value("wData")},
                                 .output = fields.value("dxData"),
                                 .factors = factors_of(call)}
                       .key();
  return launch;
}

CudnnLaunch convolution_of(const LogEntry& entry) {
  const CudnnFields fields(entry);
  ConvolutionCall call = call_of(fields, "xDesc", "yDesc");
  CudnnLaunch launch{.call = Unread{"beta is not 0"}};
  launch.buffers = LaunchBuffers{.process = entry.process(),
                                 .inputs = {fields.value("xData"), fields.value("wData")},
                                 .output = fields.value("yData"),
                                 .factors = factors_of(call)}
                       .key();
  if (entry.function == "cudnnConvolutionBiasActivationForward") {
    launch.call = Unread{"an activation that is no step of ours"};
    if (add_activation(fields, call)) launch.call = forward_problem(call);
  } else if (fields.number("beta", 0) == 0) {
    launch.call = forward_problem(call);
  }
  return launch;
}

// Returns what a call computes that we may have an op for; nothing for other functions.
std::optional<CudnnLaunch> launch_of(const LogEntry& entry) {
  const std::string_view function = entry.function;
  if (function == "cudnnBackendExecute" || function == "cudnnBackendPopulateCudaGraph") {
    return launch_of_plan(entry);
  }
  if (function == "cudnnConvolutionBackwardData") return transposed_of(entry);
  if (function == "cudnnConvolutionForward" ||
      function == "cudnnConvolutionBiasActivationForward") {
    return convolution_of(entry);
  }
  return std::nullopt;
}

}  // namespace

bool counts_cudnn(std::string_view function) {
  return function == "cudnnBackendExecute" || function == "cudnnBackendPopulateCudaGraph" ||
         std::any_of(computing.begin(), computing.end(),
                     [&](std::string_view word) { return function.ends_with(word); });
}

void read_cudnn_entry(const LogEntry& entry, Findings& findings) {
  const std::string_view function = entry.function;
  const std::string_view status = entry.value("status");
  if (!status.empty()) {  // a second entry, after the call
    if (!status.starts_with("CUDNN_STATUS_SUCCESS")) {
      findings.take_back(function, "the call failed");
    }
    return;
  }
  const std::optional<CudnnLaunch> launch = launch_of(entry);
  if (!launch) return findings.add(function, Unread{"no op of ours computes it"});
  findings.add(function, launch->call);
  if (!launch->buffers.empty()) findings.add_outer(launch->buffers);
}

}  // namespace tw::capture
