// ELU over an array of any shape.
#include <ATen/ops/empty_like.h>
#include <torch/library.h>

#include "activation.cuh"
#include "launch.h"

namespace tilewright_example {
namespace {

namespace activation = tuned::activation;

at::Tensor elu(const at::Tensor& x, double alpha) {
  check_input(x, x, "x");
  at::Tensor y = at::empty_like(x);
  if (x.numel() == 0) return y;
  dispatch<activation::ArgsElu, activation::ArgsElu, activation::ArgsBf16Elu>(
      x, false, [&](auto& args) {
        args.columns = x.dim() > 0 ? x.size(-1) : 1;
        args.rows = x.numel() / args.columns;
        point(args.x, x);
        point(args.y, y);
        args.elu_alpha = static_cast<float>(alpha);
      });
  return y;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(tilewright, library) { library.def("elu(Tensor x, float alpha) -> Tensor"); }
TORCH_LIBRARY_IMPL(tilewright, CUDA, library) { library.impl("elu", &elu); }

}  // namespace tilewright_example
