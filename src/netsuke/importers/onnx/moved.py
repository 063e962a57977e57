"""Constants that are moved after they were dequantised: the integers they are stored as move with them.

torch writes a dense layer's weights as DequantizeLinear, then Transpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from netsuke.importers.onnx.builder import Known
from netsuke.importers.onnx.constants import evaluate
from netsuke.importers.onnx.model import OnnxNode
from netsuke.ir import Array, Quantization

MOVES = ("Transpose", "Reshape", "Squeeze", "Unsqueeze", "Identity", "Slice")
"""Operators whose output elements are elements of the first input."""


def moved(node: OnnxNode, first: Known, others: Sequence[Array | None]) -> Known:
    """The first output of a node in `MOVES`, as integers too where they still have one scale a channel."""
    result = Known(data=evaluate(node, [first.data, *others]))
    if first.stored is None or first.quantization is None:
        return result
    quantization = moved_quantization(node, first, others)
    if quantization is None:
        return result
    return replace(result, stored=evaluate(node, [first.stored, *others]), quantization=quantization)


def moved_quantization(node: OnnxNode, first: Known, others: Sequence[Array | None]) -> Quantization | None:
    """The scales along the axis on which the channels lie afterwards; None when no axis is that."""
    q = first.quantization
    assert q is not None
    if q.axis is None:
        return q
    shape = [-1 if axis == q.axis else 1 for axis in range(first.data.ndim)]
    channels = np.broadcast_to(np.arange(len(q.scale)).reshape(shape), first.data.shape)
    after = evaluate(node, [channels, *others])
    for axis in range(after.ndim):
        flat = np.moveaxis(after, axis, 0).reshape(after.shape[axis], -1)
        if flat.size and (flat == flat[:, :1]).all() and len(flat) == len(q.scale):
            order = flat[:, 0]
            scale, zero_point = (tuple(v[c] for c in order) for v in (q.scale, q.zero_point))
            return replace(q, scale=scale, zero_point=zero_point, axis=axis)
    return None
