"""Operators that we write out in others of ONNX, when the shapes of their inputs are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from netsuke.importers.onnx.einsum import einsum
from netsuke.importers.onnx.model import OnnxNode, Refusal
from netsuke.importers.onnx.picks import (
    gather_elements,
    gather_nd,
    reverse_sequence,
    scatter_elements,
    scatter_nd,
)
from netsuke.importers.onnx.writing import MOST, Seen, Writing
from netsuke.ir import Array


def along(size: int, axis: int, rank: int) -> Array:
    """int64: 0, 1, 2, … along an axis."""
    shape = [1] * rank
    shape[axis] = size
    return np.arange(size, dtype=np.int64).reshape(shape)


def xor(w: Writing) -> None:
    """One of the two, but not both."""
    a, b = w.node.inputs
    first = w.add("And", a, w.add("Not", b))
    w.add("Or", first, w.add("And", w.add("Not", a), b), result=w.result)


def is_nan(w: Writing) -> None:
    """What is not equal to itself."""
    w.add("Not", w.add("Equal", w.node.inputs[0], w.node.inputs[0]), result=w.result)


def is_inf(w: Writing) -> None:
    """Infinities of either sign, or of one."""
    x = w.node.inputs[0]
    low, high = (w.node.int_(f"detect_{name}", 1) for name in ("negative", "positive"))
    if low and high:
        w.add("Equal", w.add("Abs", x), w.constant(np.asarray(np.inf, np.float32)), result=w.result)
        return
    if not low and not high:
        raise Refusal(w.node, "it looks for neither infinity; leave it out")
    w.add("Equal", x, w.constant(np.asarray(np.inf if high else -np.inf, np.float32)), result=w.result)


def mean(w: Writing) -> None:
    """A sum over how many there are."""
    total = w.add("Sum", *w.node.inputs)
    w.add("Mul", total, w.constant(np.asarray(1 / len(w.node.inputs), np.float32)), result=w.result)


def hardmax(w: Writing) -> None:
    """1 at the first of the largest, 0 elsewhere."""
    shape = w.shape(0)
    axis = w.axis(-1, len(shape))
    best = w.add("ArgMax", w.node.inputs[0], axis=axis, keepdims=1)
    w.add(
        "Cast",
        w.add("Equal", best, w.constant(along(shape[axis], axis, len(shape)))),
        result=w.result,
        to=1,
    )


def one_hot(w: Writing) -> None:
    """One value at the index along a new axis, another elsewhere; indices below 0 count from the end."""
    depth, values = int(w.known(1).reshape(-1)[0]), w.known(2).reshape(-1)
    rank = len(w.shape(0)) + 1
    if not 1 <= depth <= MOST or values.size != 2:
        raise Refusal(w.node, f"a depth of {depth} and {values.size} values; 1 or more, and 2, were wanted")
    axis = w.axis(-1, rank)
    at = w.add("Unsqueeze", w.node.inputs[0], w.constant(np.array([axis], np.int64)))
    places = along(depth, axis, rank)
    hit = w.add(
        "Or",
        w.add("Equal", at, w.constant(places)),
        w.add("Equal", at, w.constant(places - depth)),
    )
    w.add("Where", hit, w.constant(values[1:]), w.constant(values[:1]), result=w.result)


COMPOSED: dict[str, Callable[[Writing], None]] = {
    "Einsum": einsum,
    "GatherElements": gather_elements,
    "GatherND": gather_nd,
    "Hardmax": hardmax,
    "IsInf": is_inf,
    "IsNaN": is_nan,
    "Mean": mean,
    "OneHot": one_hot,
    "ReverseSequence": reverse_sequence,
    "Scatter": scatter_elements,
    "ScatterElements": scatter_elements,
    "ScatterND": scatter_nd,
    "Xor": xor,
}
"""Operator → what writes it out."""


def composed(node: OnnxNode, seen: Seen) -> tuple[OnnxNode, ...]:
    """The nodes that stand for one.

    Raises:
        Refusal: when this form cannot be written out.
    """
    writing = Writing(node=node, seen=seen)
    COMPOSED[node.op](writing)
    return tuple(writing.made)
