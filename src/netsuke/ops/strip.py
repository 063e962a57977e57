"""CONV_2D in strips of three pixels, for cores with the DSP extension (kernels/include/nk_strip_s8.h)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array, DType
from netsuke.ops import duo
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import WEIGHTS, folded_sums, images, scaled_params, windows
from netsuke.ops.conv_overlap import pixels_ahead, windows_ahead
from netsuke.ops.fixed_point import Multiplier, wrap_int32
from netsuke.ops.high_multiply import FRACTION, HighMultiply, high_multiply
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.requantize import real_multipliers

PIXELS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class StripArgs(KernelArgs):
    """`pixels` outputs of `channels`, each from `depth` inputs in `groups` of four; the window as in Conv2dArgs.

    whole_groups: a row of the window is a multiple of four bytes, so that it can be widened where it lies. relu: the
    scales are those of high_multiply. narrow: the clamp low..high is narrower than int8.
    """

    c_name: ClassVar[str] = "nk_strip_args"
    pixels: int
    channels: int
    depth: int
    groups: int
    weight_bytes: int
    in_h: int
    in_w: int
    in_c: int
    out_w: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    pad_h: int
    pad_w: int
    x_zero: int
    whole_groups: int
    relu: int
    narrow: int
    low: int
    high: int


def accepts(site: Site[Any]) -> bool:
    """int8, one group, no dilation, and every multiplier below one half: it then shifts to the right."""
    rows, along = windows(site)
    plain = site.x().shape[3] == site.x(WEIGHTS).shape[3] and rows.dilation == along.dilation == 1
    return site.x().dtype is DType.INT8 and plain and all(m.shift < 0 for m in multipliers(site))


def accepts_pointwise(site: Site[Any]) -> bool:
    """A window of one pixel that moves by one."""
    axes = windows(site)
    return accepts(site) and all((w.kernel, w.stride, w.before, w.after) == (1, 1, 0, 0) for w in axes)


def multipliers(site: Site[Any]) -> list[Multiplier]:
    """One for every output channel."""
    reals = real_multipliers(site.x(), site.x(WEIGHTS), site.y())
    found = [Multiplier.of(real) for real in reals]
    return found * site.y().shape[3] if len(found) == 1 else found


def strip_args(site: Site[Any]) -> StripArgs:
    """The struct for one image (pointwise: `pixels` is widened to all images)."""
    rows, along = windows(site)
    x, y, w = site.x(), site.y(), site.x(WEIGHTS)
    depth = w.elements // w.shape[0]
    low, high = (int(end) for end in full_clamp(site.args.clamp, y))
    groups = -(-depth // 4)
    return StripArgs(
        pixels=y.shape[1] * y.shape[2], channels=y.shape[3], depth=depth, groups=groups,
        weight_bytes=-(-y.shape[3] // 2) * groups * 8,
        in_h=x.shape[1], in_w=x.shape[2], in_c=x.shape[3], out_w=y.shape[2],
        kernel_h=rows.kernel, kernel_w=along.kernel, stride_h=rows.stride, stride_w=along.stride,
        pad_h=rows.before, pad_w=along.before, x_zero=x.zero_point,
        whole_groups=int(along.kernel * x.shape[3] % 4 == 0), relu=int(relu_scales(site) is not None),
        narrow=int((low, high) != (-128, 127)), low=low, high=high,
    )  # fmt: skip


def packed_weights(w: Array) -> Constant:
    """[O, ...] → channels by two, four bytes of each in turn; padded with zeros to whole pairs and groups."""
    rows = w.reshape(len(w), -1)
    padded = np.zeros((-(-rows.shape[0] // 2) * 2, -(-rows.shape[1] // 4) * 4), dtype=np.int8)
    padded[: rows.shape[0], : rows.shape[1]] = rows
    pairs = padded.reshape(-1, 2, padded.shape[1] // 4, 4).transpose(0, 2, 1, 3)
    return Constant(
        label="weights",
        data=np.ascontiguousarray(pairs),
        shape_note="channel pairs x groups x 2 channels x 4 inputs",
    )


def scale_stream(site: Site[Any], factor: int = 1, bias_shift: int = 0) -> Constant:
    """Biases of the first pair, then for every pair the scale constants of each and the biases of the next pair.

    The input's zero point is folded into the biases. Constants of a channel: {multiplier, addend} of high_multiply, or
    those of `scale`. `factor`: the kernel's sums are that many times the accumulator, 1 or 2. `bias_shift`: the kernel
    shifts its sums back so far before it scales them.
    """
    biases = folded_biases(site) * factor
    relu = relu_scales(site, factor)
    if relu is None:
        scales = [scale(m, site.y().zero_point, factor) for m in multipliers(site)]
        note = "biases of a pair, three scale constants of each"
    else:
        biases = biases + np.array([h.offset for h in relu])
        scales = [(h.multiplier, h.addend + (site.y().zero_point << FRACTION)) for h in relu]
        note = "biases of a pair, multiplier, addend"
    biases = biases << bias_shift
    if len(biases) % 2:
        biases, scales = np.append(biases, 0), [*scales, scales[-1]]
    stream: list[int] = []
    for first in range(0, len(biases), 2):
        stream += [int(b) for b in biases[first : first + 2]]
        stream += [*scales[first], *scales[first + 1]]
    stream += [0, 0]
    return Constant(label="scales", data=np.array(stream, dtype=np.int32), shape_note=note)


def folded_biases(site: Site[Any]) -> Array:
    """bias - zero_point * sum of weights, modulo 2^32, int64 [O]."""
    w = site.constant(WEIGHTS)
    return folded_sums(site, w.reshape(len(w), -1))


def relu_scales(site: Site[Any], factor: int = 1) -> list[HighMultiply] | None:
    """The two-instruction requantisation of every channel, when negative sums are clamped away and all have one."""
    channels = site.y().shape[3]
    return relu_scales_of(site, range(channels), [factor] * channels, [FRACTION] * channels)


def relu_scales_at(site: Site[Any], tiles: duo.Tiles) -> list[HighMultiply] | None:
    """The same for every place of tiles of pairs of channels."""
    factors = tiles.factors()
    fractions = [duo.fraction_of(place, FRACTION) for place in range(len(factors))]
    return relu_scales_of(site, tiles.order().tolist(), factors, fractions)


def relu_scales_of(
    site: Site[Any], channels: Sequence[int], factors: Sequence[int], fractions: Sequence[int]
) -> list[HighMultiply] | None:
    """The same for some channels, whose sums come multiplied by factors, with so many bits below the stored value."""
    low, _ = full_clamp(site.args.clamp, site.y())
    if low < site.y().zero_point:
        return None
    lowest, highest = accumulator_range(site)
    found = []
    scales, count = multipliers(site), 127 - site.y().zero_point
    for c, factor, fraction in zip(channels, factors, fractions, strict=True):
        h = high_multiply(scales[c], count, lowest[c], highest[c], factor, fraction)
        if h is None:
            return None
        found.append(h)
    return found


def accumulator_range(site: Site[Any]) -> tuple[list[int], list[int]]:
    """Bounds of every channel's accumulator, bias and zero point included."""
    rows = site.constant(WEIGHTS).astype(np.int64).reshape(site.y().shape[3], -1)
    biases = folded_biases(site)
    lowest = biases + np.minimum(rows * -128, rows * 127).sum(axis=1)
    highest = biases + np.maximum(rows * -128, rows * 127).sum(axis=1)
    return lowest.tolist(), highest.tolist()


