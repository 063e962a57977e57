"""DEPTHWISE_CONV_2D with a 3x3 window in planes of halfwords, for cores with the DSP extension (nk_planes_s8.h)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array, DType
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import WEIGHTS, bias_of, images, windows
from netsuke.ops.fixed_point import Multiplier, wrap_int32
from netsuke.ops.high_multiply import FRACTION, HighMultiply, high_multiply
from netsuke.ops.kernel import Call, Constant, Kernel, KernelArgs, Param, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.strip import multipliers

LANES = 4
"""Channels that are taken apart at once."""
WHOLE_IMAGE_BYTES = 2048
"""Planes of a whole image are held at once when they take no more than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanesArgs(KernelArgs):
    """One image. `columns` of the planes: `left` of padding, `width` of the image, padding.

    pairs: pairs of rows of outputs (stride 2: rows), `batch` of them at a time; slots: pair rows held in scratch memory.
    threes: how often three outputs of a row are made at a time. narrow: the clamp low..high is narrower than int8.
    """

    c_name: ClassVar[str] = "nk_planes_args"
    in_h: int
    in_w: int
    channels: int
    out_h: int
    out_w: int
    stride: int
    pad_h: int
    left: int
    width: int
    columns: int
    pairs: int
    batch: int
    slots: int
    threes: int
    x_zero: int
    y_zero: int
    narrow: int
    low: int
    high: int


def fits(site: Site[Any], stride: int) -> bool:
    """int8, multiplier 1, a 3x3 window of this stride without dilation, four channels or more."""
    x, w = site.x(), site.x(WEIGHTS)
    if x.dtype is not DType.INT8 or w.shape[3] != x.shape[3] or x.shape[3] < LANES:
        return False
    axes = windows(site)
    return all((a.kernel, a.dilation, a.stride) == (3, 1, stride) for a in axes) and site.y().shape[2] >= 3 - stride


def scales_twice(site: Site[Any]) -> list[tuple[int, int]] | None:
    """{2 * multiplier - 2^32, 2^(32 - shift)} of each channel; None when a shift is below 2."""
    found = multipliers(site)
    if any(m.value != 0 and m.shift > -2 for m in found):
        return None
    return [scale_twice(m) for m in found]


def scale_twice(m: Multiplier) -> tuple[int, int]:
    """One channel's; a multiplier of zero leaves the zero point alone."""
    return (0, 0) if m.value == 0 else (2 * m.value - (1 << 32), 1 << (32 + m.shift))


def scales_once(site: Site[Any]) -> list[HighMultiply] | None:
    """The two-instruction requantisation of every channel, when negative sums are clamped away and all have one."""
    low, _ = full_clamp(site.args.clamp, site.y())
    if low < site.y().zero_point:
        return None
    found = []
    for m, (least, most) in zip(multipliers(site), bounds(site), strict=True):
        h = high_multiply(m, 127 - site.y().zero_point, least, most)
        if h is None:
            return None
        found.append(h)
    return found


def taps_by_channel(site: Site[Any]) -> Array:
    """Weights as int64 [C, taps]."""
    w = site.constant(WEIGHTS)
    return w.reshape(-1, w.shape[3]).T.astype(np.int64)


def biases(site: Site[Any]) -> Array:
    """bias - zero_point * sum of weights, modulo 2^32, int64 [C]: the planes hold stored values."""
    taps = taps_by_channel(site)
    return wrap_int32(bias_of(site, len(taps)).reshape(-1) - site.x().zero_point * taps.sum(axis=1))


def bounds(site: Site[Any]) -> list[tuple[int, int]]:
    """The least and the most that each channel's sum can be, bias included."""
    taps, start = taps_by_channel(site), biases(site)
    above, below = np.maximum(taps, 0).sum(axis=1), np.minimum(taps, 0).sum(axis=1)
    least, most = start + below * 127 - above * 128, start + above * 127 - below * 128
    return list(zip(least.tolist(), most.tolist(), strict=True))


