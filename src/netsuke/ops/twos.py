"""FULLY_CONNECTED two channels at a time, for RV32IM (kernels/include/nk_twos_s8.h).

A word holds the weights of two channels, so that a multiplication makes two products and an addition sums both. Half a
word is soon full: inputs are cut into pieces whose sums fit it, and each piece's sums are added up in whole words. That
pays where weights are small, as in layers with one scale for all channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array, DType
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import bias_of
from netsuke.ops.fixed_point import Int64Array
from netsuke.ops.fully_connected_pairs import channel_rows
from netsuke.ops.high_steps import Floored, HighSteps
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Site
from netsuke.ops.row_skips import found_for
from netsuke.ops.skips import scale_table
from netsuke.ops.triples import accumulators, folded_bias

BLOCK = 32
"""Channels of a walk over the row: sixteen words of sums."""
STEP = 2
"""Inputs of a round of the inner loop: pieces are a multiple of it."""
LANE = 1 << 16
"""Sums of a piece lie below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TwosArgs(KernelArgs):
    """`rows` of `depth` inputs (an even number), `channels` outputs each, in `blocks` of 32.

    skips: 1 when inputs that are `zero` are passed over, and count less it; 0 when they count as they are. The others:
    see nk_high_floor.
    """

    c_name: ClassVar[str] = "nk_twos_args"
    rows: int
    depth: int
    channels: int
    blocks: int
    skips: int
    zero: int
    up: int
    shift: int
    top: int
    lowest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """`lanes` [32] are its channels, `cuts` its pieces' lengths, `starts` [pieces, 32] how far sums of each go down."""

    lanes: Int64Array
    cuts: tuple[int, ...]
    starts: Int64Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Everything that must be there: blocks, the formula, its floor."""

    blocks: tuple[Block, ...]
    steps: HighSteps
    floored: Floored


def skips(site: Site[Any]) -> bool:
    """True when the zero point is the least input, as behind a relu: many inputs are expected to be at it."""
    return site.x().zero_point == -128


def ends(site: Site[Any]) -> tuple[int, int]:
    """The least and the greatest number that weights are multiplied by."""
    zero = site.x().zero_point if skips(site) else 0
    return -128 - zero, 127 - zero


def cut(down: Int64Array, above: Int64Array) -> tuple[int, ...] | None:
    """The fewest pieces of inputs [channels, depth] that go so far down and up; None where a step does not fit."""
    whole = (down + above).reshape(len(down), -1, STEP).sum(axis=2)
    if whole.max() >= LANE:
        return None
    found: list[int] = []
    sums = np.full(len(whole), LANE)
    for column in whole.T:
        if (sums + column).max() >= LANE:
            found.append(0)
            sums = np.zeros(len(whole), dtype=np.int64)
        sums = sums + column
        found[-1] += STEP
    return tuple(found)


def blocks_of(site: Site[Any], rows: Array) -> tuple[Block, ...] | None:
    """Channels of alike reach together, the last block over channels of the one before where they do not fill it."""
    if len(rows) < BLOCK or rows.shape[1] % STEP != 0:
        return None
    least, most = (rows * end for end in ends(site))
    down = np.maximum(-np.minimum(least, most), 0)
    above = np.maximum(np.maximum(least, most), 0)
    order = np.argsort((down + above).sum(axis=1), kind="stable")
    blocks: list[Block] = []
    for first in range(0, len(rows), BLOCK):
        lanes = order[min(first, len(rows) - BLOCK) :][:BLOCK]
        cuts = cut(down[lanes], above[lanes])
        if cuts is None:
            return None
        places = pairwise(np.cumsum([0, *cuts]).tolist())
        starts = np.stack([down[lanes, a:b].sum(axis=1) for a, b in places])
        blocks.append(Block(lanes=lanes, cuts=cuts, starts=starts))
    return tuple(blocks)


def found(site: Site[Any]) -> Found | None:
    """None where anything of it cannot be had."""
    rows = channel_rows(site)
    blocks = blocks_of(site, rows)
    steps = None if blocks is None else found_for(site, rows)
    if blocks is None or steps is None:
        return None
    lowest = int(full_clamp(site.args.clamp, site.y())[0])
    floored = steps.floored(lowest, accumulators(site, rows))
    return None if floored is None else Found(blocks=blocks, steps=steps, floored=floored)


def accepts(site: Site[Any]) -> bool:
    """int8, 32 channels or more, an even depth, and a requantisation that is found."""
    return site.x().dtype is DType.INT8 and found(site) is not None


def words_of(numbers: Int64Array) -> Array:
    """[n, channels] → uint32 [n * channels / 2]: a + b * 2^16 of every two."""
    words = numbers[:, 0::2] + (numbers[:, 1::2] << 16)
    result: Array = (words & 0xFFFFFFFF).astype(np.uint32).reshape(-1)
    return result


def bind(site: Site[Any]) -> tuple[Call]:
    """One call for all rows."""
    have, rows = found(site), channel_rows(site)
    assert have is not None
    steps, floored, blocks = have.steps, have.floored, have.blocks
    order = np.concatenate([block.lanes for block in blocks])
    skipping = skips(site)
    bias = bias_of(site, len(rows)).reshape(-1).astype(np.int64) if skipping else folded_bias(site, rows)
    below = np.concatenate([block.starts.sum(axis=0) for block in blocks])
    columns = [column[order] for column in (floored.multiplier, floored.addend, floored.floor)]
    constants = (
        Constant(
            label="weights",
            data=np.concatenate([words_of(rows[block.lanes].T) for block in blocks]),
            shape_note="blocks x inputs x words of two channels",
        ),
        Constant(
            label="starts",
            data=np.concatenate([words_of(block.starts) for block in blocks]),
            shape_note="pieces x what the words start from",
        ),
        Constant(
            label="cuts",
            data=np.concatenate([np.array(block.cuts, dtype=np.int32) for block in blocks]),
            shape_note="inputs of every piece",
        ),
        scale_table(
            [(steps.offset + bias)[order] - below, *columns],
            "what is added to sums, multiplier, addend, floor",
        ),
        Constant(label="places", data=order.astype(np.uint16), shape_note="which channel it is"),
    )
    args = TwosArgs(
        rows=site.x().elements // rows.shape[1], depth=rows.shape[1], channels=len(rows), blocks=len(blocks),
        skips=int(skipping), zero=site.x().zero_point if skipping else 0, up=steps.up, shift=steps.shift,
        top=floored.top, lowest=int(full_clamp(site.args.clamp, site.y())[0]),
    )  # fmt: skip
    return (FULLY_CONNECTED_S8_TWOS.call(Input(index=0), *constants, Output(index=0), args=args),)


FULLY_CONNECTED_S8_TWOS = Kernel(
    name="nk_fully_connected_s8_twos",
    params=(
        Param(name="x", ctype="const int8_t"),
        Param(name="w", ctype="const uint32_t"),
        Param(name="starts", ctype="const uint32_t"),
        Param(name="cuts", ctype="const int32_t"),
        Param(name="scales", ctype="const int32_t"),
        Param(name="places", ctype="const uint16_t"),
        Param(name="y", ctype="int8_t"),
    ),
    args=TwosArgs,
    bind=bind,
    accepts=accepts,
    needs=Isa.RV_M,
    spends_flash=True,
)
