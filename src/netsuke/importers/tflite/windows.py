"""What the operators with sliding windows share: strides, dilations and padding codes."""

from __future__ import annotations

from netsuke.importers.tflite.flatbuffer import Malformed
from netsuke.importers.tflite.place import Place
from netsuke.ops.geometry import Padding

PADDINGS = {0: Padding.SAME, 1: Padding.VALID}
MAX_STEP = 1 << 15
"""The largest window, stride or dilation that makes sense, in pixels."""


def padding_of(place: Place, code: int) -> Padding:
    """The padding of that code."""
    if code not in PADDINGS:
        raise Malformed(
            f"{place.record.op} ({place}) has padding number {code}; 0 (SAME) or 1 (VALID) was wanted"
        )
    return PADDINGS[code]


def positive(place: Place, what: str, height: int, width: int) -> tuple[int, int]:
    """A (height, width) in pixels, both 1 or more."""
    if not (1 <= height <= MAX_STEP and 1 <= width <= MAX_STEP):
        raise Malformed(f"{place.record.op} ({place}) has a {what} of {height} x {width} pixels")
    return height, width
