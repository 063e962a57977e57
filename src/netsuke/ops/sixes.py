"""CONV_2D of one pixel, six pixels by four channels at a time, for RV32IM (kernels/include/nk_sixes_s8.h).

Where inputs are seldom zero, as without a relu, nothing is gained by passing over them, and a tile of six by four loads
less than one of three by eight.
"""

from __future__ import annotations

from typing import Any

from netsuke.boards import Isa
from netsuke.ops.conv_overlap import pixels_ahead
from netsuke.ops.kernel import Call, Input, Kernel, Output, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.skips import PARAMS, UP, SkipsArgs, accepts_pointwise, bind_pointwise, bound

CHANNELS, PIXELS = 4, 6
WORDS = 4
"""Words of an input of six pixels."""


def accepts(site: Site[Any]) -> bool:
    """As POINTWISE_S8_SKIPS, with all inputs in one piece, a floor, and whole tiles of six by four."""
    if not accepts_pointwise(site):
        return False
    _, args = bound(site)
    whole = args.channels % CHANNELS == 0 and args.pixels * site.x().shape[0] >= PIXELS
    return whole and args.cut >= args.depth and args.stride == 3 and args.up == UP


def bind(site: Site[Any]) -> tuple[Call]:
    """One call for all pixels of all images."""
    (call,) = bind_pointwise(site)
    args = call.args
    assert isinstance(args, SkipsArgs)
    constants = call.pointers[1:4]
    scratch = Scratch(nbytes=4 * WORDS * args.depth)
    return (POINTWISE_S8_SIXES.call(Input(index=0), *constants, Output(index=0), scratch, args=args),)


POINTWISE_S8_SIXES = Kernel(
    name="nk_pointwise_s8_sixes",
    params=PARAMS,
    args=SkipsArgs,
    bind=bind,
    accepts=accepts,
    needs=Isa.RV_M,
    overlap=pixels_ahead(3),
)
