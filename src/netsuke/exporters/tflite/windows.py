"""Fused activations and paddings on their way back to TFLite's codes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from netsuke.errors import UnsupportedModel
from netsuke.exporters.tflite.emitter import Emitter
from netsuke.importers.tflite.options import PadV2Options
from netsuke.ir import TensorType
from netsuke.ops.activation import Activation, Clamp, clamp_of, full_clamp
from netsuke.ops.geometry import Padding, Window, window
from netsuke.ops.operator import Site

ACTIVATION_CODES = {Activation.RELU: 1, Activation.RELU_N1_TO_1: 2, Activation.RELU6: 3}
PADDING_CODES = {Padding.SAME: 0, Padding.VALID: 1}


def activation_code(site: Site[Any]) -> int:
    """The ActivationFunctionType whose clamp is the site's `clamp`.

    Raises:
        UnsupportedModel: when none is.
    """
    clamp: Clamp | None = site.args.clamp
    if clamp is None:
        return 0
    for activation, code in ACTIVATION_CODES.items():
        if clamp_of(activation, site.y()) == clamp:
            return code
    # No bound at all: TFLite would bound what overflows.
    if clamp in (full_clamp(None, site.y()), (-math.inf, math.inf)):
        return 0
    raise UnsupportedModel(
        f"{site.node.op} {site.node.name!r}: its output is clamped to {clamp}, which none of TFLite's fused "
        "activations (RELU, RELU6, RELU_N1_TO_1) gives; make it a MAXIMUM and a MINIMUM to export it"
    )


def padding_code(
    emitter: Emitter, site: Site[Any], rows: Window, columns: Window, fill: float
) -> tuple[int, int]:
    """(tensor index of the image, padding code) for a window over input 0.

    Amounts that SAME or VALID would give are written so; others become a PADV2 of `fill` before a VALID
    window.
    """
    if site.args.padding is not Padding.EXPLICIT:
        return emitter.x(site), PADDING_CODES[site.args.padding]
    axes = (rows, columns)
    if all((axis.before, axis.after) == (0, 0) for axis in axes):
        return emitter.x(site), PADDING_CODES[Padding.VALID]
    if all(is_same(axis) for axis in axes):
        return emitter.x(site), PADDING_CODES[Padding.SAME]
    return pad(emitter, site, rows, columns, fill), PADDING_CODES[Padding.VALID]


def is_same(axis: Window) -> bool:
    """Whether SAME padding gives this window's amounts."""
    same = window(axis.size, axis.kernel, axis.stride, Padding.SAME, dilation=axis.dilation)
    return (same.before, same.after) == (axis.before, axis.after)


def pad(emitter: Emitter, site: Site[Any], rows: Window, columns: Window, fill: float) -> int:
    """A PADV2 of input 0 (NHWC); gives the padded image's tensor index."""
    x = site.x()
    amounts = ((0, 0), (rows.before, rows.after), (columns.before, columns.after), (0, 0))
    shape = tuple(size + sum(amount) for size, amount in zip(x.shape, amounts, strict=True))
    name = f"{site.node.name}/pad"
    paddings = emitter.int32(amounts, f"{name}/paddings")
    value = emitter.tensor_like(np.full((), fill, x.dtype.numpy), x, f"{name}/value")
    padded = emitter.intermediate(TensorType(shape=shape, dtype=x.dtype, quantization=x.quantization), name)
    emitter.emit("PADV2", (emitter.x(site), paddings, value), (padded,), PadV2Options())
    return padded
