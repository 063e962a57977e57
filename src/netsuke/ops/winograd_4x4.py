"""CONV_2D 3 x 3 by Winograd's F(4 x 4, 3 x 3) on integers (kernels/include/nk_winograd_4x4_s8.h): a fourth of the MACs.

Weights become 16-bit and four times as many, so flash pays for the cycles: 8 bytes for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import WEIGHTS, images, scaled_params, windows
from netsuke.ops.fixed_point import INT32_MAX, wrap_int32
from netsuke.ops.high_multiply import HighMultiply
from netsuke.ops.kernel import Call, Constant, Kernel, KernelArgs, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.overlap import Overlap, row_by_row, useful
from netsuke.ops.strip import accepts, accumulator_range, folded_biases, multipliers, relu_scales_of

TILE = 4
"""Outputs along each side of a tile, from six inputs."""
FACTOR = 24 * 24
"""Sums are so many times the accumulator."""
FRACTION = 12
"""Bits below the stored value: sums are large, multipliers small."""
DEPTHS = 16
"""Input channels come in so many: eight words in the loop."""
SHALLOW = 16
"""Input channels up to which one tile is computed at a time, else two: shallow layers have the large images beside
which scratch is dear."""
CHANNELS = 4
FILTER = np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 3]], dtype=np.int64)
"""G of F(4, 3) times 24; the last row by 8 less, which the kernel makes good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Winograd4x4Args(KernelArgs):
    """The window as in Conv2dArgs; relu, narrow, low and high as in StripArgs. `tiles` at a time, side by side."""

    c_name: ClassVar[str] = "nk_winograd_4x4_args"
    channels: int
    in_h: int
    in_w: int
    in_c: int
    out_h: int
    out_w: int
    pad_h: int
    pad_w: int
    tiles: int
    sums_bytes: int
    x_zero: int
    y_zero: int
    relu: int
    narrow: int
    low: int
    high: int


def accepts_4x4(site: Site[Any]) -> bool:
    """3 x 3, stride 1, input channels in sixteens, an image that tiles fill well enough, shifts of two bits or more
    where the general requantisation needs them, and sums that fit when multiplied by FACTOR."""
    rows, along = windows(site)
    if not accepts(site) or (rows.kernel, along.kernel, rows.stride, along.stride) != (3, 3, 1, 1):
        return False
    if site.x().shape[3] % DEPTHS or not fills_tiles(site):
        return False
    lowest, highest = accumulator_range(site)
    if FACTOR * max(-min(lowest), max(highest)) > INT32_MAX:
        return False
    return all(m.shift <= -2 for m in multipliers(site)) or relu_scales(site) is not None


