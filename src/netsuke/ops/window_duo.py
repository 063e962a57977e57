"""CONV_2D window by window, two channels in a halfword, with little scratch (conv_2d_s8_window_duo.c)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from netsuke.boards import Isa
from netsuke.ops import duo
from netsuke.ops.conv_geometry import WEIGHTS, images
from netsuke.ops.conv_overlap import windows_ahead
from netsuke.ops.kernel import Call, Constant, Kernel, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.row_duo import tiles_of
from netsuke.ops.strip import StripArgs, accepts, strip_args
from netsuke.ops.strip_duo import PARAMS, Parts, parts_of


def window_parts(site: Site[Any]) -> Parts | None:
    """The blocks' parts, inputs in the window's own order; None where the layer cannot be packed."""
    w, tiles = site.constant(WEIGHTS), tiles_of(site)
    return None if tiles is None else parts_of(site, w.reshape(len(w), -1), tiles)


def accepts_windows(site: Site[Any]) -> bool:
    """What strips accept, with eight channels or more, and weights and sums that can be packed."""
    return accepts(site) and window_parts(site) is not None


def bind(site: Site[Any]) -> tuple[Call, ...]:
    """One call an image; the scratch holds a window, in whole groups."""
    parts = window_parts(site)
    assert parts is not None
    stream = duo.blocks(parts.starts, parts.words, parts.scales).astype("<i4")
    scales = "8 x {multiplier, addend}" if parts.relu else "zero point, 8 x {multiplier, power}"
    note = f"eights of channels x {{8 starts, groups x 2 x 4 words of weights, {scales}}}"
    constant = Constant(label="weights", data=stream, shape_note=note)
    args = replace(strip_args(site), weight_bytes=stream.nbytes, relu=int(parts.relu))
    scratch = Scratch(nbytes=args.groups * duo.GROUP)
    return tuple(CONV_2D_S8_WINDOW_DUO.call(x, constant, y, scratch, args=args) for x, y in images(site))


CONV_2D_S8_WINDOW_DUO = Kernel(
    name="nk_conv_2d_s8_window_duo",
    params=PARAMS,
    args=StripArgs,
    bind=bind,
    accepts=accepts_windows,
    needs=Isa.DSP,
    overlap=windows_ahead(1),
)
