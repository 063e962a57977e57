"""FULLY_CONNECTED with packed weights and two channels in a word, for any core (kernels/include/nk_row_lanes_s8.h)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.ir import Array, DType
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import WEIGHTS
from netsuke.ops.conv_overlap import pixels_during
from netsuke.ops.fully_connected_pairs import channel_rows, steps
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Site
from netsuke.ops.packed_bits import BITS, bits_of
from netsuke.ops.packed_halves import START, cut_of
from netsuke.ops.packed_lines import Scales, found_lines, line_scales
from netsuke.ops.requantize import real_multipliers, relative_clamp, scaled_double
from netsuke.ops.triples import accumulators, folded_bias, scale_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLanesArgs(KernelArgs):
    """`rows` of `depth` inputs, `channels` outputs each.

    lift: what is added to every weight. cut: after how many inputs sums are taken out of the words. stride, shift: of
    the table of scales, see nk_line_s8.h and nk_steps_s8.h.
    """

    c_name: ClassVar[str] = "nk_row_lanes_args"
    rows: int
    depth: int
    channels: int
    lift: int
    cut: int
    stride: int
    shift: int


def lanes(rows: Array, bits: int) -> Constant:
    """Weights [O, depth], none negative → words [O / 4, depth * bits / 8]; see nk_row_lanes_s8.h."""
    each = 8 // bits
    whole = np.pad(rows, ((0, -len(rows) % 4), (0, -rows.shape[1] % 4))).astype(np.int64)
    # [blocks, second of two, channel of a half's pair, words, input] → halves of a word by its fields
    fields = whole.reshape(-1, 2, 2, whole.shape[1] // each, each).transpose(0, 3, 2, 4, 1)
    fields = fields.reshape(*fields.shape[:3], 2 * each)
    halves = (fields << bits * np.arange(2 * each)).sum(axis=3)
    words = halves[..., 0] | halves[..., 1] << 16
    note = f"channels by four x inputs by {each}, {bits} bits a weight"
    return Constant(label="weights", data=words.astype("<u4"), shape_note=note)


def scales_of(site: Site[Any], rows: Array, start: int) -> Scales | None:
    """One product where that is exact, else two; None where there is neither."""
    reals = np.resize(np.array(real_multipliers(site.x(), site.x(WEIGHTS), site.y())), len(rows))
    bias = folded_bias(site, rows) - start
    found = found_lines(
        lambda acc: scaled_double(acc.T, reals.tolist()).T,
        reals,
        relative_clamp(site.args.clamp, site.y()),
        accumulators(site, rows),
    )
    if found is not None:
        return line_scales(found, bias, int(full_clamp(site.args.clamp, site.y())[0]))
    stairs = steps(site, rows)
    if stairs is None:
        return None
    table = scale_rows(site, stairs, bias)
    return Scales(table=table, stride=table.data.shape[1], shift=stairs.shift)


def takes(site: Site[Any], bits: int) -> bool:
    """int8, weights of so many bits, a requantisation that is found."""
    if site.x().dtype is not DType.INT8 or bits_of(site) != bits:
        return False
    return scales_of(site, channel_rows(site), 0) is not None


def row_lanes(bits: int) -> Kernel:
    """The kernel for so many bits: one call for all rows."""

    def bind(site: Site[Any]) -> tuple[Call]:
        rows = channel_rows(site)
        lift = max(0, -int(rows.min()))
        cut = cut_of(rows + lift)
        scales = scales_of(site, rows, START * -(-rows.shape[1] // cut))
        assert scales is not None
        args = RowLanesArgs(
            rows=site.x().elements // rows.shape[1], depth=rows.shape[1], channels=len(rows), lift=lift, cut=cut,
            stride=scales.stride, shift=scales.shift,
        )  # fmt: skip
        constants = lanes(rows + lift, bits), scales.table
        return (kernel.call(Input(index=0), *constants, Output(index=0), args=args),)

    kernel = Kernel(
        name=f"nk_fully_connected_w{bits}_lanes",
        params=(
            Param(name="x", ctype="const int8_t"),
            Param(name="w", ctype="const uint32_t"),
            Param(name="scales", ctype="const int32_t"),
            Param(name="y", ctype="int8_t"),
        ),
        args=RowLanesArgs,
        bind=bind,
        accepts=lambda site: takes(site, bits),
        overlap=pixels_during,
        packs=True,
    )
    return kernel


ROW_LANES = tuple(row_lanes(bits) for bits in BITS)
