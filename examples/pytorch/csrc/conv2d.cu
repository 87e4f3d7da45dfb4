// Convolutions with their epilogues: bias alone, and bias, relu, hardswish.
#include <torch/library.h>

#include "conv2d.cuh"
#include "launch.h"

namespace tilewright_example {
namespace {

namespace conv2d = tuned::conv2d;

// x [n, c, h, w], weight [k, c, r, s]. Both strides are equal, and both paddings.
template <class F32, class Tf32, class Bf16>
at::Tensor conv2d_of(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                     int64_t stride, int64_t padding, bool tf32) {
  check_input(x, x, "x");
  check_input(weight, x, "weight");
  check_input(bias, x, "bias");
  TORCH_CHECK(x.dim() == 4 && weight.dim() == 4 && x.size(1) == weight.size(1) &&
                  bias.numel() == weight.size(0),
              "conv2d: x is [n, c, h, w], weight [k, c, r, s], bias [k]");
  const auto extent = [&](int axis) {
    return (x.size(axis) + 2 * padding - weight.size(axis)) / stride + 1;
  };
  at::Tensor y = at::empty({x.size(0), weight.size(0), extent(2), extent(3)}, x.options());
  dispatch<F32, Tf32, Bf16>(x, tf32, [&](auto& args) {
    args.n = x.size(0);
    args.c = x.size(1);
    args.h = x.size(2);
    args.w = x.size(3);
    args.k = weight.size(0);
    args.r = weight.size(2);
    args.s = weight.size(3);
    args.stride = stride;
    args.pad = padding;
    point(args.x, x);
    point(args.weights, weight);
    point(args.y, y);
    point(args.bias, bias);
  });
  return y;
}

at::Tensor conv2d_bias(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       int64_t stride, int64_t padding, bool tf32) {
  return conv2d_of<conv2d::ArgsBias, conv2d::ArgsTf32Bias, conv2d::ArgsBf16Bias>(
      x, weight, bias, stride, padding, tf32);
}

at::Tensor conv2d_relu_hardswish(const at::Tensor& x, const at::Tensor& weight,
                                 const at::Tensor& bias, int64_t stride, int64_t padding,
                                 bool tf32) {
  return conv2d_of<conv2d::ArgsBiasReluHardswish, conv2d::ArgsTf32BiasReluHardswish,
                   conv2d::ArgsBf16BiasReluHardswish>(x, weight, bias, stride, padding, tf32);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(tilewright, library) {
  library.def(
      "conv2d(Tensor x, Tensor weight, Tensor bias, int stride, int padding, bool tf32) -> Tensor");
  library.def(
      "conv2d_relu_hardswish(Tensor x, Tensor weight, Tensor bias, int stride, int padding, bool "
      "tf32) -> Tensor");
}
TORCH_LIBRARY_IMPL(tilewright, CUDA, library) {
  library.impl("conv2d", &conv2d_bias);
  library.impl("conv2d_relu_hardswish", &conv2d_relu_hardswish);
}

}  // namespace tilewright_example
