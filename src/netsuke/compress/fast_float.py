"""Float layers by matrix products, for many samples at once.

The references of `ops` add product by product in the order of LiteRT's loops; these add in whatever order BLAS
likes. They differ in the last bits of float32, and take a fiftieth of the time: for calibration and simulation only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from netsuke.ir import Array
from netsuke.ops.activation import apply_clamp
from netsuke.ops.conv_geometry import taps, windows
from netsuke.ops.operator import Site

Layer = Callable[[Site[Any], Sequence[Array | None]], Array]


def patches(site: Site[Any], x: Array) -> Array:
    """float32 [N, OH, OW, kernel_h * kernel_w * C]: what every output pixel of a convolution sees, 0 outside."""
    rows, along = windows(site)
    count, channels = x.shape[0], x.shape[3]
    if (rows.kernel, along.kernel) == (1, 1) and (rows.stride, along.stride) == (1, 1):
        return x
    seen = np.zeros((count, rows.output, along.output, rows.kernel * along.kernel, channels), np.float32)
    for (i, j), outputs, inputs in taps(site):
        seen[:, outputs[0], outputs[1], i * along.kernel + j] = x[:, inputs[0], inputs[1]]
    return seen.reshape(count, rows.output, along.output, -1)


def conv_2d(site: Site[Any], values: Sequence[Array | None]) -> Array:
    """CONV_2D: patches times the transposed weights, group by group."""
    x, w, bias = operands(values)
    groups = x.shape[3] // w.shape[3]
    if groups == 1:
        return finished(site, patches(site, x) @ w.reshape(len(w), -1).T, bias)
    depth, out = w.shape[3], w.shape[0] // groups
    parts = [
        patches(site, x[..., g * depth : (g + 1) * depth])
        @ w[g * out : (g + 1) * out].reshape(out, -1).T
        for g in range(groups)
    ]  # fmt: skip
    return finished(site, np.concatenate(parts, axis=3), bias)


def depthwise_conv_2d(site: Site[Any], values: Sequence[Array | None]) -> Array:
    """DEPTHWISE_CONV_2D: a sum of shifted images, each times its tap's weights."""
    x, w, bias = operands(values)
    spread = x if x.shape[3] == w.shape[3] else np.repeat(x, w.shape[3] // x.shape[3], axis=3)
    rows, along = windows(site)
    total = np.zeros((x.shape[0], rows.output, along.output, w.shape[3]), np.float32)
    for (i, j), outputs, inputs in taps(site):
        total[:, outputs[0], outputs[1]] += spread[:, inputs[0], inputs[1]] * w[0, i, j]
    return finished(site, total, bias)


def fully_connected(site: Site[Any], values: Sequence[Array | None]) -> Array:
    """FULLY_CONNECTED: rows times the transposed weights."""
    x, w, bias = operands(values)
    return finished(site, x.reshape(-1, w.shape[1]) @ w.T, bias).reshape(site.y().shape)


def operands(values: Sequence[Array | None]) -> tuple[Array, Array, Array | None]:
    """Input, weights, and the bias or None."""
    x, w = values[0], values[1]
    assert x is not None
    assert w is not None
    return x, w, values[2] if len(values) > 2 else None


def finished(site: Site[Any], total: Array, bias: Array | None) -> Array:
    """Bias added, fused activation applied."""
    if bias is not None:
        total = total + bias.reshape(-1)
    return apply_clamp(total.astype(np.float32, copy=False), site.args.clamp)


FAST: Mapping[str, Layer] = {
    "conv_2d": conv_2d,
    "depthwise_conv_2d": depthwise_conv_2d,
    "fully_connected": fully_connected,
}
"""Operator → how its float form is computed here; others by their reference."""
