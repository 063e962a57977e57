"""A Resize of an image that one of TFLite's resizing operators gives: one node, with integer kernels too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from netsuke.importers.onnx.builder import Value
from netsuke.importers.onnx.layout import channels_last
from netsuke.importers.onnx.model import OnnxNode
from netsuke.importers.onnx.walk import Walk
from netsuke.ir import Args, DType, Node, Tensor
from netsuke.ops.operator import Site
from netsuke.ops.resize import Resize, nearest, taps_f32

Mixing = npt.NDArray[np.float64]
"""[wanted, size]: the share of each element before in each one after."""
CLOSE = 1e-5
"""How far apart shares may lie: TFLite computes them in float32, ONNX leaves that open."""
CONVENTIONS = ((False, False), (False, True), (True, False))
"""align_corners and half_pixel_centers."""


def resized_image(
    walk: Walk, node: OnnxNode, x: Value, mixings: Sequence[Mixing | None], *, linear: bool
) -> Value | None:
    """The image resized by one node, or None when no convention of TFLite's gives these shares.

    Args:
        walk: the graph being translated.
        node: names the result.
        x: [N, C, H, W] or [N, C, W] in ONNX order.
        mixings: for H and W, or W; None for an axis that stays.
        linear: between neighbours, rather than the nearest.
    """
    image = x.shape if len(x.shape) == 4 else (*x.shape[:2], 1, x.shape[2])
    both = (mixings[0], mixings[1]) if len(mixings) == 2 else (None, mixings[0])
    wanted = tuple(size if m is None else m.shape[0] for m, size in zip(both, image[2:], strict=True))
    for corners, half in CONVENTIONS:
        args = Resize(size=(wanted[0], wanted[1]), align_corners=corners, half_pixel_centers=half)
        given = [mixing_of(args, image, axis, linear=linear) for axis in (0, 1)]
        if all(same(m, g) for m, g in zip(both, given, strict=True)):
            placed = walk.builder.arrange(x, channels_last(x.shape))
            kind = walk.builder.type_of(placed)
            op = "resize_bilinear" if linear else "resize_nearest_neighbor"
            tensor = walk.builder.emit(
                op, args, (placed.tensor,), node.outputs[0], kind.dtype, kind.quantization
            )
            shape = (*x.shape[:2], *wanted[4 - len(x.shape) :])
            return Value(tensor=tensor, shape=shape, placed=channels_last(shape))
    return None


def same(wanted: Mixing | None, given: Mixing) -> bool:
    """Equal shares; an axis that stays must stay."""
    wanted = np.eye(len(given)) if wanted is None else wanted
    return wanted.shape == given.shape and bool(np.abs(wanted - given).max() <= CLOSE)


def mixing_of(args: Resize, image: tuple[int, ...], axis: int, *, linear: bool) -> Mixing:
    """What our operator does along H (0) or W (1)."""
    n, c, h, w = image
    there = site_of(args, (n, h, w, c))
    if not linear:
        return shares(nearest(there, axis), nearest(there, axis), np.zeros(args.size[axis]), (h, w)[axis])
    found = taps_f32(there, axis)
    return shares(found.low, found.high, found.fraction.astype(np.float64), (h, w)[axis])


def site_of(args: Args, shape: tuple[int, ...]) -> Site[Resize]:
    """The operator at a float32 image of that shape."""
    tensor = Tensor(name="x", shape=shape, dtype=DType.FLOAT32)
    node = Node(op="resize_bilinear", name="x", inputs=("x",), outputs=("y",), args=args)
    return Site(node=node, inputs=(tensor,), outputs=(tensor,))


def shares(
    low: npt.NDArray[np.int64], high: npt.NDArray[np.int64], share: npt.NDArray[np.float64], size: int
) -> Mixing:
    """1 - share of the low neighbour, share of the high one."""
    found = np.zeros((len(low), size))
    rows = np.arange(len(low))
    np.add.at(found, (rows, low), 1.0 - share)
    np.add.at(found, (rows, high), share)
    return found
