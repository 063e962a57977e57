"""CONV_2D with windows from padded rows, for cores with Helium (kernels/include/nk_mve_lines_s8.h)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from netsuke.boards import Isa
from netsuke.ops.activation import full_clamp
from netsuke.ops.conv_2d_mve import LANES, PARAMS, PIXELS, constants
from netsuke.ops.conv_geometry import images, windows
from netsuke.ops.conv_overlap import windows_ahead
from netsuke.ops.geometry import Window
from netsuke.ops.kernel import Call, Kernel, KernelArgs, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.strip import accepts

FLAT_BYTES = 56
"""Bytes of a window in flat columns; the last row writes a whole vector."""
FLAT_DEPTH = 48
WHOLE_IMAGE = 1024
"""Bytes of lines up to which they hold the whole image, so that each row is copied once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvLinesMveArgs(KernelArgs):
    """`pixels` outputs of `channels` in `steps` of 16 inputs.

    row: bytes of an image's row; line: of one with its padding, `before` bytes of it in front. held: lines in the
    scratch memory, 0 where windows are read where they lie. row_step: bytes from a row of windows to the next, 0 where
    lines are copied anew for each. step: bytes from a window to the next. run: bytes of a row of a window.
    """

    c_name: ClassVar[str] = "nk_conv_lines_mve_args"
    pixels: int
    channels: int
    steps: int
    in_h: int
    row: int
    line: int
    before: int
    held: int
    row_step: int
    out_w: int
    step: int
    kernel_h: int
    run: int
    stride_h: int
    pad_h: int
    x_zero: int
    y_zero: int
    is_signed: int
    narrow: int
    low: int
    high: int


def run_of(site: Site[Any]) -> int:
    """Bytes of a row of a window."""
    return windows(site)[1].kernel * site.x().shape[3]


def accepts_rows(site: Site[Any]) -> bool:
    """A row of a window is a multiple of a vector."""
    return accepts(site) and run_of(site) % LANES == 0


def accepts_flat(site: Site[Any]) -> bool:
    """Windows of few bytes, of whose rows each is a vector or less."""
    run = run_of(site)
    depth = run * windows(site)[0].kernel
    return accepts(site) and run <= LANES and depth <= FLAT_DEPTH and depth - run + LANES <= FLAT_BYTES


def stays_inside(axes: tuple[Window, Window]) -> bool:
    """No window leaves the image."""
    return all(w.before == 0 and (w.output - 1) * w.stride + w.kernel <= w.size for w in axes)


def lines_args(site: Site[Any]) -> ConvLinesMveArgs:
    """The struct for one image."""
    rows, along = windows(site)
    x, y = site.x(), site.y()
    channels = x.shape[3]
    row, depth = along.size * channels, run_of(site) * rows.kernel
    low, high = (int(end) for end in full_clamp(site.args.clamp, y))
    width = max((along.output - 1) * along.stride + along.kernel, along.before + along.size)
    line, every = width * channels, (rows.output - 1) * rows.stride + rows.kernel
    held, row_step = rows.kernel, 0
    if stays_inside((rows, along)) and run_of(site) % LANES == 0:
        line, held, row_step = row, 0, rows.stride * row
    elif every * line <= WHOLE_IMAGE:
        held, row_step = every, rows.stride * line
    return ConvLinesMveArgs(
        pixels=y.shape[1] * y.shape[2], channels=y.shape[3], steps=-(-depth // LANES), in_h=x.shape[1],
        row=row, line=line, before=along.before * channels, held=held, row_step=row_step, out_w=along.output,
        step=along.stride * channels, kernel_h=rows.kernel, run=run_of(site), stride_h=rows.stride,
        pad_h=rows.before, x_zero=x.zero_point, y_zero=y.zero_point, is_signed=int(low < y.zero_point),
        narrow=int((low, high) != (-128, 127)), low=low, high=high,
    )  # fmt: skip


def lines_kernel(
    name: str, fits: Callable[[Site[Any]], bool], columns: Callable[[ConvLinesMveArgs], int], slack: int
) -> Kernel:
    """The kernel of a layout of columns, which take `columns` bytes; `slack`: what reads beyond the last line."""

    def bind(site: Site[Any]) -> tuple[Call, ...]:
        args, found = lines_args(site), constants(site)
        lines = args.held * args.line + (slack if args.held else 0)
        scratch = Scratch(nbytes=columns(args) + lines)
        return tuple(kernel.call(x, *found, y, scratch, args=args) for x, y in images(site))

    kernel = Kernel(
        name=name,
        params=PARAMS,
        args=ConvLinesMveArgs,
        bind=bind,
        accepts=fits,
        needs=Isa.MVE,
        overlap=windows_ahead(PIXELS),
    )
    return kernel


CONV_2D_LINES_S8_MVE = (
    lines_kernel("nk_conv_2d_rows_s8_mve", accepts_rows, lambda args: PIXELS * LANES * args.steps, 0),
    lines_kernel("nk_conv_2d_flat_s8_mve", accepts_flat, lambda args: PIXELS * FLAT_BYTES, LANES),
)
"""The two layouts."""
