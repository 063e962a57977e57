"""MAX_POOL_2D and AVERAGE_POOL_2D."""

from __future__ import annotations

from netsuke.importers.tflite.options import Pool2DOptions
from netsuke.importers.tflite.place import Place
from netsuke.importers.tflite.windows import padding_of, positive
from netsuke.ops.pool import Pool2d


def pool(place: Place) -> None:
    """Window and stride from the options."""
    place.expect((1, 1))
    o = place.options(Pool2DOptions)
    args = Pool2d(
        kernel=positive(place, "window", o.filter_height, o.filter_width),
        stride=positive(place, "stride", o.stride_h, o.stride_w),
        padding=padding_of(place, o.padding),
        clamp=place.clamp(o.fused_activation_function),
    )
    place.node(place.record.op.lower(), args, place.name(0))


DECODERS = {"MAX_POOL_2D": pool, "AVERAGE_POOL_2D": pool}
