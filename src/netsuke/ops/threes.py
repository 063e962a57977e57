"""Matrix products three channels at a time with zeros passed over, for RV32IM (kernels/include/nk_threes_s8.h).

Where half the inputs are zero, as after a relu, passing over each of them alone saves more than three pixels that share
words do: those must be zero together. The words of weights take 8/3 of the bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array, DType
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import WEIGHTS, bias_of
from netsuke.ops.conv_overlap import pixels_ahead
from netsuke.ops.fixed_point import Int64Array, Multiplier
from netsuke.ops.fully_connected_pairs import channel_rows as matrix_rows
from netsuke.ops.high_steps import Floored, HighSteps, Room, high_steps
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.requantize import real_multipliers, relative_clamp, scaled_double
from netsuke.ops.skips import reach, scale_table
from netsuke.ops.staircase import Scaling
from netsuke.ops.triples import accumulators, channel_rows, fixed_scaling, one_pixel

FIELDS = 1 << 21, 1 << 22, 1 << 21
"""Sums of a three's channels lie below them, or its words could not be parted."""
LEAST_SLACK, SLACK = 1 << 6, 1 << 10
"""What the search for a requantisation may add to a sum: as much at least, and no more than that."""
UP = 10
"""How far sums are shifted up (NK_THREES_UP)."""
WIDEST = 4
"""Pairs of threes of a block at most: sixteen words of sums fill the registers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreesArgs(KernelArgs):
    """`rows` of `depth` inputs (a multiple of four), `channels` outputs each.

    Blocks: `wide` of `width` threes, then `narrow` of two fewer. swaps: pairs of outputs to be exchanged at last. The
    others: see nk_high_floor.
    """

    c_name: ClassVar[str] = "nk_threes_args"
    rows: int
    depth: int
    channels: int
    width: int
    wide: int
    narrow: int
    swaps: int
    x_zero: int
    shift: int
    top: int
    lowest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """`wide` blocks of `pairs` pairs of threes, then `narrow` of one fewer; the last one ends with the last channel."""

    pairs: int
    wide: int
    narrow: int

    def channels(self, count: int) -> list[Int64Array]:
        """The channels of every block, of `count`."""
        lanes = [6 * self.pairs] * self.wide + [6 * self.pairs - 6] * self.narrow
        firsts = np.concatenate([[0], np.cumsum(lanes[:-1])]).astype(np.int64)
        firsts[-1] = count - lanes[-1]
        return [np.arange(first, first + n) for first, n in zip(firsts.tolist(), lanes, strict=True)]


def blocks_of(channels: int) -> Blocks | None:
    """As few blocks as there can be, of nearly equal width; None for less than six channels."""
    total = -(-channels // 6)
    for count in range(-(-total // WIDEST), total + 1):
        pairs, wide = -(-total // count), total % count or count
        narrow = count - wide
        if 6 * pairs <= channels:
            return Blocks(pairs=pairs, wide=wide, narrow=narrow)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Which channel is computed at which place: `order` [channels], and the exchanges of two that lead there."""

    order: Int64Array
    swaps: tuple[tuple[int, int], ...]


def fields_of(blocks: Blocks, count: int) -> Int64Array:
    """[count] the field of every place; one that two blocks compute has the smaller one."""
    fields = np.full(count, max(FIELDS), dtype=np.int64)
    for block in blocks.channels(count):
        fields[block] = np.minimum(fields[block], np.resize(FIELDS, len(block)))
    return fields


def places_of(blocks: Blocks, reaches: Int64Array) -> Places | None:
    """Channels whose sums reach over more than most fields hold change places with some in wide ones."""
    fields = fields_of(blocks, len(reaches))
    swaps: list[tuple[int, int]] = []
    order = np.arange(len(reaches))
    fitting = reaches + LEAST_SLACK < fields
    free = np.flatnonzero((fields == max(FIELDS)) & (reaches + LEAST_SLACK < min(FIELDS))).tolist()
    for place in np.flatnonzero(~fitting).tolist():
        if not free or reaches[place] + LEAST_SLACK >= max(FIELDS):
            return None
        other = free.pop(0)
        order[[place, other]] = order[[other, place]]
        swaps.append((place, other))
    return Places(order=order, swaps=tuple(swaps))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Everything that must be there: blocks, places of channels, the formula, its floor."""

    blocks: Blocks
    places: Places
    steps: HighSteps
    floored: Floored


def found_for(site: Site[Any], rows: Array, scaling: Scaling, reals: Array) -> Found | None:
    """None where anything of it cannot be had."""
    down, above = (far.sum(axis=1) for far in reach(site, rows))
    blocks = blocks_of(len(rows))
    places = None if blocks is None else places_of(blocks, down + above)
    if blocks is None or places is None or rows.shape[1] % 4 != 0:
        return None
    bias = bias_of(site, len(rows)).reshape(-1).astype(np.int64)
    fields = np.empty(len(rows), dtype=np.int64)
    fields[places.order] = fields_of(blocks, len(rows))
    room = Room(
        least=down - bias,
        most=down - bias + np.minimum(fields - 1 - down - above, SLACK),
        least_up=UP,
        up=UP,
    )
    bounds = accumulators(site, rows)
    steps = high_steps(scaling, reals, relative_clamp(site.args.clamp, site.y()), bounds, room)
    if steps is None or steps.up != UP:
        return None
    floored = steps.floored(int(full_clamp(site.args.clamp, site.y())[0]), bounds)
    return None if floored is None else Found(blocks=blocks, places=places, steps=steps, floored=floored)


def reals_of(site: Site[Any], rows: Array) -> Array:
    """The multipliers of all channels."""
    return np.resize(np.array(real_multipliers(site.x(), site.x(WEIGHTS), site.y())), len(rows))


def found_pointwise(site: Site[Any]) -> Found | None:
    """With TFLite's double rounding."""
    rows = channel_rows(site)
    reals = reals_of(site, rows)
    return found_for(site, rows, fixed_scaling([Multiplier.of(real) for real in reals.tolist()]), reals)


