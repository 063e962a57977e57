"""Resize, Upsample, DepthToSpace and SpaceToDepth: pixels moved, repeated or mixed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from netsuke.importers.onnx.arithmetic import binary, in_order, per_axis, reshaped
from netsuke.importers.onnx.builder import Value
from netsuke.importers.onnx.indices import picked
from netsuke.importers.onnx.layout import Shape, plain, transposed
from netsuke.importers.onnx.model import OnnxNode, Refusal
from netsuke.importers.onnx.resized import resized_image, shares
from netsuke.importers.onnx.walk import Handler, Walk
from netsuke.ir import Array

Places = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """How one axis is resized: elements before and after, and the factor as the file has it."""

    axis: int
    size: int
    wanted: int
    scale: float
    region: tuple[float, float] = (0.0, 1.0)


def places(node: OnnxNode, s: Scaling) -> Places:
    """Where each new element lies among the old ones, by the coordinate transformation of the node."""
    mode = node.text("coordinate_transformation_mode", "half_pixel")
    x = np.arange(s.wanted, dtype=np.float64)
    if mode == "align_corners":
        # The length is not rounded here.
        return x * (s.size - 1) / (s.size * s.scale - 1) if s.wanted > 1 else np.zeros(1)
    if mode == "asymmetric":
        return x / s.scale
    if mode == "tf_crop_and_resize":
        start, end = s.region
        if s.wanted == 1:
            return np.array([0.5 * (start + end) * (s.size - 1)])
        return start * (s.size - 1) + x * (end - start) * (s.size - 1) / (s.wanted - 1)
    half = (x + 0.5) / s.scale - 0.5
    if mode == "half_pixel":
        return half
    if mode == "pytorch_half_pixel":
        return half if s.wanted > 1 else np.zeros(1)
    if mode == "half_pixel_symmetric":
        adjust = s.wanted / (s.size * s.scale)
        centre = s.size / 2
        return centre * (1 - adjust) + half
    raise Refusal(node, f"coordinate_transformation_mode is {mode!r}, which ONNX does not know")


def scalings(walk: Walk, node: OnnxNode, shape: Shape) -> list[Scaling]:
    """The axes that change."""
    axes = node.ints("axes") or tuple(range(len(shape)))
    axes = tuple(a % len(shape) for a in axes)
    known = (
        walk.optional(node, 2) if walk.model.opset >= 11 and node.op == "Resize" else walk.optional(node, 1)
    )
    sizes = walk.optional(node, 3)
    policy = node.text("keep_aspect_ratio_policy", "stretch")
    if sizes is not None and sizes.data.size:
        wanted = [int(v) for v in sizes.data.reshape(-1)]
        if policy != "stretch":
            each = [w / shape[a] for w, a in zip(wanted, axes, strict=True)]
            one = min(each) if policy == "not_larger" else max(each)
            wanted = [int(np.floor(one * shape[a] + 0.5)) for a in axes]
            factors = [one] * len(axes)
        else:
            factors = [w / shape[a] for w, a in zip(wanted, axes, strict=True)]
    else:
        values = node.attributes.get("scales") if known is None else known.data.reshape(-1)
        if values is None or len(np.atleast_1d(np.asarray(values))) != len(axes):
            raise Refusal(node, "neither constant scales nor constant sizes are given for every axis")
        factors = [float(v) for v in np.asarray(values).reshape(-1)]
        wanted = [int(np.floor(shape[a] * f)) for a, f in zip(axes, factors, strict=True)]
    if min(wanted, default=1) < 1 or min(factors, default=1.0) <= 0 or max(wanted, default=1) > 1 << 15:
        raise Refusal(node, f"sizes {wanted[:8]} would come out; 1 to 32768 were wanted")
    return [
        Scaling(axis=a, size=shape[a], wanted=w, scale=f, region=region_of(walk, node, i, len(axes)))
        for i, (a, w, f) in enumerate(zip(axes, wanted, factors, strict=True))
        if w != shape[a]
        or f != 1.0
        or node.text("coordinate_transformation_mode", "") == "tf_crop_and_resize"
    ]


def region_of(walk: Walk, node: OnnxNode, index: int, count: int) -> tuple[float, float]:
    """The part of an axis that tf_crop_and_resize looks at."""
    if node.text("coordinate_transformation_mode", "") != "tf_crop_and_resize":
        return 0.0, 1.0
    region = walk.known(node, 1).data.reshape(-1)
    return float(region[index]), float(region[index + count])


def resize(walk: Walk, node: OnnxNode) -> None:
    """Axis after axis: elements picked, or two of them mixed."""
    x = walk.value(node)
    mode = node.text("mode", "nearest")
    if mode not in ("nearest", "linear"):
        raise Refusal(node, f"mode is {mode!r}; nearest and linear can be compiled")
    neighbours = [(s, *neighbours_of(node, s, places_inside(node, s))) for s in scalings(walk, node, x.shape)]
    whole = as_image(walk, node, x, neighbours)
    if whole is not None:
        walk.put(node.outputs[0], whole)
        return
    if mode == "linear":
        x = walk.builder.real(x)
    for number, (s, low, high, share) in enumerate(neighbours):
        name = node.outputs[0] if number == len(neighbours) - 1 else f"{node.outputs[0]}_{number}"
        x = (
            picked(walk, x, s.axis, low, name)
            if mode == "nearest"
            else mixed(walk, x, s, (low, high, share), name)
        )
    walk.put(node.outputs[0], x)


def as_image(
    walk: Walk, node: OnnxNode, x: Value, neighbours: Sequence[tuple[Scaling, Array, Array, Array]]
) -> Value | None:
    """One node for an image or signal whose channels stay; None where TFLite has no such resizing."""
    if len(x.shape) not in (3, 4) or any(s.axis < 2 for s, *_ in neighbours) or not neighbours:
        return None
    mixings = {s.axis: shares(low, high, share, s.size) for s, low, high, share in neighbours}
    axes = range(2, len(x.shape))
    return resized_image(
        walk, node, x, [mixings.get(a) for a in axes], linear=node.text("mode", "nearest") == "linear"
    )


def places_inside(node: OnnxNode, s: Scaling) -> Places:
    """The places, all of them inside the input where a region is read."""
    if node.op == "Upsample":
        return np.arange(s.wanted) / s.scale
    at = places(node, s)
    if node.text("coordinate_transformation_mode", "") == "tf_crop_and_resize" and (
        at.min() < 0 or at.max() > s.size - 1
    ):
        raise Refusal(node, "its region reaches beyond the input; a region inside can be compiled")
    return at


NEAREST: dict[str, Callable[[Places], Places]] = {
    "floor": lambda v: np.floor(v),
    "ceil": lambda v: np.ceil(v),
    "round_prefer_floor": lambda v: np.ceil(v - 0.5),
    "round_prefer_ceil": lambda v: np.floor(v + 0.5),
}


def nearest(node: OnnxNode, at: Places, s: Scaling) -> Array:
    """Which element each place takes."""
    mode = "floor" if node.op == "Upsample" else node.text("nearest_mode", "round_prefer_floor")
    if mode not in NEAREST:
        raise Refusal(node, f"nearest_mode is {mode!r}, which ONNX does not know")
    return np.clip(NEAREST[mode](at), 0, s.size - 1).astype(np.int64)


def neighbours_of(node: OnnxNode, s: Scaling, at: Places) -> tuple[Array, Array, Array]:
    """For each new element the two that it is mixed of, and the share of the second; the nearest mixes nothing."""
    if node.text("mode", "nearest") == "nearest":
        index = nearest(node, at, s)
        return index, index, np.zeros(len(index))
    if node.int_("antialias", 0) and s.scale < 1.0:
        raise Refusal(node, "antialias is set; resize without it")
    if node.int_("exclude_outside", 0):
        raise Refusal(node, "exclude_outside is set; it is for cubic resizing")
    low = np.floor(at)
    first, second = (np.clip(low + i, 0, s.size - 1).astype(np.int64) for i in (0, 1))
    return first, second, at - low


def mixed(walk: Walk, x: Value, s: Scaling, neighbours: tuple[Array, Array, Array], name: str) -> Value:
    """Both neighbours, each times its share."""
    first, second, share = neighbours
    rank = len(x.shape)
    parts = []
    for i, (indices, weight) in enumerate(((first, 1.0 - share), (second, share))):
        taken = picked(walk, x, s.axis, indices, f"{name}_{'low' if i == 0 else 'high'}")
        parts.append(
            binary(walk, "mul", taken, per_axis(weight.astype(np.float32), s.axis, rank), f"{name}_part{i}")
        )
    return binary(walk, "add", parts[0], parts[1], name)


def shuffled(walk: Walk, x: Value, inner: Sequence[int], perm: Sequence[int], shape: Shape) -> Value:
    """Reshape, transpose, reshape: only the order in which the elements are seen."""
    value = reshaped(in_order(walk, x), tuple(inner))
    placed = transposed(plain(value.shape), value.shape, perm)
    assert placed is not None
    moved = replace(value, shape=tuple(value.shape[p] for p in perm), placed=placed)
    if placed.dims != x.placed.dims:
        moved = replace(moved, tensor=walk.builder.reshaped(value.tensor, placed.dims))
    return reshaped(moved, shape)


def depth_to_space(walk: Walk, node: OnnxNode) -> None:
    """Channels become blocks of pixels."""
    x, b = walk.value(node), node.int_("blocksize", 0)
    n, c, h, w = image_of(node, x)
    if b < 1 or c % (b * b):
        raise Refusal(node, f"blocks of {b} from {c} channels")
    crd = node.text("mode", "DCR") == "CRD"
    inner = (n, c // (b * b), b, b, h, w) if crd else (n, b, b, c // (b * b), h, w)
    perm = (0, 1, 4, 2, 5, 3) if crd else (0, 3, 4, 1, 5, 2)
    walk.put(node.outputs[0], shuffled(walk, x, inner, perm, (n, c // (b * b), h * b, w * b)))


def space_to_depth(walk: Walk, node: OnnxNode) -> None:
    """Blocks of pixels become channels."""
    x, b = walk.value(node), node.int_("blocksize", 0)
    n, c, h, w = image_of(node, x)
    if b < 1 or h % b or w % b:
        raise Refusal(node, f"blocks of {b} of {h} x {w} pixels")
    inner = (n, c, h // b, b, w // b, b)
    perm = (0, 1, 3, 5, 2, 4) if node.text("mode", "DCR") == "CRD" else (0, 3, 5, 1, 2, 4)
    walk.put(node.outputs[0], shuffled(walk, x, inner, perm, (n, c * b * b, h // b, w // b)))


def image_of(node: OnnxNode, x: Value) -> tuple[int, int, int, int]:
    """The sizes of an image."""
    if len(x.shape) != 4:
        raise Refusal(node, f"the input has {len(x.shape)} dimensions; 4 (images) were wanted")
    n, c, h, w = x.shape
    return n, c, h, w


HANDLERS: dict[str, Handler] = {
    "DepthToSpace": depth_to_space,
    "Resize": resize,
    "SpaceToDepth": space_to_depth,
    "Upsample": resize,
}
