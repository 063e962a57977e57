"""How far a kernel's output may lie over its inputs: derived from the order in which it reads and writes.

Write O for the offset of output 0 in memory and I for that of an input. A kernel that walks forward has read, for
good, every input byte below some place when it writes an output; so O <= I - lead keeps each byte that is still to be
read above all that has been written:

    lead = max over all moments of (end of what is written so far - lowest input byte still to be read)

both counted in bytes from the start of their own tensor. An element-wise kernel has lead 0: it works in place. A lead
of a few rows is what a convolution needs; a negative one lets the output lie that far above the input's start.

The functions here give the moments of the loops that kernels have. What they claim is held against traces of every
kernel on an emulated core (tests/ops/test_write_order.py), and every claim is run at its tightest in the conformance
tests (tests/ops/layout.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from netsuke.ir import Array, DType
from netsuke.ops.geometry import Window

if TYPE_CHECKING:
    from netsuke.ops.operator import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Output 0 may share memory with input `input` where output offset - input offset is at most -lead (bytes).

    `step`: that difference must also be a multiple of so many bytes. Kernels that go through an image once for every
    few channels need it: the channels of a pixel keep out of one another's way only when they stand in line.
    """

    input: int
    lead: int
    step: int = 1

    def allows(self, difference: int) -> bool:
        """True when the output may start `difference` bytes behind the input's start (negative: before it)."""
        return difference <= -self.lead and difference % self.step == 0

    def largest_step(self, multiple: int) -> int:
        """The step of differences that are multiples of `multiple` too."""
        return math.lcm(self.step, multiple)


class Reads(Enum):
    """When a kernel reads what a group of output pixels needs."""

    AHEAD = "before it writes any of the group's outputs"
    BY_CHANNEL = "channel by channel: before it writes that channel, whose place in a pixel is the input's"
    DURING = "until the group's last output is written"


def elementwise(site: Site[Any], index: int = 0) -> tuple[Overlap, ...]:
    """Input `index` of the output's shape, each element read before its place is written.

    An output of wider elements runs ahead of the input by the difference for each element but the last.
    """
    x, y = site.x(index), site.y()
    if x.elements != y.elements or mixes_types(site, index):
        return ()
    wider = max(0, y.dtype.size - x.dtype.size)
    return useful(site, Overlap(input=index, lead=wider * max(0, x.elements - 1)))


def mixes_types(site: Site[Any], index: int = 0) -> bool:
    """True when input `index` and the output cannot share memory for their types' sake."""
    return kept_apart(site.x(index).dtype, site.y().dtype)


def kept_apart(x: DType, y: DType) -> bool:
    """True when C lets a compiler assume that arrays of these types are apart: unlike, and none of characters."""
    return x is not y and min(x.size, y.size) > 1


def useful(site: Site[Any], overlap: Overlap) -> tuple[Overlap, ...]:
    """The claim, unless it leaves the output wholly below the input."""
    return (overlap,) if overlap.lead < site.y().nbytes else ()


def windowed(
    site: Site[Any], axes: tuple[Window, Window], reads: Reads, *, pixels: int = 1
) -> tuple[Overlap, ...]:
    """A kernel that makes all channels of `pixels` output pixels at a time, in order, from windows over NHWC images.

    Groups go on from one row of outputs to the next; each image of the batch starts one.
    """
    if mixes_types(site):
        return ()
    return useful(site, Overlap(input=0, lead=pixel_lead(site, lowest(axes), reads, pixels)))


def lowest(axes: tuple[Window, Window]) -> Array:
    """[outputs] int64: the first input pixel under the window of every output pixel of an image, in order."""
    down, along = (
        np.clip(np.arange(a.output, dtype=np.int64) * a.stride - a.before, 0, a.size) for a in axes
    )
    return (down[:, None] * axes[1].size + along).reshape(-1)


