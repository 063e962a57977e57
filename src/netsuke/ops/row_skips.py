"""FULLY_CONNECTED with zeros passed over, for RV32IM (kernels/include/nk_row_skips_s8.h)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array, DType
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import WEIGHTS, bias_of
from netsuke.ops.conv_overlap import pixels_during
from netsuke.ops.fixed_point import Int64Array
from netsuke.ops.fully_connected_pairs import channel_rows
from netsuke.ops.high_steps import HighSteps, Room, high_steps
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Site
from netsuke.ops.requantize import real_multipliers, relative_clamp, scaled_double
from netsuke.ops.triples import accumulators

WIDE, NARROW = 16, 4
"""Channels of a walk over the row: as many as fill the registers, and what is left by fours."""
SLACK = 1 << 10
"""What the search for a requantisation may add to a sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSkipsArgs(KernelArgs):
    """`rows` of `depth` inputs (an even number), `channels` outputs each. The others: see nk_high_steps_s8.h."""

    c_name: ClassVar[str] = "nk_row_skips_args"
    rows: int
    depth: int
    channels: int
    x_zero: int
    stride: int
    up: int
    shift: int
    top: int
    lowest: int


def found_for(site: Site[Any], rows: Array) -> HighSteps | None:
    """The formula that gives what LiteRT's rounding in double gives."""
    reals = np.resize(np.array(real_multipliers(site.x(), site.x(WEIGHTS), site.y())), len(rows))
    bounds = accumulators(site, rows)
    room = Room(least=-bounds.least, most=-bounds.least + SLACK)
    return high_steps(
        lambda acc: scaled_double(acc.T, reals.tolist()).T,
        reals,
        relative_clamp(site.args.clamp, site.y()),
        bounds,
        room,
    )


def accepts(site: Site[Any]) -> bool:
    """int8, an even depth, and a requantisation that can be proved."""
    whole = site.x().dtype is DType.INT8 and site.x(WEIGHTS).shape[1] % 2 == 0
    return whole and found_for(site, channel_rows(site)) is not None


def packed(rows: Array) -> Constant:
    """[channels, depth] → blocks of depth x 16 channels, then of depth x 4, padded with zeros."""
    wide = len(rows) // WIDE * WIDE
    rest = np.zeros((-(-(len(rows) - wide) // NARROW) * NARROW, rows.shape[1]), dtype=np.int64)
    rest[: len(rows) - wide] = rows[wide:]
    blocks = [
        part.reshape(-1, width, rows.shape[1]).transpose(0, 2, 1).reshape(-1)
        for part, width in ((rows[:wide], WIDE), (rest, NARROW))
    ]
    note = "channels by sixteen, the rest by four: depth x channels"
    return Constant(label="weights", data=np.concatenate(blocks).astype(np.int8), shape_note=note)


def started_rows(found: HighSteps, bias: Int64Array) -> Constant:
    """[channels, 3 or 5] as nk_high_started reads them; `bias` [channels] is what an accumulator has beside the sum."""
    columns, note = (
        [bias + found.offset, found.multiplier, found.addend],
        "channels x start, multiplier, addend",
    )
    if found.mirrored:
        columns += [found.offset, found.addend_up]
        note += ", place of zero, addend above"
    table = (np.stack(columns, axis=1) & 0xFFFFFFFF).astype(np.uint32).view(np.int32)
    return Constant(label="scales", data=np.ascontiguousarray(table), shape_note=note)


def bind(site: Site[Any]) -> tuple[Call]:
    """One call over all rows."""
    rows = channel_rows(site)
    found = found_for(site, rows)
    assert found is not None
    args = RowSkipsArgs(
        rows=site.x().elements // rows.shape[1], depth=rows.shape[1], channels=len(rows),
        x_zero=site.x().zero_point, stride=5 if found.mirrored else 3, up=found.up, shift=found.shift,
        top=found.top, lowest=int(full_clamp(site.args.clamp, site.y())[0]),
    )  # fmt: skip
    bias = bias_of(site, len(rows)).reshape(-1).astype(np.int64)
    constants = packed(rows), started_rows(found, bias)
    return (FULLY_CONNECTED_S8_SKIPS.call(Input(index=0), *constants, Output(index=0), args=args),)


FULLY_CONNECTED_S8_SKIPS = Kernel(
    name="nk_fully_connected_s8_skips",
    params=(
        Param(name="x", ctype="const int8_t"),
        Param(name="w", ctype="const int8_t"),
        Param(name="scales", ctype="const int32_t"),
        Param(name="y", ctype="int8_t"),
    ),
    args=RowSkipsArgs,
    bind=bind,
    accepts=accepts,
    needs=Isa.RV_M,
    overlap=pixels_during,
)
