"""The five workloads: each as plain PyTorch, and as a module that calls the tuned operators with
the same parameters."""
import dataclasses
import typing

import torch
import torch.nn as nn
import torch.nn.functional as F

ops = torch.ops.tilewright


# The workloads in plain PyTorch.


class LinearSigmoidLinearLogSumExp(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(2048, 4096), nn.Linear(4096, 1024)

    def forward(self, x):
        return torch.logsumexp(self.second(torch.sigmoid(self.first(x))), dim=1)


class ConvReluHardswish(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 64, 3)

    def forward(self, x):
        x = torch.relu(self.conv(x))
        return x * torch.clamp((x + 3) / 6, 0, 1)


class Elu(nn.Module):
    def forward(self, x):
        return F.elu(x, alpha=1.0)


class ConvTransposeClampScale(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.ConvTranspose2d(64, 64, 3, stride=2, padding=1, output_padding=1)
        self.bias = nn.Parameter(torch.randn(64, 1, 1))

    def forward(self, x):
        x = torch.clamp(self.conv(x) + self.bias, 0, 1) * 2.0
        return torch.clamp(x, 0, 1) / 2.0


class AlexNetConv1(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 96, 11, stride=4, padding=2)

    def forward(self, x):
        return self.conv(x)


# The same with the tuned operators. `reference` owns the parameters. tf32 allows one TF32 product
# if the dtype is float.


class TunedLinearSigmoidLinearLogSumExp(nn.Module):
    def __init__(self, reference, tf32):
        super().__init__()
        self.first, self.second, self.tf32 = reference.first, reference.second, tf32

    def forward(self, x):
        hidden = ops.linear_sigmoid(x, self.first.weight, self.first.bias, self.tf32)
        return ops.linear_logsumexp(hidden, self.second.weight, self.second.bias, self.tf32)


class TunedConvReluHardswish(nn.Module):
    def __init__(self, reference, tf32):
        super().__init__()
        self.conv, self.tf32 = reference.conv, tf32

    def forward(self, x):
        return ops.conv2d_relu_hardswish(x, self.conv.weight, self.conv.bias, 1, 0, self.tf32)


class TunedElu(nn.Module):
    def __init__(self, reference, tf32):
        super().__init__()

    def forward(self, x):
        return ops.elu(x, 1.0)


class TunedConvTransposeClampScale(nn.Module):
    def __init__(self, reference, tf32):
        super().__init__()
        self.conv, self.tf32 = reference.conv, tf32
        # The two biases are added once, before any input.
        self.bias = nn.Parameter((reference.conv.bias + reference.bias.flatten()).detach())

    def forward(self, x):
        return ops.conv_transpose2d_clamp_scale(x, self.conv.weight, self.bias, 2, 1, 1,
                                                0.0, 1.0, 2.0, self.tf32)


class TunedAlexNetConv1(nn.Module):
    def __init__(self, reference, tf32):
        super().__init__()
        self.conv, self.tf32 = reference.conv, tf32

    def forward(self, x):
        return ops.conv2d(x, self.conv.weight, self.conv.bias, 4, 2, self.tf32)


def spread_logsumexp(module, x):
    """Returns the result with the last weights times 64, which is exact. With the initial weights
    the logsumexps of all rows agree to 0.2 %, so that a constant would pass. With the weights times
    64 they range from 70 to 100."""
    weight = module.second.weight
    weight.mul_(64)
    try:
        return module(x)
    finally:
        weight.div_(64)


@dataclasses.dataclass
class Workload:
    key: str
    title: str
    reference: type
    tuned: type
    shape: tuple
    flops: float
    elements: float  # least number of elements that are read or written
    maths: tuple = ("f32", "tf32", "bf16")
    # Returns the result that is compared with fp64.
    checked: typing.Callable = lambda module, x: module(x)


WORKLOADS = [
    Workload("a", "linear-sigmoid-linear-logsumexp", LinearSigmoidLinearLogSumExp,
             TunedLinearSigmoidLinearLogSumExp, (16384, 2048),
             2 * 16384 * (2048 * 4096 + 4096 * 1024), 16384 * 2048, checked=spread_logsumexp),
    Workload("b", "conv-relu-hardswish", ConvReluHardswish, TunedConvReluHardswish,
             (128, 8, 128, 128), 2 * 128 * 64 * 126 * 126 * 72, 128 * (8 * 128**2 + 64 * 126**2)),
    Workload("c", "ELU", Elu, TunedElu, (4096, 393216), 0, 2 * 4096 * 393216, ("f32", "bf16")),
    Workload("c'", "ELU, small", Elu, TunedElu, (16, 16384), 0, 2 * 16 * 16384, ("f32", "bf16")),
    Workload("d", "conv-transpose chain", ConvTransposeClampScale, TunedConvTransposeClampScale,
             (128, 64, 128, 128), 2 * 128 * 64 * 64 * 9 * 128**2, 128 * 64 * (128**2 + 256**2)),
    Workload("e", "AlexNet conv1", AlexNetConv1, TunedAlexNetConv1, (256, 3, 224, 224),
             2 * 256 * 96 * 55 * 55 * 363, 256 * (3 * 224**2 + 96 * 55**2)),
]
