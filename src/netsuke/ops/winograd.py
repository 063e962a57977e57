"""CONV_2D 3 x 3 by Winograd's F(2, 3) on integers (kernels/include/nk_winograd_s8.h): two thirds of the MACs.

Weights become 16-bit and four thirds as many, so flash pays for the cycles: 2.7 bytes for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_geometry import WEIGHTS, images, scaled_params, windows
from netsuke.ops.conv_overlap import windows_ahead
from netsuke.ops.kernel import Call, Constant, Kernel, KernelArgs, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.strip import PIXELS, accepts, folded_biases, multipliers, relu_scales, scale_stream

FACTOR = 2
"""Sums are twice the accumulator."""
SMALLEST_DEPTH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class WinogradArgs(KernelArgs):
    """`tiles` pairs of outputs; the window as in Conv2dArgs; relu, narrow, low and high as in StripArgs."""

    c_name: ClassVar[str] = "nk_winograd_args"
    tiles: int
    channels: int
    weight_count: int
    in_h: int
    in_w: int
    in_c: int
    out_w: int
    pad_h: int
    pad_w: int
    x_zero: int
    relu: int
    narrow: int
    low: int
    high: int


def accepts_winograd(site: Site[Any]) -> bool:
    """3 x 3, stride 1, an even width, input channels in eights, shifts of two bits or more where the general
    requantisation needs them, and sums that fit when doubled."""
    rows, along = windows(site)
    if not accepts(site) or (rows.kernel, along.kernel, rows.stride, along.stride) != (3, 3, 1, 1):
        return False
    if site.y().shape[2] % 2 or site.x().shape[3] % SMALLEST_DEPTH:
        return False
    if any(m.shift > -2 for m in multipliers(site)) and relu_scales(site, FACTOR) is None:
        return False
    w = np.abs(site.constant(WEIGHTS).astype(np.int64)).reshape(site.y().shape[3], -1).sum(axis=1)
    return bool((np.abs(folded_biases(site)) + 128 * w).max() < 1 << 29)


def winograd_args(site: Site[Any]) -> WinogradArgs:
    """The struct for one image."""
    rows, along = windows(site)
    x, y = site.x(), site.y()
    low, high = (int(end) for end in full_clamp(site.args.clamp, y))
    even = -(-y.shape[3] // 2) * 2
    return WinogradArgs(
        tiles=y.shape[1] * y.shape[2] // 2, channels=y.shape[3], weight_count=even * 12 * x.shape[3],
        in_h=x.shape[1], in_w=x.shape[2], in_c=x.shape[3], out_w=y.shape[2],
        pad_h=rows.before, pad_w=along.before, x_zero=x.zero_point,
        relu=int(relu_scales(site, FACTOR) is not None),
        narrow=int((low, high) != (-128, 127)), low=low, high=high,
    )  # fmt: skip


def transformed(w: Array) -> Constant:
    """[O, 3, 3, C] → the filters' sums, two channels in turn, as the pairs (0, 2) and (1, 3) of every four inputs."""
    g = np.zeros((-(-len(w) // 2) * 2, *w.shape[1:]), dtype=np.int64)
    g[: len(w)] = w
    g0, g1, g2 = g[:, :, 0], g[:, :, 1], g[:, :, 2]
    # In the order in which the kernel adds them up: m1, m2, m0, m3; then [O, 4, 3, C].
    products = np.stack([g0 + g1 + g2, g0 - g1 + g2, 2 * g0, 2 * g2], axis=1)
    depth = products.shape[2] * products.shape[3]
    groups = products.reshape(-1, 2, 4, depth // 4, 4)[..., [0, 2, 1, 3]].reshape(-1, 2, 4, depth // 4, 2, 2)
    data = groups.transpose(0, 2, 3, 4, 1, 5)
    return Constant(
        label="weights",
        data=np.ascontiguousarray(data).astype(np.int16),
        shape_note="channel pairs x products m1 m2 m0 m3 x groups x halves x 2 channels x 2 inputs",
    )


def scratch_bytes(args: WinogradArgs) -> int:
    """Columns of four products, a pixel of zeros, and the outputs of tiles that cannot go straight to their place."""
    odd = args.channels % 2
    rows = 2 * PIXELS if odd or args.tiles % PIXELS else 0
    return 4 * 18 * args.in_c + args.in_c + rows * (args.channels + odd)


def bind(site: Site[Any]) -> tuple[Call, ...]:
    """One call an image."""
    args = winograd_args(site)
    constants = transformed(site.constant(WEIGHTS)), scale_stream(site, FACTOR)
    scratch = Scratch(nbytes=scratch_bytes(args))
    return tuple(CONV_2D_S8_WINOGRAD.call(x, *constants, y, scratch, args=args) for x, y in images(site))


CONV_2D_S8_WINOGRAD = Kernel(
    name="nk_conv_2d_s8_winograd",
    params=scaled_params("int16_t"),
    args=WinogradArgs,
    bind=bind,
    accepts=accepts_winograd,
    needs=Isa.DSP,
    overlap=windows_ahead(2 * PIXELS),
    spends_flash=True,
    tile=(1, 2),
)