def fills_tiles(site: Site[Any]) -> bool:
    """True when fewer products are left than winograd.py needs, six of nine."""
    _, height, width, _ = site.y().shape
    tiles = tiles_at_once(site)
    count = -(-height // TILE) * -(-width // (TILE * tiles)) * tiles
    return count * (TILE + 2) ** 2 < 6 * height * width


def tiles_at_once(site: Site[Any]) -> int:
    """One tile, or two side by side."""
    return 1 if site.x().shape[3] <= SHALLOW else 2


def relu_scales(site: Site[Any]) -> list[HighMultiply] | None:
    """The two-instruction requantisation of every channel (see strip.relu_scales)."""
    channels = site.y().shape[3]
    return relu_scales_of(site, range(channels), [FACTOR] * channels, [FRACTION] * channels)


def args_of(site: Site[Any]) -> Winograd4x4Args:
    """The struct for one image."""
    rows, along = windows(site)
    x, y = site.x(), site.y()
    low, high = (int(end) for end in full_clamp(site.args.clamp, y))
    tiles = tiles_at_once(site)
    return Winograd4x4Args(
        channels=y.shape[3], in_h=x.shape[1], in_w=x.shape[2], in_c=x.shape[3],
        out_h=y.shape[1], out_w=y.shape[2], pad_h=rows.before, pad_w=along.before,
        tiles=tiles, sums_bytes=max(4 * 26 * CHANNELS * tiles, 6 * x.shape[3]),
        x_zero=x.zero_point, y_zero=y.zero_point,
        relu=int(relu_scales(site) is not None),
        narrow=int((low, high) != (-128, 127)), low=low, high=high,
    )  # fmt: skip


def transformed(w: Array) -> Constant:
    """[O, 3, 3, C] → G w G^T, by four output channels, place by place down the columns, two inputs at a time."""
    g = np.zeros((-(-len(w) // CHANNELS) * CHANNELS, *w.shape[1:]), dtype=np.int64)
    g[: len(w)] = w
    places = np.einsum("vi,oijc,uj->ouvc", FILTER, g, FILTER)
    depth = w.shape[3]
    # Inputs 0 and 2, then 1 and 3 of every four.
    pairs = places.reshape(-1, CHANNELS, 36, depth // 4, 4)[..., [0, 2, 1, 3]]
    data = pairs.reshape(-1, CHANNELS, 36, depth // 2, 2).transpose(0, 2, 3, 1, 4)
    return Constant(
        label="weights",
        data=np.ascontiguousarray(data).astype(np.int16),
        shape_note="fours of channels x 6 columns x 6 rows x pairs of inputs x 4 channels x 2 inputs",
    )


def scales(site: Site[Any]) -> Constant:
    """{what sums start from, multiplier, addend or power of two} of every channel; inputs count from -128."""
    w = site.constant(WEIGHTS).astype(np.int64)
    start = (folded_biases(site) - 128 * w.reshape(len(w), -1).sum(axis=1)) * FACTOR
    relu = relu_scales(site)
    if relu is None:
        rest = [(int(wrap_int32(np.array(2 * m.value))), 1 << (32 + m.shift)) for m in multipliers(site)]
        note = "channels x {bias, multiplier, power}"
    else:
        start = start + np.array([h.offset for h in relu])
        rest = [(h.multiplier, h.addend + (site.y().zero_point << FRACTION)) for h in relu]
        note = "channels x {bias, multiplier, addend}"
    data = np.concatenate([wrap_int32(start)[:, None], np.array(rest, dtype=np.int64)], axis=1)
    return Constant(label="scales", data=data.astype(np.int32), shape_note=note)


def scratch_bytes(args: Winograd4x4Args) -> int:
    """Transformed tiles, the sums of four channels (before them six pixels on their way), six pixels that are kept."""
    return 72 * args.in_c * args.tiles + args.sums_bytes + 6 * args.in_c


def bind(site: Site[Any]) -> tuple[Call, ...]:
    """One call an image."""
    args = args_of(site)
    constants = transformed(site.constant(WEIGHTS)), scales(site)
    scratch = Scratch(nbytes=scratch_bytes(args))
    return tuple(CONV_2D_S8_WINOGRAD_4X4.call(x, *constants, y, scratch, args=args) for x, y in images(site))


def overlap(site: Site[Any]) -> tuple[Overlap, ...]:
    """Output rows exactly over input rows, as many earlier as there is padding above; else a few whole rows apart.

    A row of tiles reads the rows from `before` above its first output on; when it is done with a column of tiles it
    has read these, but for the last column of pixels, which it keeps. So outputs may lie over inputs of the same
    column that no later row of tiles wants.
    """
    rows, along = windows(site)
    x, y = site.x(), site.y()
    images_apart = x.shape[0] > 1 and x.shape[1] != y.shape[1]
    if x.shape[2:] == y.shape[2:] and along.before <= 1 and not images_apart:
        row = x.shape[2] * x.shape[3]
        return useful(site, Overlap(input=0, lead=rows.before * row, step=row))
    starts = range(0, y.shape[1], TILE)
    return row_by_row(site, [(start + TILE, start - rows.before) for start in starts])


CONV_2D_S8_WINOGRAD_4X4 = Kernel(
    name="nk_conv_2d_s8_winograd_4x4",
    params=scaled_params("int16_t"),
    args=Winograd4x4Args,
    bind=bind,
    accepts=accepts_4x4,
    needs=Isa.DSP,
    overlap=overlap,
    spends_flash=True,
    tile=(TILE, TILE),
)
