"""CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED of int16 activations for cores with Helium (nk_mve_s16.h)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array, DType
from netsuke.ops.conv_geometry import WEIGHTS, accumulates_64_bits, bias_of, images, scale_step, windows
from netsuke.ops.conv_overlap import pixels_during, windows_by_channel, windows_during
from netsuke.ops.geometry import Window
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.requantize import real_multipliers, relative_clamp
from netsuke.ops.scales_s16_dsp import clamp_ends, multipliers, once, reach_of

FOUR = 4
LANES = 8
"""Inputs of a step, and channels of a depthwise vector."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvS16MveArgs(KernelArgs):
    """One image; a window is `depth` inputs. direct: windows are one piece of the image and never leave it."""

    c_name: ClassVar[str] = "nk_conv_s16_mve_args"
    in_h: int
    in_w: int
    in_c: int
    out_h: int
    out_w: int
    channels: int
    depth: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    pad_h: int
    pad_w: int
    direct: int
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FullyConnectedS16MveArgs(KernelArgs):
    """low, high: the clamp; scale_step: 1 for a scale per channel, else 0."""

    c_name: ClassVar[str] = "nk_fully_connected_s16_mve_args"
    rows: int
    depth: int
    channels: int
    low: int
    high: int
    scale_step: int


def matrix(site: Site[Any]) -> Array:
    """Weights [O, depth] in int16, their zero point taken off."""
    w, quantization = site.constant(WEIGHTS).astype(np.int16), site.x(WEIGHTS).quantization
    zero = 0 if quantization is None or len(quantization.zero_point) > 1 else quantization.zero_point[0]
    if site.node.op == "depthwise_conv_2d":
        by_channel: Array = w[0].reshape(-1, w.shape[3]).T
        return by_channel
    rows: Array = (w - zero).reshape(len(w), -1)
    return rows


def sums_fit(site: Site[Any]) -> bool:
    """int16 activations whose sums, biases included or not, fit 32 bits, and weights that fit bytes."""
    if site.x().dtype is not DType.INT16:
        return False
    w = matrix(site)
    bytes_do = w.min(initial=0) >= -128 and w.max(initial=0) <= 127
    biases = bias_of(site, len(w)), np.zeros(len(w), dtype=np.int64)
    return bool(bytes_do) and all(reach_of(w, bias).fits for bias in biases)


def high_multipliers(site: Site[Any]) -> list[int] | None:
    """VRMULH's multiplier of every channel, which rounds once as LiteRT does for sums of 64 bits; None without one."""
    found = [m for m in map(once, multipliers(site)) if m is not None]
    whole = accumulates_64_bits(site) and len(found) == site.y().shape[-1]
    return found if whole else None


def plain(axes: tuple[Window, Window]) -> bool:
    """No dilation."""
    return all(w.dilation == 1 or w.kernel == 1 for w in axes)


def accepts(site: Site[Any]) -> bool:
    """One group, no dilation, and sums and scales that 32 bits hold."""
    one_group = site.x().shape[3] == site.x(WEIGHTS).shape[3]
    return one_group and plain(windows(site)) and sums_fit(site) and high_multipliers(site) is not None


def accepts_depthwise(site: Site[Any]) -> bool:
    """Multiplier 1, more than one channel, and the same."""
    return site.x().shape[3] > 1 and accepts(site)


def conv_args(site: Site[Any]) -> ConvS16MveArgs:
    """The struct for one image."""
    down, along = windows(site)
    x, y = site.x(), site.y()
    low, high = clamp_ends(site)
    single = all(
        w.kernel == 1 and w.before == 0 and (w.output - 1) * w.stride < w.size for w in (down, along)
    )
    return ConvS16MveArgs(
        in_h=down.size, in_w=along.size, in_c=x.shape[3], out_h=down.output, out_w=along.output,
        channels=y.shape[3], depth=down.kernel * along.kernel * x.shape[3], kernel_h=down.kernel,
        kernel_w=along.kernel, stride_h=down.stride, stride_w=along.stride, pad_h=down.before,
        pad_w=along.before, direct=int(single), low=low, high=high,
    )  # fmt: skip


