"""MAX_POOL_2D and AVERAGE_POOL_2D."""

from __future__ import annotations

from netsuke.errors import UnsupportedModel
from netsuke.exporters.tflite.emitter import Emitter
from netsuke.exporters.tflite.windows import activation_code, padding_code
from netsuke.importers.tflite.options import Pool2DOptions
from netsuke.ir import DType
from netsuke.ops.operator import Site
from netsuke.ops.pool import Pool2d, windows


def max_pool(emitter: Emitter, site: Site[Pool2d]) -> None:
    """Padded taps do not take part: an explicit padding is one by the type's lowest value."""
    x = site.x()
    lowest = float("-inf") if x.dtype is DType.FLOAT32 else x.dtype.range[0]
    image, padding = padding_code(emitter, site, *windows(site), fill=lowest)
    emitter.emit("MAX_POOL_2D", (image,), (emitter.y(site),), options(site, padding))


def average_pool(emitter: Emitter, site: Site[Pool2d]) -> None:
    """Padded taps do not count: an explicit padding has no other form in TFLite."""
    image, padding = padding_code(emitter, site, *windows(site), fill=0)
    if image != emitter.x(site):
        raise UnsupportedModel(
            f"average_pool_2d {site.node.name!r}: padding {site.args.explicit} is neither SAME nor VALID; "
            "TFLite's average pooling has no other"
        )
    emitter.emit("AVERAGE_POOL_2D", (image,), (emitter.y(site),), options(site, padding))


def options(site: Site[Pool2d], padding: int) -> Pool2DOptions:
    """The options of both."""
    a = site.args
    return Pool2DOptions(
        padding=padding,
        stride_h=a.stride[0],
        stride_w=a.stride[1],
        filter_height=a.kernel[0],
        filter_width=a.kernel[1],
        fused_activation_function=activation_code(site),
    )


ENCODERS = {"max_pool_2d": max_pool, "average_pool_2d": average_pool}
