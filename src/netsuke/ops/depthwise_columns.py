"""DEPTHWISE_CONV_2D with windows of 3 x 3, for RV32IM (kernels/src/depthwise_conv_2d_s8_columns.c)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import DType
from netsuke.ops.activation import full_clamp
from netsuke.ops.bare_steps import BareSteps, bare_steps
from netsuke.ops.conv_geometry import WEIGHTS, images, windows
from netsuke.ops.depthwise_triples import channel_rows
from netsuke.ops.fixed_point import Multiplier
from netsuke.ops.geometry import Window
from netsuke.ops.kernel import Call, Constant, Kernel, KernelArgs, Param
from netsuke.ops.operator import Site
from netsuke.ops.overlap import Overlap, plane_by_plane
from netsuke.ops.requantize import real_multipliers, relative_clamp
from netsuke.ops.skips import scale_table
from netsuke.ops.triples import accumulators, fixed_scaling, folded_bias

UP = 12
"""How far sums are shifted up at most: nine products have 18 bits and a sign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnsArgs(KernelArgs):
    """The walk goes along one axis, line by line; lines are counted along the other. Steps in elements.

    whole: outputs of a line whose window ends inside the image; partial: 1 when one more ends a tap outside.
    before: taps before the image, of the walk's axis; stride: 1 or 2. inside_end: the first line of outputs, behind
    those that start inside, whose window ends outside. unit: what weights are multiplied by.
    shift, top, lowest: see nk_bare_value.
    """

    c_name: ClassVar[str] = "nk_columns_args"
    channels: int
    whole: int
    partial: int
    before: int
    stride: int
    x_walk: int
    y_walk: int
    lines: int
    out_lines: int
    inside_end: int
    before_lines: int
    stride_lines: int
    x_line: int
    y_line: int
    x_zero: int
    unit: int
    shift: int
    top: int
    lowest: int


def partial_of(axis: Window) -> int:
    """How many taps of the last window lie behind the image."""
    return (axis.output - 1) * axis.stride - axis.before + 3 - axis.size


def inside_end(axis: Window) -> int:
    """How many windows, counted from the first, end inside the image."""
    return min(axis.output, max(0, (axis.size - 3 + axis.before) // axis.stride + 1))


def walkable(axis: Window) -> bool:
    """Windows of three, one tap outside at most on either side."""
    return axis.stride in (1, 2) and axis.before in (0, 1) and axis.size > 2 and partial_of(axis) <= 1


def walk_of(site: Site[Any]) -> bool | None:
    """False when the walk goes along the columns, True when it must go down the rows, None when there is none."""
    down, along = windows(site)
    if (down.kernel, along.kernel, down.dilation, along.dilation) != (3, 3, 1, 1):
        return None
    return False if walkable(along) else (True if walkable(down) else None)


def found_for(site: Site[Any]) -> BareSteps | None:
    """The requantisation of the sums of stored inputs times weights."""
    rows = channel_rows(site)
    reals = np.resize(np.array(real_multipliers(site.x(), site.x(WEIGHTS), site.y())), len(rows))
    return bare_steps(
        fixed_scaling([Multiplier.of(real) for real in reals.tolist()]),
        reals,
        relative_clamp(site.args.clamp, site.y()),
        int(full_clamp(site.args.clamp, site.y())[0]),
        accumulators(site, rows),
        UP,
    )


def accepts(site: Site[Any]) -> bool:
    """int8, multiplier 1, 3 x 3, and a requantisation that can be proved."""
    if site.x().dtype is not DType.INT8 or site.x().shape[3] != site.x(WEIGHTS).shape[3]:
        return False
    return walk_of(site) is not None and found_for(site) is not None


def bind(site: Site[Any]) -> tuple[Call, ...]:
    """One call an image."""
    rows, found, vertical = channel_rows(site), found_for(site), walk_of(site)
    assert found is not None
    assert vertical is not None
    x, y, (down, along) = site.x().shape, site.y().shape, windows(site)
    channels = x[3]
    walk, across = (down, along) if vertical else (along, down)
    x_steps, y_steps = (channels, x[2] * channels), (channels, y[2] * channels)
    partial = int(partial_of(walk) == 1)
    args = ColumnsArgs(
        channels=channels, whole=walk.output - partial, partial=partial, before=walk.before, stride=walk.stride,
        x_walk=x_steps[vertical], y_walk=y_steps[vertical], lines=across.size, out_lines=across.output,
        inside_end=inside_end(across),
        before_lines=across.before, stride_lines=across.stride, x_line=x_steps[not vertical],
        y_line=y_steps[not vertical], x_zero=site.x().zero_point, unit=1 << found.up, shift=found.shift,
        top=found.top, lowest=found.lowest,
    )  # fmt: skip
    taps = rows.reshape(-1, 3, 3).transpose(0, 2, 1) if vertical else rows
    weights = Constant(
        label="weights",
        data=np.ascontiguousarray(taps.astype(np.int8).reshape(channels, 9)),
        shape_note="channels x 3 x 3",
    )
    starts = found.start + (folded_bias(site, rows) << found.up)
    scales = scale_table([found.multiplier, found.floor, starts], "multiplier, floor, what sums start from")
    return tuple(DEPTHWISE_S8_COLUMNS.call(i, weights, scales, o, args=args) for i, o in images(site))


def overlap(site: Site[Any]) -> tuple[Overlap, ...]:
    """A channel's lines are written one after the other; one that goes down the rows leaves no row to write over."""
    down, _ = windows(site)
    if walk_of(site):
        return plane_by_plane(site, [(down.output, 0)])
    lines = range(down.output)
    return plane_by_plane(site, [(line + 1, line * down.stride - down.before) for line in lines])


DEPTHWISE_S8_COLUMNS = Kernel(
    name="nk_depthwise_conv_2d_s8_columns",
    params=(
        Param(name="x", ctype="const int8_t"),
        Param(name="w", ctype="const int8_t"),
        Param(name="scales", ctype="const int32_t"),
        Param(name="y", ctype="int8_t"),
    ),
    args=ColumnsArgs,
    bind=bind,
    accepts=accepts,
    needs=Isa.RV_M,
    overlap=overlap,
)