def found_connected(site: Site[Any]) -> Found | None:
    """With the rounding of FULLY_CONNECTED."""
    rows = matrix_rows(site)
    reals = reals_of(site, rows)
    return found_for(site, rows, lambda acc: scaled_double(acc.T, reals.tolist()).T, reals)


def words_of(numbers: Int64Array) -> Array:
    """[threes * 3, n] → uint32 [n, threes * 2]: a + c * 2^21 and b + c * 2^11 of every three."""
    a, b, c = numbers.reshape(-1, 3, numbers.shape[1]).transpose(1, 0, 2)
    words = np.stack([a + (c << 21), b + (c << 11)], axis=1).reshape(-1, numbers.shape[1]).T
    result: Array = (words & 0xFFFFFFFF).astype(np.uint32)
    return result


def bound(site: Site[Any], rows: Array, found: Found) -> tuple[tuple[Constant, ...], ThreesArgs]:
    """Constants and struct for all rows."""
    steps, floored, blocks = found.steps, found.floored, found.blocks
    lanes = [found.places.order[block] for block in blocks.channels(len(rows))]
    first = (steps.offset + bias_of(site, len(rows)).reshape(-1).astype(np.int64))[:, None]
    order = np.concatenate(lanes)
    weights = np.concatenate([words_of(rows[block]).reshape(-1) for block in lanes])
    columns = [column[order] for column in (floored.multiplier, floored.addend, floored.floor)]
    swaps = np.array(found.places.swaps or [(0, 0)], dtype=np.int32)
    constants = (
        Constant(label="weights", data=weights, shape_note="blocks x inputs x words of three channels"),
        Constant(
            label="starts", data=words_of(first[order]).reshape(-1), shape_note="what the words start from"
        ),
        scale_table(columns, "multiplier, addend, floor"),
        Constant(label="swaps", data=swaps, shape_note="pairs of outputs to be exchanged"),
    )
    args = ThreesArgs(
        rows=site.x().elements // rows.shape[1], depth=rows.shape[1], channels=len(rows),
        width=2 * blocks.pairs, wide=blocks.wide, narrow=blocks.narrow, swaps=len(found.places.swaps),
        x_zero=site.x().zero_point, shift=steps.shift, top=floored.top,
        lowest=int(full_clamp(site.args.clamp, site.y())[0]),
    )  # fmt: skip
    return constants, args


def accepts_pointwise(site: Site[Any]) -> bool:
    """A window of one pixel, a depth that is a multiple of four, and a requantisation that is found."""
    whole = site.x().dtype is DType.INT8 and site.x().shape[3] == site.x(WEIGHTS).shape[3]
    return whole and one_pixel(site) and found_pointwise(site) is not None


def accepts_connected(site: Site[Any]) -> bool:
    """int8, a depth that is a multiple of four, and a requantisation that is found."""
    return site.x().dtype is DType.INT8 and found_connected(site) is not None


def bind_pointwise(site: Site[Any]) -> tuple[Call]:
    """One call for all pixels of all images."""
    found = found_pointwise(site)
    assert found is not None
    constants, args = bound(site, channel_rows(site), found)
    scratch = Scratch(nbytes=args.depth)
    return (POINTWISE_S8_THREES.call(Input(index=0), *constants, Output(index=0), scratch, args=args),)


def bind_connected(site: Site[Any]) -> tuple[Call]:
    """One call for all rows."""
    found = found_connected(site)
    assert found is not None
    constants, args = bound(site, matrix_rows(site), found)
    return (FULLY_CONNECTED_S8_THREES.call(Input(index=0), *constants, Output(index=0), args=args),)


PARAMS = (
    Param(name="x", ctype="const int8_t"),
    Param(name="w", ctype="const uint32_t"),
    Param(name="starts", ctype="const uint32_t"),
    Param(name="scales", ctype="const int32_t"),
    Param(name="swaps", ctype="const int32_t"),
    Param(name="y", ctype="int8_t"),
)
POINTWISE_S8_THREES = Kernel(
    name="nk_pointwise_s8_threes",
    params=(*PARAMS, Param(name="scratch", ctype="void")),
    args=ThreesArgs,
    bind=bind_pointwise,
    accepts=accepts_pointwise,
    needs=Isa.RV_M,
    overlap=pixels_ahead(1),
    spends_flash=True,
)
FULLY_CONNECTED_S8_THREES = Kernel(
    name="nk_fully_connected_s8_threes",
    params=PARAMS,
    args=ThreesArgs,
    bind=bind_connected,
    accepts=accepts_connected,
    needs=Isa.RV_M,
    spends_flash=True,
)
