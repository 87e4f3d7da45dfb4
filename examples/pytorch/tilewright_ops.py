"""The operators of csrc/ in PyTorch: torch.ops.tilewright.*, compiled on first use.

The operators are registered through torch.library with the shapes of their results, so that
torch.compile keeps its graph. They have no autograd formula: they are for inference.
"""
import os
import pathlib

import torch
from torch.utils import cpp_extension

FOLDER = pathlib.Path(__file__).parent
# One CUDA source per op, so that they compile at the same time.
SOURCES = ["gemm", "activation", "conv2d", "conv_transpose2d"]


def load(tuned=None, verbose=False):
    """Compiles and loads the operators. `tuned` is the folder that `tune emit` wrote (default:
    $TILEWRIGHT_TUNED, or tuned/ in this folder)."""
    tuned = pathlib.Path(tuned or os.environ.get("TILEWRIGHT_TUNED", FOLDER / "tuned")).resolve()
    missing = [f"{op}.cuh" for op in SOURCES if not (tuned / f"{op}.cuh").exists()]
    if missing:
        raise FileNotFoundError(f"{tuned} has no {', '.join(missing)}: run tune.sh first, which "
                                "tunes the workloads and emits them")
    major, minor = torch.cuda.get_device_capability()
    suffix = "a" if major >= 9 else ""
    os.environ.setdefault("TORCH_CUDA_ARCH_LIST", f"{major}.{minor}{suffix}")
    cpp_extension.load(
        name="tilewright_example",
        sources=[str(FOLDER / "csrc" / f"{op}.cu") for op in SOURCES],
        extra_include_paths=[str(tuned)],
        extra_cflags=["-O2", "-std=c++20"],
        extra_cuda_cflags=["-O3", "-std=c++20"],
        is_python_module=False,
        verbose=verbose,
    )
    register_shapes()


def register_shapes():
    """Registers the shape of each operator's result, for inputs without data, which torch.compile
    traces."""
    fake = torch.library.register_fake

    @fake("tilewright::linear_sigmoid")
    def _(x, weight, bias, tf32):
        return x.new_empty(x.shape[0], weight.shape[0])

    @fake("tilewright::linear_logsumexp")
    def _(x, weight, bias, tf32):
        return x.new_empty(x.shape[0])

    @fake("tilewright::elu")
    def _(x, alpha):
        return torch.empty_like(x)

    def convolved(x, weight, bias, stride, padding, tf32):
        height, width = ((x.shape[i] + 2 * padding - weight.shape[i]) // stride + 1 for i in (2, 3))
        return x.new_empty(x.shape[0], weight.shape[0], height, width)

    fake("tilewright::conv2d")(convolved)
    fake("tilewright::conv2d_relu_hardswish")(convolved)

    @fake("tilewright::conv_transpose2d_clamp_scale")
    def _(x, weight, bias, stride, padding, output_padding, lo, hi, scale, tf32):
        height, width = ((x.shape[i] - 1) * stride - 2 * padding + weight.shape[i] + output_padding
                         for i in (2, 3))
        return x.new_empty(x.shape[0], weight.shape[1], height, width)
