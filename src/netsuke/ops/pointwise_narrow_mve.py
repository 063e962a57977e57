"""CONV_2D of one pixel and at most 16 inputs, for cores with Helium (kernels/src/pointwise_narrow_s8_mve.c)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from netsuke.boards import Isa
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_2d_mve import LANES, PARAMS, constants
from netsuke.ops.conv_geometry import images, windows
from netsuke.ops.conv_overlap import pixels_ahead, windows_ahead
from netsuke.ops.kernel import Call, Input, Kernel, KernelArgs, Output, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.overlap import Overlap
from netsuke.ops.strip import accepts, accepts_pointwise

CHUNK = 48
"""Pixels that go by the weights of four channels, where a row of them need not be whole."""
WIDEST = 64
"""The longest row that is taken whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointwiseNarrowArgs(KernelArgs):
    """`rows` of `row_pixels` outputs of `channels`, each from `depth` inputs, at most `chunk` pixels at a time.

    row_step, step: bytes from a row of inputs and from a pixel to the next that is looked at.
    """

    c_name: ClassVar[str] = "nk_pointwise_narrow_args"
    rows: int
    row_pixels: int
    row_step: int
    step: int
    chunk: int
    depth: int
    channels: int
    y_zero: int
    is_signed: int
    narrow: int
    low: int
    high: int


def fits(site: Site[Any]) -> bool:
    """One pixel of at most 16 channels; where windows skip pixels, rows of outputs are short."""
    if not accepts(site) or site.x().shape[3] > LANES:
        return False
    axes = windows(site)
    single = all(w.kernel == 1 and w.before == 0 and (w.output - 1) * w.stride < w.size for w in axes)
    return single and (accepts_pointwise(site) or axes[1].output <= WIDEST)


def narrow_args(site: Site[Any]) -> PointwiseNarrowArgs:
    """The struct: all pixels in one row where none is skipped, else one image."""
    down, along = windows(site)
    x, y = site.x(), site.y()
    depth, whole = x.shape[3], accepts_pointwise(site)
    low, high = (int(end) for end in full_clamp(site.args.clamp, y))
    return PointwiseNarrowArgs(
        rows=1 if whole else down.output,
        row_pixels=y.elements // y.shape[3] if whole else along.output,
        row_step=down.stride * along.size * depth, step=along.stride * depth,
        chunk=min(CHUNK, y.elements // y.shape[3]) if whole else along.output, depth=depth, channels=y.shape[3],
        y_zero=y.zero_point, is_signed=int(low < y.zero_point), narrow=int((low, high) != (-128, 127)),
        low=low, high=high,
    )  # fmt: skip


def bind(site: Site[Any]) -> tuple[Call, ...]:
    """One call for all pixels, or one an image."""
    args, found = narrow_args(site), constants(site)
    scratch = Scratch(nbytes=args.chunk * LANES)
    places = [(Input(index=0), Output(index=0))] if accepts_pointwise(site) else images(site)
    return tuple(POINTWISE_NARROW_S8_MVE.call(x, *found, y, scratch, args=args) for x, y in places)


def overlap(site: Site[Any]) -> tuple[Overlap, ...]:
    """A chunk of pixels is copied before its outputs are written."""
    if not fits(site):
        return ()
    chunk = narrow_args(site).chunk
    return pixels_ahead(chunk)(site) if accepts_pointwise(site) else windows_ahead(chunk)(site)


POINTWISE_NARROW_S8_MVE = Kernel(
    name="nk_pointwise_narrow_s8_mve",
    params=PARAMS,
    args=PointwiseNarrowArgs,
    bind=bind,
    accepts=fits,
    needs=Isa.MVE,
    overlap=overlap,
)