def pixel_lead(site: Site[Any], first: Array, reads: Reads, pixels: int) -> int:
    """The lead in bytes; `first`: for each output pixel the first input pixel that it needs."""
    x, y = site.x(), site.y()
    x_pixel, y_pixel = x.shape[-1] * x.dtype.size, y.shape[-1] * y.dtype.size
    image = x.nbytes // x.shape[0]
    needed = first * x_pixel
    unread = np.append(np.minimum.accumulate(needed[::-1])[::-1], image)
    ends = np.append(np.arange(pixels, len(first), pixels), len(first))
    starts = np.append(0, ends[:-1])
    moments = [(ends * y_pixel, unread[ends])]
    if reads is Reads.BY_CHANNEL:
        moments.append((starts * y_pixel, unread[starts]))
    if reads is Reads.DURING:
        moments.append((ends * y_pixel, unread[starts]))
    written, still = (np.concatenate(part) for part in zip(*moments, strict=True))
    return image_lead(site, written, still)


def image_lead(site: Site[Any], written: Array, unread: Array) -> int:
    """The lead over a batch from the moments of one image, in bytes; `unread` is the image's size when nothing is."""
    x, y = site.x(), site.y()
    count, image, grown = x.shape[0], x.nbytes // x.shape[0], (y.nbytes - x.nbytes) // x.shape[0]
    leads = written - unread
    last = leads[unread < image] + (count - 1) * grown
    before = leads + np.where(grown > 0, (count - 2) * grown, 0)
    found = [int(part.max()) for part in (last, before[: len(leads) if count > 1 else 0]) if part.size]
    return max(found, default=-x.nbytes)


def plane_by_plane(site: Site[Any], rows: Sequence[tuple[int, int]]) -> tuple[Overlap, ...]:
    """A kernel that goes through the image once for each few channels, which keep their places in a pixel.

    Args:
        site: a depthwise convolution of multiplier 1.
        rows: (output rows written, first input row still to be read) of those channels, moment by moment.
    """
    x, y = site.x(), site.y()
    if x.shape[3] != y.shape[3] or mixes_types(site):
        return ()
    pixel = x.shape[3] * x.dtype.size
    image = x.nbytes // x.shape[0]
    ends = [y.nbytes // x.shape[0], *(min(w, y.shape[1]) * y.shape[2] * pixel for w, _ in rows)]
    unread = [image, *(min(max(r, 0), x.shape[1]) * x.shape[2] * pixel for _, r in rows)]
    lead = image_lead(site, np.array(ends), np.array(unread))
    return useful(site, Overlap(input=0, lead=lead, step=pixel))


def row_by_row(site: Site[Any], moments: Sequence[tuple[int, int]]) -> tuple[Overlap, ...]:
    """A kernel that copies input rows before it writes whole rows of outputs, all channels.

    `moments`: (output rows written, first input row still to be read).
    """
    x, y = site.x(), site.y()
    if mixes_types(site):
        return ()
    x_row, y_row = x.nbytes // (x.shape[0] * x.shape[1]), y.nbytes // (y.shape[0] * y.shape[1])
    whole = (y.shape[1], x.shape[1])
    written = np.array([min(w, y.shape[1]) * y_row for w, _ in (*moments, whole)])
    unread = np.array([min(max(r, 0), x.shape[1]) * x_row for _, r in (*moments, whole)])
    return useful(site, Overlap(input=0, lead=image_lead(site, written, unread)))


def matrix_rows(site: Site[Any], reads: Reads, *, rows: int = 1) -> tuple[Overlap, ...]:
    """A kernel that makes all outputs of `rows` rows of a matrix [rows, depth] at a time: fully connected layers."""
    if mixes_types(site):
        return ()
    x, y = site.x(), site.y()
    count = y.elements // y.shape[-1]
    x_row, y_row = x.nbytes // count, y.nbytes // count
    ends = np.append(np.arange(rows, count, rows), count)
    starts = np.append(0, ends[:-1]) if reads is Reads.DURING else ends
    leads = (ends * y_row - starts * x_row)[starts < count]
    return useful(site, Overlap(input=0, lead=int(leads.max()) if leads.size else -x.nbytes))
