"""RESHAPE, SQUEEZE and EXPAND_DIMS: the same bytes under another shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from netsuke.ir import Args, Array
from netsuke.ops.kernel import Call, Input, Kernel, Output
from netsuke.ops.operator import Operator, Shape, Site
from netsuke.ops.state import COPY, COPY_PARAMS, CopyArgs


@dataclass(frozen=True, slots=True, kw_only=True)
class Reshape(Args):
    """The output's shape, every dimension known."""

    shape: Shape


def same_dtype(site: Site[Any]) -> str | None:
    """Input and output have the same element type: data that is moved is not converted."""
    x, y = site.x().dtype, site.y().dtype
    return None if x is y else f"{x.value} and {y.value}"


def same_elements(site: Site[Reshape]) -> str | None:
    """The shape has as many elements as the input, and no negative dimension."""
    shape = site.args.shape
    if min(shape, default=0) >= 0 and math.prod(shape) == site.x().elements:
        return None
    return f"shape {list(shape)} for an input of shape {list(site.x().shape)}"


def infer(site: Site[Reshape]) -> tuple[Shape]:
    """The shape that the arguments name."""
    return (site.args.shape,)


def reference(site: Site[Reshape], values: Sequence[Array | None]) -> tuple[Array]:
    """The same elements in row-major order."""
    x = values[0]
    assert x is not None
    return (x.reshape(site.args.shape),)


def bind(site: Site[Reshape]) -> tuple[Call]:
    """One copy, for where the output cannot share the input's memory."""
    return (COPY.call(Input(index=0), Output(index=0), args=CopyArgs(nbytes=site.x().nbytes)),)


COPY_THROUGH = Kernel(name="nk_copy", params=COPY_PARAMS, args=CopyArgs, bind=bind)

RESHAPE = Operator(
    name="reshape",
    tflite=("RESHAPE", "SQUEEZE", "EXPAND_DIMS"),
    summary="the same bytes under another shape",
    args=Reshape,
    infer=infer,
    reference=reference,
    constraints=(same_dtype, same_elements),
    kernels=(COPY_THROUGH,),
    view=True,
)

OPERATORS: tuple[Operator[Reshape], ...] = (RESHAPE,)
