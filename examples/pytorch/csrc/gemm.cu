// Linear layers: x * weight^T + bias, then a sigmoid, or the logsumexp of each row.
#include <torch/library.h>

#include "gemm.cuh"
#include "launch.h"

namespace tilewright_example {
namespace {

namespace gemm = tuned::gemm;

// x [rows, in], weight [out, in] as torch.nn.Linear stores it. y has this shape.
template <class F32, class Tf32, class Bf16>
at::Tensor linear_of(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                     bool tf32, at::IntArrayRef shape) {
  check_input(x, x, "x");
  check_input(weight, x, "weight");
  check_input(bias, x, "bias");
  TORCH_CHECK(x.dim() == 2 && weight.dim() == 2 && x.size(1) == weight.size(1) &&
                  bias.numel() == weight.size(0),
              "linear: x is [rows, in], weight [out, in], bias [out]");
  at::Tensor y = at::empty(shape, x.options());
  dispatch<F32, Tf32, Bf16>(x, tf32, [&](auto& args) {
    args.m = x.size(0);
    args.n = weight.size(0);
    args.k = x.size(1);
    args.layout = gemm::Layout::nt;
    point(args.a, x);
    point(args.b, weight);
    point(args.c, y);
    point(args.bias_column, bias);
  });
  return y;
}

// Returns [rows, out].
at::Tensor linear_sigmoid(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                          bool tf32) {
  return linear_of<gemm::ArgsBiasColumnSigmoid, gemm::ArgsTf32BiasColumnSigmoid,
                   gemm::ArgsBf16BiasColumnSigmoid>(x, weight, bias, tf32,
                                                    {x.size(0), weight.size(0)});
}

// Returns [rows]; the product itself is never written.
at::Tensor linear_logsumexp(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            bool tf32) {
  return linear_of<gemm::ArgsBiasColumnLogSumExp, gemm::ArgsTf32BiasColumnLogSumExp,
                   gemm::ArgsBf16BiasColumnLogSumExp>(x, weight, bias, tf32, {x.size(0)});
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(tilewright, library) {
  library.def("linear_sigmoid(Tensor x, Tensor weight, Tensor bias, bool tf32) -> Tensor");
  library.def("linear_logsumexp(Tensor x, Tensor weight, Tensor bias, bool tf32) -> Tensor");
}
TORCH_LIBRARY_IMPL(tilewright, CUDA, library) {
  library.impl("linear_sigmoid", &linear_sigmoid);
  library.impl("linear_logsumexp", &linear_logsumexp);
}

}  // namespace tilewright_example
