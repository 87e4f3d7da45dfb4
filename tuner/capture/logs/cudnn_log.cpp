#include "capture/logs/cudnn_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "capture/calls/convolution_call.h"
#include "capture/calls/launch_buffers.h"
#include "capture/logs/cudnn_activation.h"
#include "capture/logs/cudnn_fields.h"

namespace tw::capture {
namespace {

// The functions that compute something end in one of these words. A version or "Ex" may follow.
constexpr std::array<std::string_view, 20> computing{
    "Execute",         "PopulateCudaGraph", "Forward",      "ForwardInference",
    "ForwardTraining", "Backward",          "BackwardData", "BackwardWeights",
    "BackwardFilter",  "BackwardBias",      "CTCLoss",      "AddTensor",
    "OpTensor",        "ReduceTensor",      "ScaleTensor",  "SetTensor",
    "TransformTensor", "TransformFilter",   "Im2Col",       "ReorderFilterAndBias"};

// Returns the name without "_v8" and without "Ex".
std::string_view base_name(std::string_view function) {
  const std::size_t version = function.rfind("_v");
  const std::size_t digits = version == function.npos ? version : version + 2;
  if (digits < function.size() &&
      function.find_first_not_of("0123456789", digits) == function.npos) {
    function = function.substr(0, version);
  }
  if (function.ends_with("Ex")) function.remove_suffix(2);
  return function;
}

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

CudnnTensor filter_of(const CudnnFields& fields) {
  CudnnTensor filter = tensor_of(fields);
  const bool nhwc = fields.word("format", "CUDNN_TENSOR_") == "NHWC";
  if (filter.dims.size() > 1) filter.strides = filter_strides(filter.dims, nhwc);
  return filter;
}

// Sets what operands of f32 may be rounded to.
void set_math(const CudnnFields& entry, ConvolutionCall& call) {
  if (call.x.type != "FLOAT") return;
  const std::string_view math = entry.below("convDesc").word("mathType", "CUDNN_");
  if (math.empty()) call.compute = "an unknown math";
  if (math == "TENSOR_OP_MATH_ALLOW_CONVERSION") call.compute = "FLOAT or HALF";
  // Since Ampere (8.0) every math but FMA rounds to TF32; GPUs before it cannot.
  const auto version = entry.below("handle").below("deviceProp").number("deviceVer");
  call.tf32 = math != "FMA_MATH" && version.value_or(800) >= 800;
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
  set_math(entry, call);
  call.is_correlation = descriptor.word("mode", "CUDNN_") == "CROSS_CORRELATION";
  return call;
}

// Adds the steps of cudnnConvolutionBiasActivationForward. Returns why it cannot; empty if it can.
std::string add_activation(const CudnnFields& fields, ConvolutionCall& call) {
  std::string why = fields.other_than(1, "alpha1");
  if (why.empty()) why = add_sum(call, tensor_of(fields.below("biasDesc")));
  if (why.empty() && fields.number("alpha2") != 0.0) {
    why = fields.other_than(1, "alpha2");
    if (why.empty()) why = add_sum(call, tensor_of(fields.below("zDesc")));
  }
  if (!why.empty()) return why;
  const CapturedStep step = step_of_activation(fields.below("activationDesc"));
  if (const auto* unread = std::get_if<Unread>(&step)) return unread->why;
  add_step(call, std::get<std::string>(step));
  return "";
}

CudnnLaunch launch_of_convolution(const LogEntry& entry) {
  const CudnnFields fields(entry);
  const bool is_forward = entry.function != "cudnnConvolutionBackwardData";
  const bool activates = entry.function == "cudnnConvolutionBiasActivationForward";
  ConvolutionCall call =
      is_forward ? call_of(fields, "xDesc", "yDesc") : call_of(fields, "dxDesc", "dyDesc");
  CudnnLaunch launch;
  launch.buffers = LaunchBuffers{.process = entry.process(),
                                 .inputs = {fields.value(is_forward ? "xData" : "dyData"),
                                            fields.value("wData")},
                                 .output = fields.value(is_forward ? "yData" : "dxData"),
                                 .factors = factors_of(call)}
                       .key();
  std::string why = activates ? add_activation(fields, call) : factors_refusal(fields);
  if (!why.empty()) {
    launch.call = Unread{std::move(why)};
  } else {
    launch.call = is_forward ? forward_problem(call) : transposed_problem(call);
  }
  return launch;
}

CudnnLaunch launch_of(const LogEntry& entry) {
  const std::string_view function = entry.function;
  if (function == "cudnnBackendExecute" || function == "cudnnBackendPopulateCudaGraph") {
    return launch_of_plan(entry);
  }
  if (function == "cudnnConvolutionBackwardData" || function == "cudnnConvolutionForward" ||
      function == "cudnnConvolutionBiasActivationForward") {
    return launch_of_convolution(entry);
  }
  return {.call = Unread{"no op of ours computes it"}};
}

}  // namespace

bool counts_cudnn(std::string_view function) {
  const std::string_view name = base_name(function);
  return std::any_of(computing.begin(), computing.end(),
                     [&](std::string_view word) { return name.ends_with(word); });
}

void read_cudnn_entry(const LogEntry& entry, Findings& findings) {
  const std::string caller = fmt::format("{} {}", entry.process(), entry.thread());
  const std::string_view status = entry.value("status");
  if (entry.is_error || !status.empty()) {  // a second entry, after the call
    const bool works = !entry.is_error && status.starts_with("CUDNN_STATUS_SUCCESS");
    return findings.end_outer(entry.function, caller, works ? "" : "the call failed");
  }
  const CudnnLaunch launch = launch_of(entry);
  findings.add_outer(entry.function, launch.call, {.caller = caller, .buffers = launch.buffers});
}

}  // namespace tw::capture
