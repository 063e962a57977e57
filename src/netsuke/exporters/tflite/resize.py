"""RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR."""

from __future__ import annotations

from netsuke.exporters.tflite.emitter import Emitter
from netsuke.importers.tflite.options import ResizeBilinearOptions, ResizeNearestNeighborOptions
from netsuke.ops.operator import Site
from netsuke.ops.resize import Resize


def nearest(emitter: Emitter, site: Site[Resize]) -> None:
    """The size is an operand."""
    a = site.args
    options = ResizeNearestNeighborOptions(
        align_corners=a.align_corners, half_pixel_centers=a.half_pixel_centers
    )
    size = emitter.int32(a.size, f"{site.node.name}/size")
    emitter.emit("RESIZE_NEAREST_NEIGHBOR", (emitter.x(site), size), (emitter.y(site),), options)


def bilinear(emitter: Emitter, site: Site[Resize]) -> None:
    """The size is an operand."""
    a = site.args
    options = ResizeBilinearOptions(align_corners=a.align_corners, half_pixel_centers=a.half_pixel_centers)
    size = emitter.int32(a.size, f"{site.node.name}/size")
    emitter.emit("RESIZE_BILINEAR", (emitter.x(site), size), (emitter.y(site),), options)


ENCODERS = {"resize_nearest_neighbor": nearest, "resize_bilinear": bilinear}
