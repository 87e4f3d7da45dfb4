// logsumexp over the last dimension.
#include <torch/library.h>

#include "launch.h"
#include "reduce.cuh"

namespace tilewright_example {
namespace {

namespace reduce = tuned::reduce;

// x [rows, columns] -> [rows].
at::Tensor logsumexp(const at::Tensor& x) {
  check_input(x, x, "x");
  TORCH_CHECK(x.dim() == 2, "logsumexp: x is [rows, columns]");
  at::Tensor y = at::empty({x.size(0)}, x.options());
  dispatch<reduce::Args, reduce::Args, reduce::ArgsBf16>(x, false, [&](auto& args) {
    args.outer = x.size(0);
    args.extent = x.size(1);
    args.operation = reduce::Operation::logsumexp;
    point(args.x, x);
    point(args.y, y);
  });
  return y;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(tilewright, library) { library.def("logsumexp(Tensor x) -> Tensor"); }
TORCH_LIBRARY_IMPL(tilewright, CUDA, library) { library.impl("logsumexp", &logsumexp); }

}  // namespace tilewright_example
