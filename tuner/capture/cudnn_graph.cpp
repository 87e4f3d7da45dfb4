// Execution plans of cuDNN's graph API: a convolution with the pointwise operations that follow it.
#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capture/convolution_call.h"
#include "capture/cudnn_fields.h"
#include "capture/cudnn_log.h"
#include "capture/launch_buffers.h"

namespace tw::capture {
namespace {

constexpr std::pair<std::string_view, std::string_view> activations[] = {
    {"RELU_FWD", "relu"},         {"TANH_FWD", "tanh"}, {"SIGMOID_FWD", "sigmoid"},
    {"ELU_FWD", "elu"},           {"GELU_FWD", "gelu"}, {"GELU_APPROX_TANH_FWD", "gelu_tanh"},
    {"SOFTPLUS_FWD", "softplus"}, {"SWISH_FWD", "silu"}};

// "CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR" gives "MATMUL".
std::string_view kind_of(const CudnnFields& operation) {
  std::string_view type = operation.own_type();
  constexpr std::string_view begin = "CUDNN_BACKEND_OPERATION_", end = "_DESCRIPTOR";
  if (type.starts_with(begin)) type.remove_prefix(begin.size());
  if (type.ends_with(end)) type.remove_suffix(end.size());
  return type;
}

CudnnTensor graph_tensor(const CudnnFields& fields) {
  return {.type = std::string(fields.word("type", "CUDNN_DATA_")),
          .dims = fields.numbers("dimA"),
          .strides = fields.numbers("strideA")};
}

ConvolutionCall graph_call(const CudnnFields& operation, const char* x, const char* y) {
  const CudnnFields descriptor = operation.below("convDesc");
  ConvolutionCall call;
  call.x = graph_tensor(operation.below(x));
  call.w = graph_tensor(operation.below("wDesc"));
  call.y = graph_tensor(operation.below(y));
  call.pad = descriptor.numbers("lowerPadA");
  call.pad_after = descriptor.numbers("upperPadA");
  call.stride = descriptor.numbers("strideA");
  call.dilation = descriptor.numbers("dilationA");
  call.compute = descriptor.word("computeType", "CUDNN_DATA_");
  call.is_correlation = descriptor.word("mode", "CUDNN_") == "CROSS_CORRELATION";
  return call;
}

// An epilogue that grows with each operation of the graph. `value` is the uid of the tensor that
// the next operation must take.
struct Chain {
  std::string value;
  std::vector<std::string> steps{};
};

// Returns the step that adds a tensor to the chain's value; nothing if we have none.
std::optional<std::string> added(const CudnnFields& tensor, const CudnnTensor& y) {
  const std::vector<std::int64_t> dims = tensor.numbers("dimA");
  if (dims == y.dims) return "residual";
  if (dims.size() != y.dims.size() || dims.size() < 2 || dims[1] != y.dims[1]) return std::nullopt;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (i != 1 && dims[i] != 1) return std::nullopt;
  }
  return "bias";
}

// Adds an ADD to the chain. A tensor whose factor is 0 is not added. Returns why it cannot.
std::string add_sum(const CudnnFields& operation, const CudnnTensor& y, Chain& chain) {
  const bool is_second = operation.below("bDesc").value("uid") == chain.value;
  const char* other = is_second ? "xDesc" : "bDesc";
  if (!is_second && operation.below("xDesc").value("uid") != chain.value) {
    return "a sum beside the convolution";
  }
  const double own = operation.number(is_second ? "alpha2" : "alpha1", 1);
  const double factor = operation.number(is_second ? "alpha1" : "alpha2", 1);
  if (own != 1 || (factor != 1 && factor != 0)) return "a sum with factors";
  if (factor == 0) return "";
  const auto step = added(operation.below(other), y);
  if (!step) return "a sum with a tensor that is neither bias nor residual";
  chain.steps.push_back(*step);
  return "";
}

// Adds a pointwise operation to the chain. Returns why it cannot; empty if it could.
std::string add_pointwise(const CudnnFields& operation, const CudnnTensor& y, Chain& chain) {
  const std::string_view mode = operation.below("pwDesc").word("mode", "CUDNN_POINTWISE_");
  std::string why;
  if (mode == "ADD") {
    why = add_sum(operation, y, chain);
  } else {
    why = fmt::format("pointwise operation {}", mode);
    for (const auto& [name, step] : activations) {
      if (name != mode || operation.below("xDesc").value("uid") != chain.value) continue;
      chain.steps.emplace_back(step);
      why.clear();
    }
  }
  chain.value = operation.below("yDesc").value("uid");
  return why;
}

// Reads the operations after a convolution.
CapturedCall with_chain(ConvolutionCall call, const std::vector<CudnnFields>& operations) {
  Chain chain{.value = std::string(operations.front().below("yDesc").value("uid"))};
  for (std::size_t i = 1; i < operations.size(); ++i) {
    if (kind_of(operations[i]) != "POINTWISE") {
      return Unread{fmt::format("operation {} after a convolution", kind_of(operations[i]))};
    }
    if (const std::string why = add_pointwise(operations[i], call.y, chain); !why.empty()) {
      return Unread{fmt::format("after a convolution: {}", why)};
    }
    // Only the last tensor is written, so its layout counts.
    call.y = graph_tensor(operations[i].below("yDesc"));
  }
  for (const std::string& step : chain.steps) {
    call.epilogue += (call.epilogue.empty() ? "" : ",") + step;
  }
  return forward_problem(call);
}

// Returns "operations MATMUL, POINTWISE".
Unread unread_graph(const std::vector<CudnnFields>& operations) {
  std::vector<std::string_view> kinds;
  for (const CudnnFields& operation : operations) kinds.push_back(kind_of(operation));
  return {fmt::format("no op of ours computes {}", fmt::join(kinds, ", "))};
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
  call.tf32 = engine.below("numericalNotes").value("CUDNN_NUMERICAL_NOTE_TENSOR_CORE") == "true";
  CudnnLaunch launch{.call = Unread{"alpha is not 1, or beta is not 0"},
                     .buffers = buffers_of(entry, operations, call)};
  if (first.number("alpha", 1) == 1 && first.number("beta", 0) == 0) {
    launch.call = is_forward ? with_chain(std::move(call), operations) : transposed_problem(call);
  }
  return launch;
}

}  // namespace tw::capture