def scale(m: Multiplier, zero_point: int, factor: int) -> tuple[int, ...]:
    """{2 * multiplier - 2^32 in 32 bits, (zero_point << shift) + half, shift to the right}.

    For sums that are twice the accumulator {multiplier, 2^(32 - shift), zero_point}.
    """
    right = -m.shift
    if factor == 2:
        return m.value, 1 << (32 - right), zero_point
    return int(wrap_int32(np.array(2 * m.value))), (zero_point << right) + (1 << (right - 1)), right


def scratch_bytes(args: StripArgs, *, gathers: bool) -> int:
    """Columns of three pixels, then what is staged: a window (or one row of it) on its way into the columns, and the
    outputs of a strip that cannot go straight to their place."""
    run = args.kernel_w * args.in_c
    window = 0 if not gathers else run if args.whole_groups else run * args.kernel_h
    odd = args.channels % 2
    rows = PIXELS if odd or args.pixels % PIXELS else 0
    return args.groups * 6 * 4 + max(window, rows * (args.channels + odd))


def reads_outside(site: Site[Any]) -> bool:
    """True when some window leaves the image, or is not a whole number of groups a row: it is then staged."""
    rows, along = windows(site)
    ragged = along.kernel * site.x().shape[3] % 4 != 0
    return ragged or any(
        w.before > 0 or (w.output - 1) * w.stride - w.before + w.kernel > w.size for w in (rows, along)
    )


def bind(site: Site[Any]) -> tuple[Call, ...]:
    """One call an image."""
    args = strip_args(site)
    constants = packed_weights(site.constant(WEIGHTS)), scale_stream(site)
    scratch = Scratch(nbytes=scratch_bytes(args, gathers=reads_outside(site)))
    return tuple(CONV_2D_S8_DSP.call(x, *constants, y, scratch, args=args) for x, y in images(site))


def bind_pointwise(site: Site[Any]) -> tuple[Call]:
    """One call for all pixels of all images."""
    args = strip_args(site)
    args = replace(args, pixels=args.pixels * site.x().shape[0])
    constants = packed_weights(site.constant(WEIGHTS)), scale_stream(site)
    scratch = Scratch(nbytes=scratch_bytes(args, gathers=False))
    return (POINTWISE_S8_DSP.call(Input(index=0), *constants, Output(index=0), scratch, args=args),)


PARAMS = scaled_params("int8_t")
POINTWISE_S8_DSP = Kernel(
    name="nk_pointwise_s8_dsp",
    params=PARAMS,
    args=StripArgs,
    bind=bind_pointwise,
    accepts=accepts_pointwise,
    needs=Isa.DSP,
    overlap=pixels_ahead(PIXELS),
)
CONV_2D_S8_DSP = Kernel(
    name="nk_conv_2d_s8_dsp",
    params=PARAMS,
    args=StripArgs,
    bind=bind,
    accepts=accepts,
    needs=Isa.DSP,
    overlap=windows_ahead(PIXELS),
)
