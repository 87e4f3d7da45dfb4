// A transposed convolution with its bias, then clamp(lo, hi), * scale, clamp(lo, hi), / divisor.
#include <torch/library.h>

#include "conv_transpose2d.cuh"
#include "launch.h"

namespace tilewright_example {
namespace {

namespace conv_transpose2d = tuned::conv_transpose2d;

// x [n, c, h, w], weight [c, k, r, s], as torch.nn.ConvTranspose2d stores it.
at::Tensor conv_transpose2d_clamp_scale(const at::Tensor& x, const at::Tensor& weight,
                                        const at::Tensor& bias, int64_t stride, int64_t padding,
                                        int64_t output_padding, double lo, double hi, double scale,
                                        bool tf32) {
  check_input(x, x, "x");
  check_input(weight, x, "weight");
  check_input(bias, x, "bias");
  TORCH_CHECK(x.dim() == 4 && weight.dim() == 4 && x.size(1) == weight.size(0) &&
                  bias.numel() == weight.size(1),
              "conv_transpose2d: x is [n, c, h, w], weight [c, k, r, s], bias [k]");
  const auto extent = [&](int axis) {
    return (x.size(axis) - 1) * stride - 2 * padding + weight.size(axis) + output_padding;
  };
  at::Tensor y = at::empty({x.size(0), weight.size(1), extent(2), extent(3)}, x.options());
  dispatch<conv_transpose2d::ArgsBiasClampScaleClampDiv,
           conv_transpose2d::ArgsTf32BiasClampScaleClampDiv,
           conv_transpose2d::ArgsBf16BiasClampScaleClampDiv>(x, tf32, [&](auto& args) {
    args.n = x.size(0);
    args.c = x.size(1);
    args.h = x.size(2);
    args.w = x.size(3);
    args.k = weight.size(1);
    args.r = weight.size(2);
    args.s = weight.size(3);
    args.stride = stride;
    args.pad = padding;
    args.output_pad = output_padding;
    point(args.x, x);
    point(args.weights, weight);
    point(args.y, y);
    point(args.bias, bias);
    args.clamp_lo = args.clamp2_lo = static_cast<float>(lo);
    args.clamp_hi = args.clamp2_hi = static_cast<float>(hi);
    args.scale_factor = args.div_divisor = static_cast<float>(scale);
  });
  return y;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(tilewright, library) {
  library.def(
      "conv_transpose2d_clamp_scale(Tensor x, Tensor weight, Tensor bias, int stride, int padding, "
      "int output_padding, float lo, float hi, float scale, bool tf32) -> Tensor");
}
TORCH_LIBRARY_IMPL(tilewright, CUDA, library) {
  library.impl("conv_transpose2d_clamp_scale", &conv_transpose2d_clamp_scale);
}

}  // namespace tilewright_example
