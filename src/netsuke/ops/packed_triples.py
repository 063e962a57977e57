"""CONV_2D three pixels at a time with packed weights, for any core (kernels/include/nk_triples_packed_s8.h)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from netsuke.ir import Array
from netsuke.ops import triples
from netsuke.ops.conv_geometry import WEIGHTS, folded_sums, images, scaled_params
from netsuke.ops.conv_overlap import pixels_ahead, windows_ahead
from netsuke.ops.fixed_point import Multiplier
from netsuke.ops.kernel import Call, Constant, Input, Kernel, Output, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.packed_bits import UNITS, bits_of, by_bits, paired_units
from netsuke.ops.requantize import real_multipliers, relative_clamp

GENERAL_STRIDE = 6
"""Words of a channel's row in the table of scales where the formula of `staircase` does not take its multiplier."""


def bound(site: Site[Any], bits: int) -> tuple[tuple[Constant, Constant], triples.TriplesArgs]:
    """Constants and struct."""
    rows = triples.channel_rows(site)
    found = triples.conv_steps(site, rows)
    if found is not None:
        scales = triples.scale_rows(site, found, triples.folded_bias(site, rows))
        args = triples.triples_args(site, found, rows)
    else:
        scales, args = (
            general_rows(site, rows),
            triples.plain_args(site, rows, stride=GENERAL_STRIDE, shift=0),
        )
    return (paired_units(rows, bits), scales), args


def general_rows(site: Site[Any], rows: Array) -> Constant:
    """[channels, 6]: bias, multiplier, shift, both ends of the clamp, zero point."""
    reals = real_multipliers(site.x(), site.x(WEIGHTS), site.y())
    found = [Multiplier.of(real) for real in np.resize(np.array(reals), len(rows)).tolist()]
    ends = [*relative_clamp(site.args.clamp, site.y()), site.y().zero_point]
    biases = folded_sums(site, rows)
    table = [[int(bias), m.value, m.shift, *ends] for bias, m in zip(biases, found, strict=True)]
    note = "channels x bias, multiplier, shift, clamp, zero point"
    return Constant(label="scales", data=np.array(table, np.int32), shape_note=note)


def takes(site: Site[Any], bits: int) -> bool:
    """int8, one group, no dilation, more than two pixels, weights of so many bits."""
    return triples.undilated(site) and bits_of(site) == bits


def bind(site: Site[Any], bits: int) -> tuple[Call, ...]:
    """One call an image."""
    constants, args = bound(site, bits)
    scratch, kernel = Scratch(nbytes=8 * args.depth), CONV_2D_TRIPLES[bits]
    return tuple(kernel.call(x, *constants, y, scratch, args=args) for x, y in images(site))


def bind_pointwise(site: Site[Any], bits: int) -> tuple[Call]:
    """One call for all pixels of all images."""
    constants, args = bound(site, bits)
    args = replace(args, pixels=args.pixels * site.x().shape[0])
    scratch, kernel = Scratch(nbytes=8 * args.depth), POINTWISE_TRIPLES[bits]
    return (kernel.call(Input(index=0), *constants, Output(index=0), scratch, args=args),)


POINTWISE_TRIPLES = by_bits(
    lambda bits: Kernel(
        name=f"nk_pointwise_w{bits}_triples",
        params=scaled_params(UNITS[bits]),
        args=triples.TriplesArgs,
        bind=lambda site: bind_pointwise(site, bits),
        accepts=lambda site: takes(site, bits) and triples.one_pixel(site),
        overlap=pixels_ahead(3),
        packs=True,
    )
)
CONV_2D_TRIPLES = by_bits(
    lambda bits: Kernel(
        name=f"nk_conv_2d_w{bits}_triples",
        params=scaled_params(UNITS[bits]),
        args=triples.TriplesArgs,
        bind=lambda site: bind(site, bits),
        accepts=lambda site: takes(site, bits),
        overlap=windows_ahead(3),
        packs=True,
    )
)
