"""Cases of float layers whose weights are numbers of 8, 4 or 2 bits times a scale a channel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from netsuke.ir import Array
from netsuke.ops.geometry import Padding
from tests.ops.case import Case
from tests.ops.cases_conv_2d import Geometry, conv_case
from tests.ops.cases_depthwise import depthwise_case
from tests.ops.cases_fully_connected import connected_case
from tests.ops.conv_operands import BY_NAME, F32_STYLES

WEIGHTS = "x1"
CONVOLUTIONS = (
    Geometry(image=(4, 3, 6), out=6, kernel=(1, 1)),
    Geometry(image=(5, 5, 8), out=12, kernel=(1, 1), batch=2),
    Geometry(image=(5, 6, 3), out=5),
    Geometry(image=(7, 8, 2), out=4, stride=(2, 1), padding=Padding.VALID),
    Geometry(image=(5, 5, 4), out=6, groups=2, stride=(2, 1)),
    Geometry(image=(8, 9, 3), out=5, dilation=(2, 3)),
    Geometry(image=(4, 5, 3), out=5, kernel=(3, 2), padding=Padding.EXPLICIT, explicit=((2, 2), (1, 3))),
    Geometry(image=(4, 4, 6), out=15, groups=3),
)
DEPTHWISE = (
    Geometry(image=(5, 6, 7), out=7),
    Geometry(image=(6, 5, 8), out=8, stride=(2, 2), batch=2),
    Geometry(image=(8, 9, 4), out=4, dilation=(2, 2), padding=Padding.VALID),
    Geometry(image=(5, 4, 1), out=1, kernel=(2, 3)),
)
CONNECTED = (((1, 21), 6, 21), ((3, 8), 5, 8), ((1, 64), 16, 64), ((7, 12), 9, 12), ((1, 5), 3, 5))


def cases() -> Iterator[Case]:
    """Every geometry and number of bits; one scale for all channels too; channels of zeros, and of few steps."""
    for style in F32_STYLES:
        for how in ("channel", "four", "two"):
            yield from (rounded(conv_case(style, g), 0, how) for g in CONVOLUTIONS)
            yield from (rounded(depthwise_case(style, g), 3, how) for g in DEPTHWISE)
            yield from (rounded(connected_case(style, *shape), 0, how) for shape in CONNECTED)
    plain = BY_NAME["f32"]
    yield rounded(conv_case(plain, CONVOLUTIONS[0]), 0, "tensor")
    yield rounded(conv_case(plain, CONVOLUTIONS[2]), 0, "coarse")
    yield rounded(conv_case(plain, CONVOLUTIONS[3]), 0, "lowest")


STEPS = {"four": 7, "two": 1, "lowest": 8}
"""Steps of the largest weight, where they are not 127."""


def rounded(case: Case, axis: int, how: str = "channel") -> Case:
    """The case with weights brought to so many steps.

    "coarse": 127 of them, or 1 in every other channel and none in the first. "lowest": 8 steps, of which one lies
    below zero: all that four bits hold.
    """
    tensor = case.graph.tensors[WEIGHTS]
    assert tensor.data is not None
    rows = np.moveaxis(tensor.data, axis, -1)
    largest: Array = np.abs(rows).reshape(-1, rows.shape[-1]).max(axis=0)
    steps = np.full(len(largest), float(STEPS.get(how, 127)))
    if how == "tensor":
        largest[:] = largest.max()
    if how == "coarse":
        steps[1::2] = 1
    scales = (largest / steps).astype(np.float32)
    values = np.rint(rows / scales).astype(np.int8)
    if how == "coarse":
        values[..., 0] = 0
    if how == "lowest":
        values = np.minimum(values, 7)
        values.reshape(-1, values.shape[-1])[0] = -8
    data = np.ascontiguousarray(np.moveaxis(values.astype(np.float32) * scales, -1, axis))
    tensors = {**case.graph.tensors, WEIGHTS: replace(tensor, data=data)}
    return replace(case, id=f"w8-{how}-{case.id}", graph=replace(case.graph, tensors=tensors))
