// Execution plans of cuDNN's graph API: a convolution with the pointwise operations that follow it.
#include <fmt/format.h>
#include <fmt/ranges.h>

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
#include "capture/logs/cudnn_log.h"

namespace tw::capture {
namespace {

// "CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR" gives "MATMUL".
std::string_view kind_of(const CudnnFields& operation) {
  std::string_view type = operation.own_type();
  constexpr std::string_view begin = "CUDNN_BACKEND_OPERATION_", end = "_DESCRIPTOR";
  if (type.starts_with(begin)) type.remove_prefix(begin.size());
  if (type.ends_with(end)) type.remove_suffix(end.size());
  return type;
}

// A MATMUL is one of those: an op of ours computes some, but they are not read.
Unread unread_graph(const std::vector<CudnnFields>& operations) {
  std::vector<std::string_view> kinds;
  for (const CudnnFields& operation : operations) kinds.push_back(kind_of(operation));
  return {fmt::format("graphs of {} are not read", fmt::join(kinds, ", "))};
}

ConvolutionCall graph_call(const CudnnFields& operation, const char* x, const char* y) {
  const CudnnFields descriptor = operation.below("convDesc");
  ConvolutionCall call;
  call.x = tensor_of(operation.below(x));
  call.w = tensor_of(operation.below("wDesc"));
  call.y = tensor_of(operation.below(y));
  call.pad = descriptor.numbers("lowerPadA");
  call.pad_after = descriptor.numbers("upperPadA");
  call.stride = descriptor.numbers("strideA");
  call.dilation = descriptor.numbers("dilationA");
  call.compute = descriptor.word("computeType", "CUDNN_DATA_");
  call.is_correlation = descriptor.word("mode", "CUDNN_") == "CROSS_CORRELATION";
  return call;
}

// Sets what operands of f32 may be rounded to, from the notes of the plan's engine. Returns why it
// cannot; empty if it could.
std::string set_math_of_plan(const CudnnFields& engine, ConvolutionCall& call) {
  const CudnnFields notes = engine.below("numericalNotes");
  const auto has = [&](std::string_view note) {
    return notes.value(fmt::format("CUDNN_NUMERICAL_NOTE_{}", note)) == "true";
  };
  if (notes.empty() && engine.value("numericalNotes").empty()) {
    return "the log does not say the engine's notes";
  }
  for (const char* note : {"DOWN_CONVERT_INPUTS", "REDUCED_PRECISION_REDUCTION"}) {
    if (has(note)) return fmt::format("an engine with the note {}", note);
  }
  call.tf32 = has("TENSOR_CORE");
  return "";
}

// Adds an ADD of the result before. A tensor whose factor is 0 is not added. Returns why it cannot;
// empty if it could.
std::string add_sum_of(const CudnnFields& operation, std::string_view value,
                       ConvolutionCall& call) {
  const bool is_first = operation.below("xDesc").value("uid") == value;
  const bool is_second = operation.below("bDesc").value("uid") == value;
  if (is_first == is_second) return "a sum that is not of its result and another tensor";
  std::string why = operation.other_than(1, is_first ? "alpha1" : "alpha2");
  if (!why.empty()) return why;
  const char* const factor = is_first ? "alpha2" : "alpha1";
  if (operation.number(factor) == 0.0) return "";
  why = operation.other_than(1, factor);
  if (!why.empty()) return why;
  return add_sum(call, tensor_of(operation.below(is_first ? "bDesc" : "xDesc")));
}

// Adds a pointwise operation that takes the tensor `value`. Returns why it cannot; empty if it
// could.
std::string add_pointwise(const CudnnFields& operation, std::string_view value,
                          ConvolutionCall& call) {
  const CudnnFields descriptor = operation.below("pwDesc");
  if (descriptor.word("mode", "CUDNN_POINTWISE_") == "ADD") {
    return add_sum_of(operation, value, call);
  }
  const CapturedStep step = step_of_pointwise(descriptor);
  if (const auto* unread = std::get_if<Unread>(&step)) return unread->why;
  if (operation.below("xDesc").value("uid") != value) return "an operation on another tensor";
  add_step(call, std::get<std::string>(step));
  return operation.other_than(1, "alpha1");
}

// Reads the operations after a convolution. Each takes the result of the one before.
CapturedCall with_chain(ConvolutionCall call, const std::vector<CudnnFields>& operations) {
  CudnnFields result = operations.front().below("yDesc");
  for (std::size_t i = 1; i < operations.size(); ++i) {
    if (kind_of(operations[i]) != "POINTWISE") return unread_graph(operations);
    std::string why = result.value("isVirtual") == "false"
                          ? "a result between the operations that is written too"
                          : add_pointwise(operations[i], result.value("uid"), call);
    if (!why.empty()) return Unread{fmt::format("after a convolution: {}", why)};
    result = operations[i].below("yDesc");
    // Only the last tensor is written, so its layout counts.
    call.y = tensor_of(result);
  }
  return forward_problem(call);
}

// Returns the buffers of a convolution and of the operations after it.
std::string buffers_of(const LogEntry& entry, const std::vector<CudnnFields>& operations,
                       const ConvolutionCall& call) {
  const CudnnFields pack = CudnnFields(entry).below("variantPack");
  const auto address = [&](const CudnnFields& operation, const char* tensor) {
    return pack.value(fmt::format("Uid={}", operation.below(tensor).value("uid")));
  };
  const CudnnFields &first = operations.front(), &last = operations.back();
  const bool is_forward = !first.below("xDesc").empty();
  return LaunchBuffers{
      .process = entry.process(),
      .inputs = {address(first, is_forward ? "xDesc" : "dyDesc"), address(first, "wDesc")},
      .output = address(last, is_forward ? "yDesc" : "dxDesc"),
      .factors = factors_of(call)}
      .key();
}

}  // namespace

CudnnLaunch launch_of_plan(const LogEntry& entry) {
  const CudnnFields fields(entry);
  const CudnnFields engine = fields.below("executionPlan").below("engcfg").below("engine");
  const std::vector<CudnnFields> operations = engine.below("opGraph").all_below("operation");
  if (operations.empty()) return {.call = Unread{"the log does not say the plan's operations"}};
  const CudnnFields& first = operations.front();
  const bool is_forward = kind_of(first) == "CONVOLUTION_FORWARD";
  if (!is_forward && (kind_of(first) != "CONVOLUTION_BACKWARD_DATA" || operations.size() > 1)) {
    return {.call = unread_graph(operations)};
  }
  ConvolutionCall call =
      is_forward ? graph_call(first, "xDesc", "yDesc") : graph_call(first, "dxDesc", "dyDesc");
  CudnnLaunch launch{.buffers = buffers_of(entry, operations, call)};
  std::string why = factors_refusal(first);
  if (why.empty()) why = set_math_of_plan(engine, call);
  if (!why.empty()) {
    launch.call = Unread{std::move(why)};
  } else {
    launch.call = is_forward ? with_chain(std::move(call), operations) : transposed_problem(call);
  }
  return launch;
}

}  // namespace tw::capture
