"""DEPTHWISE_CONV_2D with windows along one axis, for RV32IM (kernels/src/depthwise_conv_2d_s8_taps.c)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import DType
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import WEIGHTS, images, windows
from netsuke.ops.depthwise_triples import channel_rows
from netsuke.ops.geometry import Window
from netsuke.ops.high_steps import HighSteps, Room
from netsuke.ops.kernel import Call, Constant, Kernel, KernelArgs, Param
from netsuke.ops.operator import Site
from netsuke.ops.overlap import Overlap, plane_by_plane
from netsuke.ops.row_skips import SLACK, started_rows
from netsuke.ops.skips import steps_of
from netsuke.ops.triples import accumulators, folded_bias


@dataclass(frozen=True, slots=True, kw_only=True)
class TapsArgs(KernelArgs):
    """`lines` lines of `outputs` windows of `taps` inputs; steps in elements. The others: see nk_high_steps_s8.h."""

    c_name: ClassVar[str] = "nk_taps_args"
    channels: int
    taps: int
    outputs: int
    step: int
    out_step: int
    lines: int
    x_line: int
    y_line: int
    stride: int
    up: int
    shift: int
    top: int
    lowest: int


def plain(axis: Window) -> bool:
    """No padding, no dilation, windows that move by one."""
    return (axis.before, axis.after, axis.stride, axis.dilation) == (0, 0, 1, 1)


def along_one_axis(site: Site[Any]) -> bool:
    """Windows of more than one input along one axis, and of one along the other."""
    down, along = windows(site)
    return plain(down) and plain(along) and (down.kernel == 1) != (along.kernel == 1)


def found_for(site: Site[Any]) -> HighSteps | None:
    """The requantisation of the sums of stored inputs times weights."""
    rows = channel_rows(site)
    least = -accumulators(site, rows).least
    return steps_of(site, rows, Room(least=least, most=least + SLACK))


def accepts(site: Site[Any]) -> bool:
    """int8, multiplier 1, one axis, and a requantisation that can be proved."""
    if site.x().dtype is not DType.INT8 or site.x().shape[3] != site.x(WEIGHTS).shape[3]:
        return False
    return along_one_axis(site) and found_for(site) is not None


def bind(site: Site[Any]) -> tuple[Call, ...]:
    """One call an image."""
    rows, found = channel_rows(site), found_for(site)
    assert found is not None
    x, y, (down, along) = site.x().shape, site.y().shape, windows(site)
    channels, vertical = x[3], down.kernel > 1
    walk, across = (down, along) if vertical else (along, down)
    x_steps, y_steps = (channels, x[2] * channels), (channels, y[2] * channels)
    args = TapsArgs(
        channels=channels, taps=walk.kernel, outputs=walk.output, step=x_steps[vertical],
        out_step=y_steps[vertical], lines=across.output, x_line=x_steps[not vertical],
        y_line=y_steps[not vertical], stride=5 if found.mirrored else 3, up=found.up, shift=found.shift,
        top=found.top, lowest=int(full_clamp(site.args.clamp, site.y())[0]),
    )  # fmt: skip
    data = np.ascontiguousarray(rows.astype(np.int8))
    weights = Constant(label="weights", data=data, shape_note="channels x taps")
    scales = started_rows(found, folded_bias(site, rows))
    return tuple(DEPTHWISE_S8_TAPS.call(i, weights, scales, o, args=args) for i, o in images(site))


def overlap(site: Site[Any]) -> tuple[Overlap, ...]:
    """Four windows of a channel are read before their outputs are written; lines follow one another."""
    down, along = windows(site)
    if down.kernel == 1:
        return plane_by_plane(site, [(row + 1, row) for row in range(down.output)])
    moments = [(row, row) for row in range(down.output)] if along.output == 1 else [(down.output, 0)]
    return plane_by_plane(site, moments)


DEPTHWISE_S8_TAPS = Kernel(
    name="nk_depthwise_conv_2d_s8_taps",
    params=(
        Param(name="x", ctype="const int8_t"),
        Param(name="w", ctype="const int8_t"),
        Param(name="scales", ctype="const int32_t"),
        Param(name="y", ctype="int8_t"),
    ),
    args=TapsArgs,
    bind=bind,
    accepts=accepts,
    needs=Isa.RV_M,
    overlap=overlap,
)