def packed_weights(rows: Array) -> Constant:
    """[O, depth] → channels by four, 8 bytes of each in turn; zeros behind the end."""
    shape = -(-rows.shape[0] // FOUR) * FOUR, -(-rows.shape[1] // LANES) * LANES
    padded = np.zeros(shape, dtype=np.int8)
    padded[: rows.shape[0], : rows.shape[1]] = rows
    fours = padded.reshape(-1, FOUR, shape[1] // LANES, LANES).transpose(0, 2, 1, 3)
    note = "channel fours x steps x 4 channels x 8 inputs"
    return Constant(label="weights", data=np.ascontiguousarray(fours), shape_note=note)


def scale_vectors(site: Site[Any], group: int) -> Constant:
    """Biases, then multipliers, of every `group` channels: of eight, the even ones first."""
    found = high_multipliers(site)
    assert found is not None
    columns = np.zeros((2, -(-len(found) // group) * group), dtype=np.int32)
    columns[:, : len(found)] = np.stack([bias_of(site, len(found)).reshape(-1), np.array(found)])
    # [values, groups, channels of one parity, parity]
    split = columns.reshape(2, -1, FOUR, group // FOUR).transpose(1, 0, 3, 2)
    note = f"channels by {group} x (biases, multipliers)"
    return Constant(label="scales", data=np.ascontiguousarray(split), shape_note=note)


def bind(site: Site[Any]) -> tuple[Call, ...]:
    """One call an image."""
    args = conv_args(site)
    found = packed_weights(matrix(site)), scale_vectors(site, FOUR)
    if args.direct:  # nothing is gathered: any pointer will do
        return tuple(CONV_2D_S16_MVE.call(x, *found, y, y, args=args) for x, y in images(site))
    scratch = Scratch(nbytes=2 * args.depth)
    return tuple(CONV_2D_S16_MVE.call(x, *found, y, scratch, args=args) for x, y in images(site))


def bind_depthwise(site: Site[Any]) -> tuple[Call, ...]:
    """One call an image."""
    w = Constant(label="weights", data=site.constant(WEIGHTS)[0], shape_note="kernel_h x kernel_w x channels")
    found = w, scale_vectors(site, LANES)
    args = conv_args(site)
    return tuple(DEPTHWISE_S16_MVE.call(x, *found, y, args=args) for x, y in images(site))


def bind_fully_connected(site: Site[Any]) -> tuple[Call]:
    """One call over all rows, scaling in double."""
    w = matrix(site)
    low, high = relative_clamp(site.args.clamp, site.y())
    reals = np.array(real_multipliers(site.x(), site.x(WEIGHTS), site.y()), dtype=np.float64)
    found = (
        packed_weights(w),
        Constant(label="bias", data=bias_of(site, len(w)).reshape(-1).astype(np.int64)),
        Constant(label="scale", data=reals.view(np.int64), shape_note="doubles, as their bits"),
    )
    args = FullyConnectedS16MveArgs(
        rows=site.x().elements // w.shape[1], depth=w.shape[1], channels=len(w), low=low, high=high,
        scale_step=scale_step(site),
    )  # fmt: skip
    return (FULLY_CONNECTED_S16_MVE.call(Input(index=0), *found, Output(index=0), args=args),)


def params(*middle: Param, scratch: bool = False) -> tuple[Param, ...]:
    """x, weights, what else there is, y, and scratch memory."""
    last = (Param(name="scratch", ctype="void"),) if scratch else ()
    x, w = Param(name="x", ctype="const int16_t"), Param(name="w", ctype="const int8_t")
    return (x, w, *middle, Param(name="y", ctype="int16_t"), *last)


def kernel_of(
    name: str, pointers: tuple[Param, ...], args: type[KernelArgs], binding: Callable[..., tuple[Call, ...]],
    fits: Callable[[Site[Any]], bool], overlap: Callable[..., Any],
) -> Kernel:  # fmt: skip
    """A kernel that needs Helium."""
    return Kernel(
        name=name,
        params=pointers,
        args=args,
        bind=binding,
        accepts=fits,
        needs=Isa.MVE,
        overlap=overlap,
    )


SCALES = Param(name="scales", ctype="const int32_t")
DOUBLES = Param(name="bias", ctype="const int64_t"), Param(name="scale", ctype="const int64_t")
CONV_2D_S16_MVE = kernel_of(
    "nk_conv_2d_s16_mve", params(SCALES, scratch=True), ConvS16MveArgs, bind, accepts, windows_during
)
DEPTHWISE_S16_MVE = kernel_of(
    "nk_depthwise_conv_2d_s16_mve",
    params(SCALES),
    ConvS16MveArgs,
    bind_depthwise,
    accepts_depthwise,
    windows_by_channel,
)
FULLY_CONNECTED_S16_MVE = kernel_of(
    "nk_fully_connected_s16_mve",
    params(*DOUBLES),
    FullyConnectedS16MveArgs,
    bind_fully_connected,
    sums_fit,
    pixels_during,
)