def blocks(site: Site[Any], scales: list[tuple[int, int]], offsets: Array) -> Constant:
    """Nine words a channel: the bias, the columns' pairs of taps, two constants of the requantisation."""
    w = site.constant(WEIGHTS)[0].astype(np.int64)
    upper, lower = pairs(w[0], w[1]), pairs(w[1], w[2])
    columns = [biases(site) + offsets, *upper, *lower, *np.array(scales, dtype=np.int64).T]
    data = wrap_int32(np.stack(columns, axis=1)).astype(np.int32)
    return Constant(label="blocks", data=data, shape_note="channels x (bias, taps 0 and 1, taps 1 and 2, scale)")


def pairs(low: Array, high: Array) -> Array:
    """Halfwords side by side."""
    return (high << 16) | (low & 0xFFFF)


def planes_args(site: Site[Any]) -> PlanesArgs:
    """The struct for one image."""
    rows, along = windows(site)
    low, high = (int(end) for end in full_clamp(site.args.clamp, site.y()))
    stride, out_w = rows.stride, along.output
    columns = (out_w - 1) * stride + 3
    left = min(along.before, columns)
    pair_count = -(-rows.output // 2) if stride == 1 else rows.output
    whole = (pair_count + 1) * columns * LANES * 4 <= WHOLE_IMAGE_BYTES
    return PlanesArgs(
        in_h=rows.size, in_w=along.size, channels=site.x().shape[3], out_h=rows.output, out_w=out_w,
        stride=stride, pad_h=rows.before, left=left, width=min(along.size, columns - left), columns=columns,
        pairs=pair_count, batch=pair_count if whole else 1, slots=pair_count + 1 if whole else 2,
        threes=threes_of(out_w) if stride == 1 else out_w // 3,
        x_zero=site.x().zero_point, y_zero=site.y().zero_point,
        narrow=int((low, high) != (-128, 127)), low=low, high=high,
    )  # fmt: skip


def threes_of(width: int) -> int:
    """How many threes make up a row of outputs, when only twos may be left."""
    return next(n for n in range(width // 3, -1, -1) if (width - 3 * n) % 2 == 0)


def over_the_input(site: Site[Any]) -> tuple[int, ...]:
    """Rows are taken apart before the output reaches them, where it does not run ahead of the window."""
    rows, _ = windows(site)
    return (0,) if site.x().shape == site.y().shape and rows.before <= 2 else ()


def planes_kernel(name: str, stride: int, *, once: bool) -> Kernel:
    """nk_<name>: the kernel of a stride and of a form of requantisation."""

    def accepts(site: Site[Any]) -> bool:
        return fits(site, stride) and (scales_once(site) if once else scales_twice(site)) is not None

    def constants(site: Site[Any]) -> Constant:
        if once:
            found = scales_once(site)
            assert found is not None
            zero = site.y().zero_point << FRACTION
            scales = [(h.multiplier, h.addend + zero) for h in found]
            return blocks(site, scales, np.array([h.offset for h in found]))
        plain = scales_twice(site)
        assert plain is not None
        return blocks(site, plain, np.zeros(len(plain), dtype=np.int64))

    def bind(site: Site[Any]) -> tuple[Call, ...]:
        args, found = planes_args(site), constants(site)
        scratch = Scratch(nbytes=args.slots * args.columns * LANES * 4)
        return tuple(kernel.call(x, found, y, scratch, args=args) for x, y in images(site))

    kernel = Kernel(
        name=name,
        params=(
            Param(name="x", ctype="const int8_t"),
            Param(name="blocks", ctype="const int32_t"),
            Param(name="y", ctype="int8_t"),
            Param(name="scratch", ctype="void"),
        ),
        args=PlanesArgs,
        bind=bind,
        accepts=accepts,
        needs=Isa.DSP,
        in_place=over_the_input if stride == 1 else lambda site: (),
    )
    return kernel


DEPTHWISE_S8_DSP = (
    planes_kernel("nk_depthwise_3x3_relu_s8_dsp", 1, once=True),
    planes_kernel("nk_depthwise_3x3_s8_dsp", 1, once=False),
    planes_kernel("nk_depthwise_3x3_s2_relu_s8_dsp", 2, once=True),
    planes_kernel("nk_depthwise_3x3_s2_s8_dsp", 2, once=False),
)
"""Best first."""
