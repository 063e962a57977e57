"""What each operator computes in torch on real values, channels last, for a batch: the way that gradients take back.

The forward values of a network are the integer kernels' (`network`); these need only be near them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn import functional

from netsuke.ops.activation import FLOAT32_MAX, Clamp
from netsuke.ops.conv_geometry import windows
from netsuke.ops.operator import Site
from netsuke.ops.pool import windows as pool_windows

Step = Callable[[Site[Any], Sequence[Any]], Any]
"""Site of the float graph, operands as torch tensors (None where absent) → the output, or a tuple of them."""


def clamped(value: Any, clamp: Clamp | None) -> Any:
    """A fused activation on real values."""
    if clamp is None:
        return value
    low = None if clamp[0] <= -FLOAT32_MAX else clamp[0]
    high = None if clamp[1] >= FLOAT32_MAX else clamp[1]
    return value if low is None and high is None else value.clamp(low, high)


def padded(x: Any, axes: Sequence[Any], value: float = 0.0) -> Any:
    """An image [N, C, H, W] with its frame."""
    rows, along = axes
    return functional.pad(x, (along.before, along.after, rows.before, rows.after), value=value)


def convolution(site: Site[Any], x: Any, weights: Any, bias: Any, groups: int) -> Any:
    """Channels last in and out; weights [O, I, H, W]."""
    axes = windows(site)
    image = padded(x.permute(0, 3, 1, 2), axes)
    stride, dilation = [a.stride for a in axes], [a.dilation for a in axes]
    flat = None if bias is None else bias.reshape(-1)
    found = functional.conv2d(image, weights, flat, stride, 0, dilation, groups)
    return clamped(found.permute(0, 2, 3, 1), site.args.clamp)


def conv_2d(site: Site[Any], operands: Sequence[Any]) -> Any:
    """CONV_2D."""
    x, weights, *bias = operands
    groups = x.shape[3] // weights.shape[3]
    return convolution(site, x, weights.permute(0, 3, 1, 2), bias[0] if bias else None, groups)


def depthwise_conv_2d(site: Site[Any], operands: Sequence[Any]) -> Any:
    """DEPTHWISE_CONV_2D."""
    x, weights, *bias = operands
    return convolution(site, x, weights.permute(3, 0, 1, 2), bias[0] if bias else None, x.shape[3])


def fully_connected(site: Site[Any], operands: Sequence[Any]) -> Any:
    """FULLY_CONNECTED."""
    x, weights, *bias = operands
    flat = bias[0].reshape(-1) if bias and bias[0] is not None else None
    found = functional.linear(x.reshape(-1, weights.shape[1]), weights, flat)
    return clamped(found.reshape(len(x), *site.y().shape[1:]), site.args.clamp)


def binary(function: Callable[[Any, Any], Any]) -> Step:
    """An operator of two broadcast operands."""
    return lambda site, operands: clamped(function(*operands), getattr(site.args, "clamp", None))


def unary(function: Callable[[Any], Any]) -> Step:
    """An operator of one operand."""
    return lambda site, operands: function(operands[0])


def max_pool(site: Site[Any], operands: Sequence[Any]) -> Any:
    """MAX_POOL_2D."""
    axes = pool_windows(site)
    image = padded(operands[0].permute(0, 3, 1, 2), axes, float("-inf"))
    found = functional.max_pool2d(image, site.args.kernel, site.args.stride)
    return clamped(found.permute(0, 2, 3, 1), site.args.clamp)


def average_pool(site: Site[Any], operands: Sequence[Any]) -> Any:
    """AVERAGE_POOL_2D: the mean of the taps inside."""
    axes = pool_windows(site)
    x = operands[0].permute(0, 3, 1, 2)
    sums = functional.avg_pool2d(padded(x, axes), site.args.kernel, site.args.stride, divisor_override=1)
    ones = torch.ones_like(x[:1, :1])
    counts = functional.avg_pool2d(padded(ones, axes), site.args.kernel, site.args.stride, divisor_override=1)
    return clamped((sums / counts).permute(0, 2, 3, 1), site.args.clamp)


def reduce(function: Callable[..., Any]) -> Step:
    """A reduction over axes."""
    return lambda site, operands: function(operands[0], dim=site.args.axes, keepdim=site.args.keep_dims)


def reshape(site: Site[Any], operands: Sequence[Any]) -> Any:
    """RESHAPE behind the batch."""
    return operands[0].reshape(len(operands[0]), *site.y().shape[1:])


def transpose(site: Site[Any], operands: Sequence[Any]) -> Any:
    """TRANSPOSE."""
    return operands[0].permute(site.args.perm)


def concatenation(site: Site[Any], operands: Sequence[Any]) -> Any:
    """CONCATENATION."""
    return torch.cat(list(operands), dim=site.args.axis)


def pad(site: Site[Any], operands: Sequence[Any]) -> Any:
    """PAD by a real value."""
    flat = [amount for before_after in reversed(site.args.amounts) for amount in before_after]
    return functional.pad(operands[0], flat, value=float(site.args.value))


def strided_slice(site: Site[Any], operands: Sequence[Any]) -> Any:
    """STRIDED_SLICE with positive steps; the batch is whole."""
    a = site.args
    cuts = [slice(b, e, s) for b, e, s in zip(a.begin, a.end, a.strides, strict=True)]
    found = operands[0][(slice(None), *cuts[1:])]
    return found.reshape(len(found), *site.y().shape[1:])


def split(site: Site[Any], operands: Sequence[Any]) -> Any:
    """SPLIT."""
    return torch.split(operands[0], list(site.args.sizes), dim=site.args.axis)


def normalize(site: Site[Any], operands: Sequence[Any]) -> Any:
    """NORMALIZE over axes behind the batch."""
    x, a = operands[0], site.args
    apart = x - x.mean(dim=a.axes, keepdim=True) if a.centred else x
    return apart * torch.rsqrt(apart.square().mean(dim=a.axes, keepdim=True) + a.epsilon)


def gelu(site: Site[Any], operands: Sequence[Any]) -> Any:
    """GELU, either form."""
    return functional.gelu(operands[0], approximate="tanh" if site.args.approximate else "none")


STEPS: dict[str, Step] = {
    "conv_2d": conv_2d,
    "depthwise_conv_2d": depthwise_conv_2d,
    "fully_connected": fully_connected,
    "add": binary(torch.add),
    "sub": binary(torch.sub),
    "mul": binary(torch.mul),
    "maximum": binary(torch.maximum),
    "minimum": binary(torch.minimum),
    "relu": unary(functional.relu),
    "relu6": unary(functional.relu6),
    "hard_swish": unary(functional.hardswish),
    "logistic": unary(torch.sigmoid),
    "abs": unary(torch.abs),
    "elu": unary(functional.elu),
    "erf": unary(torch.erf),
    "exp": unary(torch.exp),
    "gelu": gelu,
    "normalize": normalize,
    "softplus": unary(functional.softplus),
    "tanh": unary(torch.tanh),
    "prelu": lambda site, operands: torch.where(operands[0] > 0, operands[0], operands[0] * operands[1]),
    "leaky_relu": lambda site, operands: functional.leaky_relu(operands[0], site.args.alpha),
    "softmax": lambda site, operands: torch.softmax(operands[0] * site.args.beta, dim=-1),
    "max_pool_2d": max_pool,
    "average_pool_2d": average_pool,
    "mean": reduce(torch.mean),
    "sum": reduce(torch.sum),
    "reduce_max": reduce(torch.amax),
    "reshape": reshape,
    "transpose": transpose,
    "concatenation": concatenation,
    "pad": pad,
    "strided_slice": strided_slice,
    "split": split,
}
