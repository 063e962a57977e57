"""Sliding windows of ONNX (attributes kernel_shape, strides, pads, auto_pad, ...) as our geometry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netsuke.errors import GraphError
from netsuke.importers.onnx.model import OnnxNode, Refusal
from netsuke.ops.geometry import Padding, window

Pair = tuple[int, int]
LARGEST = 1 << 20
"""Above every size that fits a chip; keeps sums of hostile attributes small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sliding:
    """Kernel, stride and dilation as (height, width); a one-dimensional window is a window of one row."""

    kernel: Pair
    stride: Pair
    dilation: Pair
    padding: Padding
    explicit: tuple[Pair, Pair]


def sliding(node: OnnxNode, sizes: Sequence[int], kernel: Sequence[int] | None = None) -> Sliding:
    """The window of a Conv or pool over an image of `sizes` (spatial, one or two).

    Raises:
        Refusal: for attributes that do not fit.
    """
    rank = len(sizes)
    if rank not in (1, 2):
        raise Refusal(node, f"it slides over {rank} dimensions; signals (1) and images (2) are supported")
    taps = _sizes(node, "kernel_shape", rank, kernel)
    strides = _sizes(node, "strides", rank, [1] * rank)
    dilations = _sizes(node, "dilations", rank, [1] * rank)
    pads = _pads(node, sizes, taps, strides, dilations)
    if node.int_("ceil_mode", 0):
        pads = [_for_ceil(*axis) for axis in zip(sizes, taps, strides, dilations, pads, strict=True)]
    padding = _named(sizes, taps, strides, dilations, pads)
    rows: list[Pair] = [(0, 0)] * (2 - rank)
    explicit = tuple(rows + pads) if padding is Padding.EXPLICIT else ((0, 0), (0, 0))
    return Sliding(
        kernel=_pair(taps), stride=_pair(strides), dilation=_pair(dilations), padding=padding,
        explicit=(explicit[0], explicit[1]),
    )  # fmt: skip


def amounts(node: OnnxNode, sizes: Sequence[int]) -> Sequence[Pair]:
    """(before, after) of padding for every spatial dimension of a pool, without what ceil_mode adds."""
    rank = len(sizes)
    taps = _sizes(node, "kernel_shape", rank, None)
    strides, dilations = (_sizes(node, name, rank, [1] * rank) for name in ("strides", "dilations"))
    return _pads(node, sizes, taps, strides, dilations)


def uncounted(node: OnnxNode, sizes: Sequence[int]) -> list[Pair]:
    """What ceil_mode lets the last window reach beyond the padding, as (0, elements) for every dimension."""
    rank = len(sizes)
    if not node.int_("ceil_mode", 0):
        return [(0, 0)] * rank
    taps = _sizes(node, "kernel_shape", rank, None)
    strides, dilations = (_sizes(node, name, rank, [1] * rank) for name in ("strides", "dilations"))
    pads = _pads(node, sizes, taps, strides, dilations)
    axes = zip(sizes, taps, strides, dilations, pads, strict=True)
    return [(0, _for_ceil(*axis)[1] - axis[-1][1]) for axis in axes]


def _pair(values: Sequence[int]) -> Pair:
    return (1, values[0]) if len(values) == 1 else (values[0], values[1])


def _sizes(node: OnnxNode, name: str, rank: int, default: Sequence[int] | None) -> list[int]:
    values = node.ints(name) or default
    if values is None or len(values) != rank or any(not 1 <= v <= LARGEST for v in values):
        raise Refusal(
            node,
            f"{name} is {list(values or ())[:8]}; {rank} sizes of 1 or more were wanted",
        )
    if default is not None and name == "kernel_shape" and list(values) != list(default):
        raise Refusal(node, f"kernel_shape {list(values)} is not that of the weights, {list(default)}")
    return list(values)


def _pads(
    node: OnnxNode,
    sizes: Sequence[int],
    taps: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
) -> list[Pair]:
    """(before, after) for every dimension."""
    rank, auto = len(sizes), node.text("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        pairs = []
        for size, tap, stride, dilation in zip(sizes, taps, strides, dilations, strict=True):
            axis = window(size, tap, stride, Padding.SAME, dilation=dilation)
            pairs.append((axis.before, axis.after) if auto == "SAME_UPPER" else (axis.after, axis.before))
        return pairs
    if auto not in ("NOTSET", "VALID"):
        raise Refusal(node, f"auto_pad is {auto!r}; NOTSET, VALID, SAME_UPPER or SAME_LOWER was wanted")
    flat = node.ints("pads") or (0,) * (2 * rank)
    if len(flat) != 2 * rank or any(not 0 <= p <= LARGEST for p in flat):
        raise Refusal(node, f"pads is {list(flat)[:8]}; {2 * rank} amounts of 0 or more were wanted")
    return [(0, 0) if auto == "VALID" else (flat[i], flat[i + rank]) for i in range(rank)]


def _for_ceil(size: int, tap: int, stride: int, dilation: int, pads: Pair) -> Pair:
    """Padding after that gives the rounded-up output; a window that would start in that padding is left
    out."""
    before, after = pads
    reach = (tap - 1) * dilation + 1
    outputs = -(-(size + before + after - reach) // stride) + 1
    if (outputs - 1) * stride >= size + before:
        outputs -= 1
    return before, max(after, (outputs - 1) * stride + reach - size - before)


def _named(
    sizes: Sequence[int],
    taps: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    pads: Sequence[Pair],
) -> Padding:
    """VALID or SAME where the amounts are theirs, which TFLite has a name for too; else EXPLICIT."""
    if all(pair == (0, 0) for pair in pads):
        return Padding.VALID
    for size, tap, stride, dilation, pair in zip(sizes, taps, strides, dilations, pads, strict=True):
        try:
            same = window(size, tap, stride, Padding.SAME, dilation=dilation)
        except GraphError:
            return Padding.EXPLICIT
        if (same.before, same.after) != pair:
            return Padding.EXPLICIT
    return Padding.SAME
