"""CONV_2D in strips of two pixels, two channels in a halfword (kernels/include/nk_strip_duo_s8.h)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array
from netsuke.ops import duo
from netsuke.ops.conv_geometry import WEIGHTS, images, windows
from netsuke.ops.conv_overlap import pixels_ahead, windows_ahead
from netsuke.ops.fixed_point import Int64Array, Multiplier, wrap_int32
from netsuke.ops.high_multiply import FRACTION
from netsuke.ops.kernel import Call, Constant, Input, Kernel, Output, Param, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.strip import (
    StripArgs,
    accepts,
    accepts_pointwise,
    accumulator_range,
    folded_biases,
    multipliers,
    relu_scales_at,
    strip_args,
)

PIXELS = 2
CHANNELS = 4


def tiles_of(site: Site[Any]) -> duo.Tiles:
    """Four channels a tile; the last tile may overlap the one before."""
    return duo.Tiles(channels=site.y().shape[3], size=CHANNELS)


def in_window_order(site: Site[Any]) -> Array:
    """[O, depth]: of every row of the window its whole fours of bytes, then what is left over of all rows."""
    w = site.constant(WEIGHTS)
    rows = w.reshape(w.shape[0], w.shape[1], -1)
    whole = rows.shape[2] // 4 * 4
    body, rest = rows[:, :, :whole], rows[:, :, whole:]
    return np.concatenate([part.reshape(len(w), -1) for part in (body, rest)], axis=1)


def signed_scales(site: Site[Any], tiles: duo.Tiles) -> Int64Array | None:
    """[tiles, 1 + 2 * size]: the zero point, then {2 * multiplier - 2^32, 2^(32 - shift)} of each of its channels.

    None where a shift is 1, or a sum times 256 does not fit.
    """
    all_of_them = multipliers(site)
    if any(m.shift > -2 for m in all_of_them) or not duo.fits(*accumulator_range(site)):
        return None
    pairs = np.array([twice(all_of_them[c]) for c in tiles.order()], dtype=np.int64).reshape(
        -1, 2 * tiles.size
    )
    return np.concatenate([np.full((len(pairs), 1), site.y().zero_point), pairs], axis=1)


def twice(m: Multiplier) -> tuple[int, int]:
    """What NK_TWICE multiplies by, both in 32 bits."""
    return int(wrap_int32(np.array(2 * m.value))), 1 << (32 + m.shift)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a tile's block is made of, tile by tile; `relu`: the scales are those of high_multiply."""

    starts: Int64Array
    words: Array
    scales: Int64Array
    relu: bool


def parts_of(site: Site[Any], w: Array, tiles: duo.Tiles) -> Parts | None:
    """The parts for weights [O, depth] in the order of the kernel's inputs; None where they cannot be packed."""
    words = duo.packed(w, tiles)
    if words is None:
        return None
    biases = folded_biases(site)[tiles.order()] * np.array(tiles.factors())
    relu = relu_scales_at(site, tiles)
    if relu is not None:
        start = duo.starts(biases + np.array([h.offset for h in relu]))
        scales = duo.once_scales(relu, site.y().zero_point, FRACTION).reshape(-1, 2 * tiles.size)
        return Parts(starts=start, words=words, scales=scales, relu=True)
    signed = signed_scales(site, tiles)
    return (
        None if signed is None else Parts(starts=duo.starts(biases), words=words, scales=signed, relu=False)
    )


def stream_of(site: Site[Any]) -> tuple[Array, bool] | None:
    """All blocks, and whether their scales are those of high_multiply; None where the layer cannot be packed."""
    if site.y().shape[3] < CHANNELS:
        return None
    tiles = tiles_of(site)
    parts = parts_of(site, in_window_order(site), tiles)
    if parts is None:
        return None
    places = np.array(tiles.firsts)[:, None]
    blocks = duo.blocks(parts.starts, parts.words, np.concatenate([parts.scales, places], axis=1))
    return blocks.astype(np.int32), parts.relu


def accepts_duo(site: Site[Any]) -> bool:
    """What strips accept, with four channels or more, and weights and sums that can be packed."""
    return accepts(site) and stream_of(site) is not None


def accepts_pointwise_duo(site: Site[Any]) -> bool:
    """The same with a window of one pixel."""
    return accepts_pointwise(site) and stream_of(site) is not None


def constant_and_args(site: Site[Any]) -> tuple[Constant, StripArgs]:
    """The stream, and the struct for one image."""
    found = stream_of(site)
    assert found is not None
    stream, relu = found
    scales = "8 x {multiplier, addend}" if relu else "zero point, 4 x {multiplier, power}"
    note = f"fours of channels x {{4 starts, pairs of inputs x 2 words of weights, {scales}, place}}"
    args = replace(strip_args(site), weight_bytes=stream.nbytes, relu=int(relu))
    return Constant(label="weights", data=stream, shape_note=note), args


def scratch_bytes(site: Site[Any], args: StripArgs) -> int:
    """Columns of two pixels; what is left over of the window's rows; a row of it, when some window leaves the image."""
    run = args.kernel_w * args.in_c
    rest = -(-args.kernel_h * (run % 4) // 4) * 4
    leaves = any(
        w.before > 0 or (w.output - 1) * w.stride - w.before + w.kernel > w.size for w in windows(site)[1:]
    )
    return args.groups * 4 * 4 + rest + (run if leaves else 0)


def bind(site: Site[Any]) -> tuple[Call, ...]:
    """One call an image."""
    constant, args = constant_and_args(site)
    scratch = Scratch(nbytes=scratch_bytes(site, args))
    return tuple(CONV_2D_S8_DUO.call(x, constant, y, scratch, args=args) for x, y in images(site))


def bind_pointwise(site: Site[Any]) -> tuple[Call]:
    """One call for all pixels of all images."""
    constant, args = constant_and_args(site)
    args = replace(args, pixels=args.pixels * site.x().shape[0])
    scratch = Scratch(nbytes=args.groups * 4 * 4)
    return (POINTWISE_S8_DUO.call(Input(index=0), constant, Output(index=0), scratch, args=args),)


PARAMS = (
    Param(name="x", ctype="const int8_t"),
    Param(name="w", ctype="const int32_t"),
    Param(name="y", ctype="int8_t"),
    Param(name="scratch", ctype="void"),
)
POINTWISE_S8_DUO = Kernel(
    name="nk_pointwise_s8_duo",
    params=PARAMS,
    args=StripArgs,
    bind=bind_pointwise,
    accepts=accepts_pointwise_duo,
    needs=Isa.DSP,
    overlap=pixels_ahead(PIXELS),
)
CONV_2D_S8_DUO = Kernel(
    name="nk_conv_2d_s8_duo",
    params=PARAMS,
    args=StripArgs,
    bind=bind,
    accepts=accepts_duo,
    needs=Isa.DSP,
    overlap=windows_ahead(PIXELS),
)
