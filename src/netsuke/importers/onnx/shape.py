"""Operators that move or rename elements: most of them cost nothing here (see `layout`)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from netsuke.importers.onnx.builder import Known, Value
from netsuke.importers.onnx.constants import axes_of, normal_axes, reshape_to
from netsuke.importers.onnx.layout import order_of, permuted, plain, transposed
from netsuke.importers.onnx.model import OnnxNode, Refusal
from netsuke.importers.onnx.walk import Coding, Handler, Walk
from netsuke.ir import DType, Quantization
from netsuke.ops.softmax import Softmax

SOFTMAX_INT8 = Coding(dtype=DType.INT8, quantization=Quantization.per_tensor(1 / 256, -128))
SOFTMAX_INT16 = Coding(dtype=DType.INT16, quantization=Quantization.per_tensor(1 / 32768))
"""The outputs of TFLite's softmax by definition; the second from int8 too."""


def reshape(walk: Walk, node: OnnxNode) -> None:
    """Another shape: a new way to see the same bytes."""
    x = walk.value(node)
    wanted = (
        node.ints("shape")
        if not node.input(1)
        else tuple(int(d) for d in walk.known(node, 1).data.reshape(-1))
    )
    if wanted is None:
        raise Refusal(node, "it names no shape")
    walk.put(node.outputs[0], replace(x, shape=reshape_to(node, x.shape, wanted)))


def flatten(walk: Walk, node: OnnxNode) -> None:
    """[d0, d1, ...] → [product of those before axis, product of the rest]."""
    x, axis = walk.value(node), node.int_("axis", 1)
    rank = len(x.shape)
    if not -rank <= axis <= rank:
        raise Refusal(node, f"axis {axis} of {rank} dimensions")
    first = int(np.prod(x.shape[: axis + rank if axis < 0 else axis]))
    walk.put(node.outputs[0], replace(x, shape=(first, int(np.prod(x.shape)) // first)))


def squeeze(walk: Walk, node: OnnxNode) -> None:
    """Dimensions of 1 dropped."""
    x = walk.value(node)
    axes = known_axes(walk, node)
    found = (
        [a for a, d in enumerate(x.shape) if d == 1]
        if axes is None
        else normal_axes(node, axes, len(x.shape))
    )
    if any(x.shape[a] != 1 for a in found):
        raise Refusal(node, f"axes {list(found)} of {list(x.shape)} are not all 1")
    walk.put(node.outputs[0], replace(x, shape=tuple(d for a, d in enumerate(x.shape) if a not in found)))


def unsqueeze(walk: Walk, node: OnnxNode) -> None:
    """Dimensions of 1 put in."""
    x, axes = walk.value(node), known_axes(walk, node)
    if axes is None:
        raise Refusal(node, "it names no axes")
    shape = list(x.shape)
    for axis in normal_axes(node, axes, len(shape) + len(axes)):
        shape.insert(axis, 1)
    walk.put(node.outputs[0], replace(x, shape=tuple(shape)))


def known_axes(walk: Walk, node: OnnxNode) -> tuple[int, ...] | None:
    """Constant axes of a node with one run-time operand."""
    known = walk.optional(node, 1)
    return axes_of(node, [None, None if known is None else known.data])


def identity(walk: Walk, node: OnnxNode) -> None:
    """Identity, and Dropout as it is at inference."""
    if any(node.outputs[1:]) and any(walk.readers.get(name) for name in node.outputs[1:]):
        raise Refusal(node, "its mask is used; export the model in evaluation mode (model.eval())")
    training = walk.optional(node, 2)
    if node.op == "Dropout" and training is not None and training.data.any():
        raise Refusal(node, "it is in training mode; export the model in evaluation mode (model.eval())")
    walk.put(node.outputs[0], walk.value(node))


def shape_of(walk: Walk, node: OnnxNode) -> None:
    """The shape is known: fixed sizes, a dynamic batch 1."""
    shape = np.asarray(walk.value(node).shape, dtype=np.int64)
    if node.op == "Size":
        walk.put(node.outputs[0], Known(data=np.asarray(np.prod(shape), dtype=np.int64)))
        return
    start, end = node.int_("start", 0), node.int_("end", len(shape))
    walk.put(node.outputs[0], Known(data=shape[start:end]))


def transpose(walk: Walk, node: OnnxNode) -> None:
    """Axes in another order: only the steps change."""
    x = walk.value(node)
    rank = len(x.shape)
    perm = node.ints("perm") or tuple(reversed(range(rank)))
    if sorted(perm) != list(range(rank)):
        raise Refusal(node, f"perm {list(perm)} of {rank} dimensions")
    placed = transposed(x.placed, x.shape, perm)
    if placed is None:
        x = walk.builder.arrange(x, plain(x.shape))
        placed = transposed(x.placed, x.shape, perm)
    assert placed is not None
    if placed.dims != x.placed.dims:
        x = replace(x, tensor=walk.builder.reshaped(x.tensor, placed.dims))
    walk.put(node.outputs[0], Value(tensor=x.tensor, shape=tuple(x.shape[a] for a in perm), placed=placed))


def softmax(walk: Walk, node: OnnxNode) -> None:
    """Along an axis, which is brought to the last stored place."""
    x = walk.value(node)
    rank = len(x.shape)
    axis = normal_axes(node, [node.int_("axis", -1 if walk.model.opset >= 13 else 1)], rank)[0]
    whole = x.shape
    if walk.model.opset < 13 and int(np.prod(x.shape[axis + 1 :])) != 1:
        # It runs over all dimensions from its axis on.
        x = replace(x, shape=(int(np.prod(x.shape[:axis])), int(np.prod(x.shape[axis:]))))
        axis = 1
    target = walk.target(node.outputs[0]) if walk.is_integer(x) else None
    x = x if target is not None else walk.builder.real(x)
    x = last_axis(walk, x, axis)
    dtype, quantization = DType.FLOAT32, None
    if target is not None:
        coding = (
            SOFTMAX_INT16 if DType.INT16 in (target.dtype, walk.builder.type_of(x).dtype) else SOFTMAX_INT8
        )
        dtype, quantization = coding.dtype, coding.quantization
    tensor = walk.builder.emit(
        "softmax", Softmax(beta=1.0), (x.tensor,), node.outputs[0], dtype, quantization
    )
    walk.put(node.outputs[0], replace(x, tensor=tensor, shape=whole))


def last_axis(walk: Walk, x: Value, axis: int) -> Value:
    """The value stored with one ONNX axis as the last dimension, whole and alone."""
    order = order_of(x.placed, x.shape)
    if order is not None and order[-1] == axis:
        return x
    others = [a for a in (order or range(len(x.shape))) if a is not None and a != axis]
    return walk.builder.arrange(x, permuted(x.shape, [*others, axis]))


HANDLERS: dict[str, Handler] = {
    "Reshape": reshape,
    "Flatten": flatten,
    "Squeeze": squeeze,
    "Unsqueeze": unsqueeze,
    "Identity": identity,
    "Dropout": identity,
    "Shape": shape_of,
    "Size": shape_of,
    "Transpose": transpose,
    "Softmax": softmax,
}
