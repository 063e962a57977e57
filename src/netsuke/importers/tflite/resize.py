"""RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR."""

from __future__ import annotations

from netsuke.importers.tflite.flatbuffer import Malformed
from netsuke.importers.tflite.options import ResizeBilinearOptions, ResizeNearestNeighborOptions
from netsuke.importers.tflite.place import Place
from netsuke.importers.tflite.windows import positive
from netsuke.ops.resize import Resize


def nearest(place: Place) -> None:
    """The size is operand 1."""
    o = place.options(ResizeNearestNeighborOptions)
    resize(place, o.align_corners, o.half_pixel_centers)


def bilinear(place: Place) -> None:
    """The size is operand 1."""
    o = place.options(ResizeBilinearOptions)
    resize(place, o.align_corners, o.half_pixel_centers)


def resize(place: Place, align_corners: bool, half_pixel_centers: bool) -> None:
    """Either."""
    place.expect((2, 2))
    size = place.ints(1)
    if len(size) != 2:
        raise Malformed(
            f"{place.record.op} ({place}) has the size {list(size)}; height and width were wanted"
        )
    args = Resize(
        size=positive(place, "size", *size),
        align_corners=align_corners,
        half_pixel_centers=half_pixel_centers,
    )
    place.node(place.record.op.lower(), args, place.name(0))


DECODERS = {"RESIZE_NEAREST_NEIGHBOR": nearest, "RESIZE_BILINEAR": bilinear}
