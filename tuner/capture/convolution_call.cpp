#include "capture/convolution_call.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace tw::capture {
namespace {

using Extents = std::vector<std::int64_t>;

constexpr std::pair<std::string_view, std::string_view> cudnn_dtypes[] = {
    {"FLOAT", "f32"}, {"HALF", "f16"}, {"BFLOAT16", "bf16"}};

std::optional<std::string_view> dtype_of(const ConvolutionCall& call) {
  if (call.x.type != call.w.type || call.x.type != call.y.type) return std::nullopt;
  for (const auto& [type, dtype] : cudnn_dtypes) {
    if (call.x.type == type) return dtype;
  }
  return std::nullopt;
}

// Returns whether the tensor is dense with its axes in this order, the slowest first. The stride of
// an axis with one element says nothing.
bool is_dense(const CudnnTensor& tensor, const std::array<std::size_t, 4>& order) {
  std::int64_t expected = 1;
  for (std::size_t i = order.size(); i-- > 0;) {
    const std::int64_t extent = tensor.dims[order[i]];
    if (extent != 1 && tensor.strides[order[i]] != expected) return false;
    if (__builtin_mul_overflow(expected, extent, &expected)) return false;
  }
  return true;
}

// Returns "nchw" or "nhwc"; nothing if the three tensors do not agree in one of them. Where both
// fit, the stride of x's channels decides.
std::optional<std::string> layout_of(const ConvolutionCall& call) {
  const auto all = [&](const std::array<std::size_t, 4>& order) {
    return is_dense(call.x, order) && is_dense(call.w, order) && is_dense(call.y, order);
  };
  const bool nchw = all({0, 1, 2, 3}), nhwc = all({0, 2, 3, 1});
  if (!nchw && !nhwc) return std::nullopt;
  if (nchw != nhwc) return nchw ? "nchw" : "nhwc";
  return call.x.strides[1] == 1 && call.x.strides[3] != 1 ? "nhwc" : "nchw";
}

bool has_four(const CudnnTensor& tensor) {
  return tensor.dims.size() == 4 && tensor.strides.size() == 4;
}

// Returns why no op of ours computes the call; nothing if one may.
std::optional<Unread> refusal_of(const ConvolutionCall& call) {
  if (call.x.dims.size() > 4) return Unread{"a convolution in three dimensions"};
  if (!has_four(call.x) || !has_four(call.w) || !has_four(call.y)) {
    return Unread{"the log does not say the tensors' sizes"};
  }
  if (call.pad.size() != 2 || call.stride.size() != 2 || call.dilation.size() != 2) {
    return Unread{"the log does not say stride, padding and dilation"};
  }
  if (!call.pad_after.empty() && call.pad_after != call.pad) {
    return Unread{"padding that differs before and after the image"};
  }
  if (!call.is_correlation) return Unread{"flipped filters (CUDNN_CONVOLUTION)"};
  if (!dtype_of(call)) {
    return Unread{fmt::format("no such dtypes in op conv2d: x {}, w {}, y {}", call.x.type,
                              call.w.type, call.y.type)};
  }
  if (call.compute != "FLOAT") {
    return Unread{fmt::format("{} computed in {}", *dtype_of(call), call.compute)};
  }
  if (call.w.dims[1] <= 0 || call.x.dims[1] % call.w.dims[1] != 0) {
    return Unread{"the filters' channels do not divide those of x"};
  }
  return std::nullopt;
}

// Adds "stride" and "stride_w": the second only if it differs from the first.
void add_pair(const char* name, const Extents& pair, std::int64_t usual,
              std::vector<std::pair<std::string, std::string>>& shape) {
  if (pair[0] != usual || pair[1] != pair[0]) shape.emplace_back(name, std::to_string(pair[0]));
  if (pair[1] != pair[0]) {
    shape.emplace_back(fmt::format("{}_w", name), std::to_string(pair[1]));
  }
}

CapturedProblem common_problem(const ConvolutionCall& call, const char* op) {
  const std::string_view dtype = *dtype_of(call);
  CapturedProblem problem{.op = op, .shape = {}, .dtype = std::string(dtype)};
  if (dtype == "f32" && call.tf32) problem.math = "tf32";
  problem.epilogue = call.epilogue;
  return problem;
}

}  // namespace

std::vector<std::int64_t> factors_of(const ConvolutionCall& call) {
  std::vector<std::int64_t> factors = call.y.dims;
  if (!call.w.dims.empty()) {
    factors.insert(factors.end(), call.w.dims.begin() + 1, call.w.dims.end());
  }
  return factors;
}

CapturedCall forward_problem(const ConvolutionCall& call) {
  if (auto refusal = refusal_of(call)) return *refusal;
  const auto layout = layout_of(call);
  if (!layout) return Unread{"tensors that are neither NCHW nor NHWC throughout, or not dense"};
  CapturedProblem problem = common_problem(call, "conv2d");
  const Extents &x = call.x.dims, &w = call.w.dims;
  const std::pair<const char*, std::int64_t> sizes[] = {
      {"n", x[0]}, {"c", x[1]}, {"h", x[2]}, {"w", x[3]}, {"k", w[0]}, {"r", w[2]}, {"s", w[3]}};
  for (const auto& [name, value] : sizes) problem.shape.emplace_back(name, std::to_string(value));
  add_pair("stride", call.stride, 1, problem.shape);
  add_pair("pad", call.pad, 0, problem.shape);
  add_pair("dilation", call.dilation, 1, problem.shape);
  if (x[1] != w[1]) problem.shape.emplace_back("groups", std::to_string(x[1] / w[1]));
  if (*layout != "nchw") problem.layout = *layout;
  return problem;
}

CapturedCall transposed_problem(const ConvolutionCall& call) {
  if (auto refusal = refusal_of(call)) return *refusal;
  const auto layout = layout_of(call);
  if (!layout || *layout != "nchw") return Unread{"a transposed convolution that is not NCHW"};
  if (call.dilation != Extents{1, 1}) return Unread{"a transposed convolution with dilation"};
  CapturedProblem problem = common_problem(call, "conv_transpose2d");
  const Extents &x = call.x.dims, &w = call.w.dims, &y = call.y.dims;
  const std::pair<const char*, std::int64_t> sizes[] = {{"n", y[0]}, {"c", y[1]}, {"h", y[2]},
                                                        {"w", y[3]}, {"k", x[1]}, {"r", w[2]}};
  for (const auto& [name, value] : sizes) problem.shape.emplace_back(name, std::to_string(value));
  if (w[3] != w[2]) problem.shape.emplace_back("s", std::to_string(w[3]));
  add_pair("stride", call.stride, 1, problem.shape);
  add_pair("pad", call.pad, 0, problem.shape);
  Extents extra(2);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::int64_t filter = w[i + 2], step = call.stride[i], pad = call.pad[i];
    std::int64_t reached = 0;
    if (__builtin_mul_overflow(y[i + 2] - 1, step, &reached) ||
        __builtin_add_overflow(reached, filter, &reached) ||
        __builtin_sub_overflow(reached, pad, &reached) ||
        __builtin_sub_overflow(reached, pad, &reached) ||
        __builtin_sub_overflow(x[i + 2], reached, &extra[i]) || extra[i] < 0) {
      return Unread{"sizes of a transposed convolution that do not agree"};
    }
  }
  add_pair("output_pad", extra, 0, problem.shape);
  if (x[1] != w[1]) problem.shape.emplace_back("groups", std::to_string(x[1] / w[1]));
  return problem;
}

}  // namespace tw::capture
