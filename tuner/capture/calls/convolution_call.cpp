#include "capture/calls/convolution_call.h"

#include <fmt/format.h>

#include <algorithm>
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

// Returns "nchw" or "nhwc"; nothing if the tensors do not agree in one of them. Where both fit, the
// stride of x's channels decides.
std::optional<std::string> layout_of(const ConvolutionCall& call) {
  const auto all = [&](const std::array<std::size_t, 4>& order) {
    return is_dense(call.x, order) && is_dense(call.w, order) && is_dense(call.y, order) &&
           std::all_of(call.residuals.begin(), call.residuals.end(),
                       [&](const CudnnTensor& one) { return is_dense(one, order); });
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
  if (!has_four(call.x) || !has_four(call.w) || !has_four(call.y) ||
      !std::all_of(call.residuals.begin(), call.residuals.end(), has_four)) {
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
    return Unread{
        fmt::format("no such dtypes: x {}, w {}, y {}", call.x.type, call.w.type, call.y.type)};
  }
  if (call.compute != "FLOAT") {
    return Unread{fmt::format("{} computed in {}", *dtype_of(call), call.compute)};
  }
  if (call.w.dims[1] <= 0 || call.x.dims[1] % call.w.dims[1] != 0) {
    return Unread{"the filters' channels do not divide those of x"};
  }
  return std::nullopt;
}

// Returns a convolution between an image of `from`'s sizes and one of `to`'s.
CapturedCall common_call(const ConvolutionCall& call, const char* name, const CudnnTensor& from,
                         const CudnnTensor& to) {
  if (auto refusal = refusal_of(call)) return *refusal;
  const auto layout = layout_of(call);
  if (!layout) return Unread{"tensors that are neither NCHW nor NHWC throughout, or not dense"};
  const std::string_view dtype = *dtype_of(call);
  const Extents &in = from.dims, &out = to.dims, &w = call.w.dims;
  LibraryCall made{.library = "cudnn", .call = name};
  made.words = {{"n", in[0]},
                {"c", in[1]},
                {"h", in[2]},
                {"w", in[3]},
                {"k", out[1]},
                {"p", out[2]},
                {"q", out[3]},
                {"r", w[2]},
                {"s", w[3]},
                {"stride_h", call.stride[0]},
                {"stride_w", call.stride[1]},
                {"pad_h", call.pad[0]},
                {"pad_w", call.pad[1]},
                {"dilation_h", call.dilation[0]},
                {"dilation_w", call.dilation[1]},
                {"groups", call.x.dims[1] / w[1]},
                {"nhwc", *layout == "nhwc" ? 1 : 0}};
  made.dtype = dtype;
  if (dtype == "f32" && call.tf32) made.math = "tf32";
  made.epilogue = call.epilogue;
  return made;
}

}  // namespace

void add_step(ConvolutionCall& call, std::string_view step) {
  if (!call.epilogue.empty() && !step.empty()) call.epilogue += ',';
  call.epilogue += step;
}

std::string add_sum(ConvolutionCall& call, const CudnnTensor& tensor) {
  if (tensor.type != call.x.type) return fmt::format("a sum with a tensor of type {}", tensor.type);
  const Extents &dims = tensor.dims, &y = call.y.dims;
  if (dims == y) {
    add_step(call, "residual");
    call.residuals.push_back(tensor);
    return "";
  }
  bool is_bias = dims.size() == y.size() && dims.size() >= 2 && dims[1] == y[1];
  for (std::size_t i = 0; is_bias && i < dims.size(); ++i) is_bias = i == 1 || dims[i] == 1;
  if (!is_bias) return "a sum with a tensor that is neither bias nor residual";
  add_step(call, "bias");
  return "";
}

std::vector<std::int64_t> factors_of(const ConvolutionCall& call) {
  std::vector<std::int64_t> factors = call.y.dims;
  if (!call.w.dims.empty()) {
    factors.insert(factors.end(), call.w.dims.begin() + 1, call.w.dims.end());
  }
  return factors;
}

CapturedCall forward_problem(const ConvolutionCall& call) {
  return common_call(call, "conv2d", call.x, call.y);
}

CapturedCall transposed_problem(const ConvolutionCall& call) {
  return common_call(call, "conv_transpose2d", call.y, call.x);
}

}  // namespace tw::capture
