"""How an operator is computed a few output rows at a time: what makes streams of rows possible.

A node goes by rows when every row of its output depends on a window of rows of its inputs only. The rows then
form a node of their own, over fewer rows and with its own padding, which the operator's ordinary kernels compute.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from netsuke.ir import Args
from netsuke.ops.geometry import Padding, Window

if TYPE_CHECKING:
    from netsuke.ops.kernel import Call, Kernel
    from netsuke.ops.operator import Site

Edges = tuple[int, int]
"""Padding before and after, along one axis."""
SINGLE = Window(size=1, kernel=1, stride=1, before=0, after=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Both functions are asked about the whole node."""

    window: Callable[[Site[Any]], Window | None]
    """The window down the rows through which every computed input is seen; None when the node cannot go by rows."""
    band: Callable[[Site[Any], int, int], Args]
    """(site, rows of padding above, below) → arguments of the node over a few of its rows."""
    columns: Callable[[Site[Any]], Window]
    """The window along the columns, of nodes that have one down the rows."""
    tile: Callable[[Site[Any], Edges, Edges], Args]
    """(site, padding above and below, to the left and right) → arguments of the node over a rectangle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSums:
    """How an operator that looks at a whole image adds it up as its rows come: a few sums are kept instead of rows."""

    nbytes: Callable[[Site[Any]], int]
    """Bytes of int32 sums; 0 when the node is not of that kind."""
    part: Kernel
    finish: Kernel
    part_calls: Callable[[Site[Any], int, bool], tuple[Call, ...]]
    """(site, rows, whether they are the first) → calls that add rows of Input(0) to Sums."""
    finish_calls: Callable[[Site[Any]], tuple[Call, ...]]
    """The calls that make Output(0) of the sums."""


def is_image(shape: tuple[int, ...]) -> bool:
    """One image: NHWC with a batch of one."""
    return len(shape) == 4 and shape[0] == 1


def same_args(site: Site[Any], above: int, below: int) -> Args:
    """Element-wise nodes have no rows of padding."""
    del above, below
    args: Args = site.node.args
    return args


def same_tile_args(site: Site[Any], down: Edges, along: Edges) -> Args:
    """Element-wise nodes have no padding."""
    del down, along
    args: Args = site.node.args
    return args


def single_column(site: Site[Any]) -> Window:
    """Each column is made of its own."""
    return replace(SINGLE, size=site.y().shape[2])


def elementwise_window(site: Site[Any]) -> Window | None:
    """Every computed input has the output's shape, and constants have one element or one a channel."""
    shape = site.y().shape
    if not is_image(shape):
        return None
    for x in site.inputs:
        if x is None:
            continue
        spread = x.elements == 1 or (x.elements == shape[-1] and x.shape[-1:] == shape[-1:])
        if not (spread if x.is_constant else x.shape == shape):
            return None
    return replace(SINGLE, size=shape[1])


ELEMENTWISE = Rows(window=elementwise_window, band=same_args, columns=single_column, tile=same_tile_args)


def channel_window(site: Site[Any]) -> Window | None:
    """Images put side by side along the channels (CONCATENATION), all computed."""
    images = all(x is not None and is_image(x.shape) and not x.is_constant for x in site.inputs)
    if not images or not is_image(site.y().shape) or site.args.axis != 3:
        return None
    return replace(SINGLE, size=site.y().shape[1])


ALONG_CHANNELS = Rows(window=channel_window, band=same_args, columns=single_column, tile=same_tile_args)


def windowed(axes: Callable[[Site[Any]], tuple[Window, Window]]) -> Rows:
    """Rows of a sliding window: `axes` gives the windows down the rows and along the columns.

    The arguments need the fields `padding` and `explicit` (see Convolution).
    """

    def window(site: Site[Any]) -> Window | None:
        return axes(site)[0] if is_image(site.x().shape) else None

    def columns(site: Site[Any]) -> Window:
        return axes(site)[1]

    def tile(site: Site[Any], down: Edges, along: Edges) -> Args:
        args: Args = replace(site.args, padding=Padding.EXPLICIT, explicit=(down, along))
        return args

    def band(site: Site[Any], above: int, below: int) -> Args:
        along = columns(site)
        return tile(site, (above, below), (along.before, along.after))

    return Rows(window=window, band=band, columns=columns, tile=tile)
