"""Cases of MAX_POOL_2D and AVERAGE_POOL_2D."""

from __future__ import annotations

from collections.abc import Iterator

from netsuke.ir import DType
from netsuke.ops.geometry import Padding, window
from netsuke.ops.pool import Pool2d
from tests.ops.case import Case, one_node, tensor_type


def cases() -> Iterator[Case]:
    """A grid of windows, strides and paddings."""
    for height, width, channels in ((5, 7, 3), (8, 8, 16)):
        for kernel in ((1, 1), (2, 2), (3, 2)):
            for stride in ((1, 1), (2, 3)):
                for padding in (Padding.SAME, Padding.VALID):
                    out_h = window(height, kernel[0], stride[0], padding).output
                    out_w = window(width, kernel[1], stride[1], padding).output
                    yield one_node(
                        f"s8-{height}x{width}x{channels}-k{kernel[0]}x{kernel[1]}-s{stride[0]}x{stride[1]}-{padding.value}",
                        "max_pool_2d",
                        Pool2d(kernel=kernel, stride=stride, padding=padding),
                        [tensor_type((1, height, width, channels), DType.INT8, 0.1, -3)],
                        [tensor_type((1, out_h, out_w, channels), DType.INT8, 0.1, -3)],
                    )
